/**
 * Which server a command is about: the one of a directory (`--dir`, over its control socket) or of a URL (`--url`, over LDAP), with the same answer.
 *
 * `--url` and `--dir` on the command line count before POLYARCH_URL and POLYARCH_DIR.
 */
import { callControl } from '../app/control/control-client.js';
import type { ControlProgress } from '../app/control/control-protocol.js';
import { callOverLdap } from '../app/control/remote-client.js';
import type { RemoteRequest } from '../app/control/remote-commands.js';
import type { ServerStatus } from '../app/monitor/server-status.js';
import { existingServer } from '../app/server-files.js';
import { must } from '../base/assert.js';
import { OperatorError } from '../base/operator-error.js';
import type { LdapClient } from '../io/ldap-client.js';
import { parseAddress } from '../topology/address.js';
import {
  type BindArguments,
  type Credentials,
  connectTo,
  type LdapArguments,
  ldapOptions,
} from './ldap-options.js';

/** Options of such a command. */
export const targetOptions = {
  dir: { type: 'string', describe: "The server's directory (or POLYARCH_DIR; . when nothing is given)" },
  ...ldapOptions,
} as const;

export interface TargetArguments extends LdapArguments {
  readonly dir?: string | undefined;
}

export type Target =
  | { readonly kind: 'dir'; readonly dir: string }
  | { readonly kind: 'url'; readonly url: string };

/** What was asked for. Throws OperatorError COMMAND_INVALID when both are on the command line. */
export function targetOf(args: Pick<TargetArguments, 'dir' | 'url'>, env = process.env): Target {
  if (args.dir !== undefined && args.url !== undefined)
    throw new OperatorError('COMMAND_INVALID', 'say which server with --dir or with --url, not with both');
  const url = args.url ?? (args.dir === undefined && env.POLYARCH_URL !== '' ? env.POLYARCH_URL : undefined);
  if (url !== undefined) return { kind: 'url', url };
  return { kind: 'dir', dir: args.dir ?? env.POLYARCH_DIR ?? '.' };
}

/** Runs a request on the server that the arguments name. Rejects as callControl(), connectTo() and callOverLdap() do. */
export async function callServer(
  args: TargetArguments,
  request: RemoteRequest,
  onProgress?: (progress: ControlProgress) => void,
): Promise<unknown> {
  const target = targetOf(args);
  if (target.kind === 'url') return await callUrl(target.url, args, request, onProgress);
  return await callControl(existingServer(target.dir), request, onProgress);
}

/** The same on the server of a URL. `credentials`: asked for when absent. */
export async function callUrl(
  url: string,
  args: BindArguments,
  request: RemoteRequest,
  onProgress?: (progress: ControlProgress) => void,
  credentials?: Credentials,
): Promise<unknown> {
  const client = await connectTo(url, args, credentials);
  try {
    return await callOverLdap(client, request, onProgress);
  } finally {
    client.unbind();
  }
}

/** An LDAP session with the server that the arguments name: that of a directory must run and listen for LDAP. Rejects as callServer() and connectTo() do. */
export async function connectToServer(args: TargetArguments): Promise<LdapClient> {
  const target = targetOf(args);
  if (target.kind === 'url') return await connectTo(target.url, args);
  const { addresses } = (await callControl(existingServer(target.dir), {
    command: 'status',
  })) as ServerStatus;
  return await connectTo(ownUrl(addresses, target.dir), args);
}

/** How this machine reaches what a server listens on. */
function ownUrl({ ldap, ldaps }: ServerStatus['addresses'], dir: string): string {
  const address = ldap ?? ldaps;
  if (address === undefined)
    throw new OperatorError(
      'COMMAND_INVALID',
      `the server in ${dir} does not listen for LDAP; name another with --url`,
    );
  const { host, port } = must(parseAddress(address), 'an address that a server listens on');
  const reached = host === '' || host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return `${ldap === undefined ? 'ldaps' : 'ldap'}://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
}

/** The words that name the server again in advice: `--dir ./one`. */
export function targetWords(args: TargetArguments): string {
  const target = targetOf(args);
  return target.kind === 'url' ? `--url ${target.url}` : `--dir ${target.dir}`;
}
