/**
 * Options of commands that work over LDAP, and the connection that they ask for.
 */
import { readFileSync } from 'node:fs';
import { LdapError } from '../base/ldap-error.js';
import { OperatorError } from '../base/operator-error.js';
import { DEFAULT_ADMIN_DN } from '../config/option-table.js';
import { systemReason } from '../io/files.js';
import { LdapClient } from '../io/ldap-client.js';
import { parseLdapUrl } from '../ldap/ldap-url.js';
import { requirePassword } from './password.js';

export const ldapOptions = {
  url: {
    type: 'string',
    describe: 'Work over LDAP on this server, such as ldap://localhost:1389 (or POLYARCH_URL)',
  },
  'bind-dn': {
    type: 'string',
    describe: `DN to bind as (or POLYARCH_BIND_DN); ${DEFAULT_ADMIN_DN} when absent`,
  },
  'password-file': {
    type: 'string',
    describe: 'File with the password (- is standard input); or POLYARCH_PASSWORD; else a prompt',
  },
  'start-tls': { type: 'boolean', default: false, describe: 'StartTLS before the bind' },
  'ca-file': { type: 'string', describe: 'CA certificates (PEM) that the server must have one of' },
} as const;

/** Who binds, and how. */
export interface BindArguments {
  readonly 'bind-dn'?: string | undefined;
  readonly 'password-file'?: string | undefined;
  readonly 'start-tls': boolean;
  readonly 'ca-file'?: string | undefined;
}

export interface LdapArguments extends BindArguments {
  readonly url?: string | undefined;
}

/** The URL that was asked for; undefined when the command works on a directory. */
export function givenUrl(args: LdapArguments, env = process.env): string | undefined {
  return args.url ?? (env.POLYARCH_URL === '' ? undefined : env.POLYARCH_URL);
}

/** Who binds. */
export interface Credentials {
  readonly dn: string;
  readonly password: string;
}

/** Name and password; asks on a terminal. Rejects with OperatorError PASSWORD_MISSING. */
export async function askCredentials(args: BindArguments): Promise<Credentials> {
  const dn = args['bind-dn'] ?? process.env.POLYARCH_BIND_DN ?? DEFAULT_ADMIN_DN;
  const password = await requirePassword({
    of: dn,
    file: args['password-file'],
    variable: 'POLYARCH_PASSWORD',
  });
  return { dn, password };
}

/** Connects and binds; `given`: asked for when absent. Rejects with OperatorError CONNECT_FAILED, COMMAND_INVALID or PASSWORD_MISSING, or with LdapError. */
export async function connectTo(url: string, args: BindArguments, given?: Credentials): Promise<LdapClient> {
  const target = readUrl(url);
  const { dn, password } = given ?? (await askCredentials(args));
  const client = await LdapClient.connect({ ...target, ...readCa(args['ca-file']) });
  try {
    if (args['start-tls'] && !target.ldaps) await client.startTls();
    await client.bind(dn, password);
  } catch (error) {
    client.unbind();
    if (error instanceof LdapError && error.result === 'invalidCredentials')
      throw new LdapError('invalidCredentials', `the server does not take this password for ${dn}`);
    throw error;
  }
  return client;
}

function readUrl(url: string): { host: string; port: number; ldaps: boolean; path?: string } {
  const path = socketPath(url);
  if (path !== undefined) return { host: 'localhost', port: 0, ldaps: false, path };
  const parsed = parseLdapUrl(url);
  if (parsed === undefined)
    throw new OperatorError(
      'COMMAND_INVALID',
      `--url: "${url}" is not an LDAP URL; write it like ldap://localhost:1389`,
    );
  return {
    host: parsed.host === '' ? 'localhost' : parsed.host,
    port: parsed.port,
    ldaps: parsed.scheme === 'ldaps',
  };
}

const LDAPI = 'ldapi://';

/** The path of an ldapi:// URL, in percent form there; undefined: it is another URL, or no path. */
function socketPath(url: string): string | undefined {
  if (url.slice(0, LDAPI.length).toLowerCase() !== LDAPI) return undefined;
  try {
    const path = decodeURIComponent(url.slice(LDAPI.length).replace(/\/$/, ''));
    return path.startsWith('/') ? path : undefined;
  } catch {
    return undefined;
  }
}

function readCa(file: string | undefined): { ca?: Uint8Array } {
  if (file === undefined) return {};
  try {
    return { ca: readFileSync(file) };
  } catch (error) {
    throw new OperatorError('TLS_INVALID', `cannot read ${file}: ${systemReason(error)}`, [], {
      cause: error,
    });
  }
}
