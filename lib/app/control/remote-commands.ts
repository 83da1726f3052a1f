/**
 * Commands that reach a running server over LDAP: which of the control socket's there are, and what a request must look like.
 *
 * Left out are those that name files of the server, give out secrets, or end the process. Who asks was checked before (operation/administration.ts).
 */
import { LdapError } from '../../base/ldap-error.js';
import { OperatorError } from '../../base/operator-error.js';
import type { ResultName } from '../../base/result-code.js';
import type { Administration, AdministrationOutcome } from '../../operation/administration.js';
import type { Log } from '../../port/log.js';
import { type ControlRequest, failureOf } from './control-protocol.js';
import type { ControlHandler } from './control-server.js';

type FieldType = 'string' | 'number' | 'boolean';
type Fields = Readonly<Record<string, FieldType>>;

const DOMAIN: Fields = { domain: 'string' };
const SERVER: Fields = { ...DOMAIN, server: 'string' };

/** Fields that a command may have; those in REQUIRED must be there. */
const COMMANDS = {
  status: {},
  health: {},
  alerts: {},
  topology: {},
  conflicts: { ...DOMAIN, limit: 'number', kind: 'string', entry: 'string', all: 'boolean' },
  changes: { ...DOMAIN, limit: 'number' },
  'show-entry': { dn: 'string' },
  'policy-explain': { dn: 'string' },
  'access-explain': { user: 'string', entry: 'string', attributes: 'string' },
  initialize: { ...DOMAIN, from: 'string', giveUp: 'boolean' },
  verify: DOMAIN,
  'verify-replicas': { ...DOMAIN, peer: 'string', repair: 'boolean', from: 'string' },
  'upkeep-members': DOMAIN,
  'upkeep-purge': DOMAIN,
  'upkeep-evict': SERVER,
  'upkeep-restore': SERVER,
  'upkeep-deleted': { ...DOMAIN, limit: 'number' },
  'upkeep-undelete': { ...DOMAIN, entry: 'string' },
  'upkeep-unseen': DOMAIN,
  'config-test': {},
} as const satisfies Partial<Record<ControlRequest['command'], Fields>>;

const KNOWN: ReadonlyMap<string, Fields> = new Map(Object.entries(COMMANDS));
const REQUIRED: ReadonlyMap<string, readonly string[]> = new Map([
  ['show-entry', ['dn']],
  ['policy-explain', ['dn']],
  ['access-explain', ['user', 'entry']],
  ['upkeep-evict', ['server']],
  ['upkeep-restore', ['server']],
  ['upkeep-undelete', ['entry']],
]);

/** A command that may come over LDAP. */
export type RemoteRequest = ControlRequest & { readonly command: keyof typeof COMMANDS };

/** Reads a request. Throws OperatorError COMMAND_INVALID. */
export function readRemoteRequest(text: string): RemoteRequest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new OperatorError('COMMAND_INVALID', 'the administration request is no JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new OperatorError('COMMAND_INVALID', 'the administration request is no JSON object');
  const given = new Map<string, unknown>(Object.entries(value));
  const command = given.get('command');
  const fields = typeof command === 'string' ? KNOWN.get(command) : undefined;
  if (typeof command !== 'string' || fields === undefined)
    throw new OperatorError(
      'COMMAND_INVALID',
      `the server takes no command ${JSON.stringify(command)} over LDAP; it takes ${[...KNOWN.keys()].join(', ')}`,
    );
  const types = new Map<string, FieldType>(Object.entries(fields));
  for (const [name, one] of given)
    if (name !== 'command' && typeof one !== types.get(name))
      throw new OperatorError(
        'COMMAND_INVALID',
        `the command ${command} ${types.has(name) ? `needs a ${types.get(name)} as` : 'has no'} "${name}"`,
      );
  const needed = REQUIRED.get(command)?.find((name) => !given.has(name));
  if (needed !== undefined)
    throw new OperatorError('COMMAND_INVALID', `the command ${command} needs "${needed}"`);
  return value as RemoteRequest;
}

/** Takes commands by `handle`, which answers the same as over the control socket. */
export function remoteCommands(handle: ControlHandler, log: Log): Administration {
  return {
    async run(text, requester, tell) {
      try {
        const request = readRemoteRequest(text);
        log.info({ command: request.command, requester }, 'a command over LDAP');
        const result = await handle(request, (progress) => tell(JSON.stringify(progress)));
        return { kind: 'done', result: JSON.stringify(result ?? null) };
      } catch (error) {
        return failed(error, log);
      }
    },
  };
}

function failed(error: unknown, log: Log): AdministrationOutcome {
  const failure = failureOf(error);
  const known = error instanceof OperatorError || error instanceof LdapError;
  if (!known) log.error({ error }, 'a command over LDAP failed');
  return {
    kind: 'failed',
    code: codeOf(error),
    diagnostic: failure.message,
    failure: JSON.stringify(failure),
  };
}

/** The result code of a command's failure, for clients that know nothing of its value. */
function codeOf(error: unknown): ResultName {
  if (error instanceof LdapError) return error.result;
  if (!(error instanceof OperatorError)) return 'other';
  return error.code === 'COMMAND_INVALID' ? 'unwillingToPerform' : 'operationsError';
}
