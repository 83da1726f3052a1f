/**
 * Abandon (RFC 4511 section 4.11) and cancel (RFC 3909): the requests that end other requests of the same connection.
 *
 * Both are handled as soon as they are read. A write whose order is settled cannot be taken back: it completes, abandoned ones without an answer.
 */

import { LdapError } from '../base/ldap-error.js';
import { EXTENDED_OIDS } from '../ldap/control-oids.js';
import { decodeCancel } from '../ldap/extended/cancel.js';
import type { RequestMessage } from '../ldap/message.js';
import { type Answer, answer, canceled, extendedAnswer, finalKind, resultOf } from './operation.js';
import type { RunningOperation } from './running-operation.js';

/** The connection, as these two may touch it. */
export interface CancelScope {
  running(id: number): RunningOperation | undefined;
  /** Takes a waiting request out of the queue. Binds and StartTLS stay. */
  unqueue(id: number): RequestMessage | 'cannotCancel' | undefined;
  send(id: number, given: Answer): void;
  /** Lets operations that wait for the client see that they were stopped. */
  wake(): void;
}

/** Ends an operation without an answer; does nothing when there is none to end. */
export function abandon(scope: CancelScope, target: number): void {
  const operation = scope.running(target);
  if (operation === undefined) {
    scope.unqueue(target);
  } else if (!isProtected(operation.message)) {
    operation.stopped ??= 'abandoned';
    scope.wake();
  }
}

/** The answer to a cancel request; the canceled operation gets its own. */
export function cancel(scope: CancelScope, message: RequestMessage): Answer {
  const { request } = message;
  const target = decodeCancel(request.kind === 'extended' ? request.value : undefined);
  const operation = scope.running(target);
  if (operation !== undefined) {
    if (isProtected(operation.message)) throw cannotCancel(target);
    if (operation.released)
      throw new LdapError('tooLate', `Operation ${target} is past the point where it can end early.`);
    operation.stopped ??= 'canceled';
    scope.wake();
    return extendedAnswer(resultOf('success'), undefined, undefined);
  }
  const waiting = scope.unqueue(target);
  if (waiting === 'cannotCancel') throw cannotCancel(target);
  if (waiting === undefined) throw new LdapError('noSuchOperation', `No operation ${target} is in progress.`);
  const { result, message: text } = canceled();
  scope.send(waiting.id, answer(finalKind(waiting.request.kind) ?? 'extended', resultOf(result, text)));
  return extendedAnswer(resultOf('success'), undefined, undefined);
}

function cannotCancel(target: number): LdapError {
  return new LdapError(
    'cannotCancel',
    `Operation ${target} is a bind or StartTLS, which cannot be canceled.`,
  );
}

function isProtected({ request }: RequestMessage): boolean {
  return request.kind === 'bind' || (request.kind === 'extended' && request.oid === EXTENDED_OIDS.startTls);
}
