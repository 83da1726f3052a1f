/**
 * The administration operation over LDAP: who may give it, how many run at once, and how progress and a long result reach the client.
 *
 * What the commands do is the business of whoever serves them (Administration). A command that was begun runs to its end, whether its client waits or not: giving it up
 * takes the answer away, not the work.
 */
import { requesterDn } from '../access/requester.js';
import { utf8Encode } from '../base/bytes.js';
import { LdapError } from '../base/ldap-error.js';
import { LIMITS } from '../base/limits.js';
import type { ResultName } from '../base/result-code.js';
import { BerWriter } from '../ber/ber-writer.js';
import { EXTENDED_OIDS, INTERMEDIATE_OIDS } from '../ldap/control-oids.js';
import { encodeResponse } from '../ldap/encode-response.js';
import { decodeAdministration, resultParts } from '../ldap/extended/administration.js';
import type { ExtendedRequest } from '../ldap/message.js';
import { type Answer, checkStopped, extendedAnswer, type Operation, resultOf, SUCCESS } from './operation.js';
import type { ServerParts } from './server-parts.js';

/** How a command ended: texts as they are sent. */
export type AdministrationOutcome =
  | { readonly kind: 'done'; readonly result: string }
  | {
      readonly kind: 'failed';
      readonly code: ResultName;
      readonly diagnostic: string;
      readonly failure: string;
    };

/** Carries commands out. */
export interface Administration {
  /** Runs the command in `request` for `requester` (a DN). `tell`: how far it is. Does not reject. */
  run(request: string, requester: string, tell: (progress: string) => void): Promise<AdministrationOutcome>;
}

const writer = new BerWriter(65_536);
const running = new WeakMap<Administration, number>();

/** Answers an administration request when its command has ended. Throws LdapError. */
export async function administer(parts: ServerParts, operation: Operation): Promise<Answer> {
  const { administration } = parts;
  if (administration === undefined)
    throw new LdapError('protocolError', 'This server takes no administration requests.');
  parts.policy.checkAdminister(operation.requester);
  const request = decodeAdministration((operation.message.request as ExtendedRequest).value);
  const others = running.get(administration) ?? 0;
  if (others >= LIMITS.administrationRequests)
    throw new LdapError(
      'busy',
      `${others} administration requests are in progress (administrationRequests); try again later.`,
    );
  const requester = requesterDn(operation.requester);
  running.set(administration, others + 1);
  // From here on it cannot be taken back (RFC 3909 section 2.2: tooLate).
  operation.release();
  try {
    return await answered(operation, await administration.run(request, requester, telling(operation)));
  } finally {
    running.set(administration, (running.get(administration) ?? 1) - 1);
  }
}

/** Sends progress while the client reads; what it has no room for is left out. */
function telling(operation: Operation): (progress: string) => void {
  let open = true;
  return (progress) => {
    if (!open || operation.stopped !== undefined || operation.stream.closed) return;
    open = send(operation, INTERMEDIATE_OIDS.administrationProgress, utf8Encode(progress));
    if (open) return;
    void operation.stream.ready().then(() => {
      open = true;
    });
  };
}

async function answered(operation: Operation, outcome: AdministrationOutcome): Promise<Answer> {
  checkStopped(operation);
  if (outcome.kind === 'failed')
    return extendedAnswer(
      resultOf(outcome.code, outcome.diagnostic),
      EXTENDED_OIDS.administration,
      utf8Encode(outcome.failure),
    );
  const all = resultParts(utf8Encode(outcome.result));
  for (const part of all.slice(0, -1)) {
    if (!send(operation, INTERMEDIATE_OIDS.administrationPart, part)) await operation.stream.ready();
    checkStopped(operation);
  }
  return extendedAnswer(SUCCESS, EXTENDED_OIDS.administration, all.at(-1));
}

function send(operation: Operation, oid: string, value: Uint8Array): boolean {
  writer.reset();
  const response = { kind: 'intermediate', oid, value } as const;
  encodeResponse(writer, { id: operation.message.id, response, controls: [] });
  return operation.stream.send(writer.bytes());
}
