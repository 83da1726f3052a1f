/**
 * Makes a server's directory: configuration, certificates, schema folder, data.
 *
 * Everything is made in a draft: a directory beside the wanted one, which gets its name when it is complete. A directory that is there already stays, since it may be a mounted disk or stand in a folder that is not ours: the draft is
 * made in it, and what is complete moves up, the configuration last. So a setup that was cut leaves nothing that looks like a server.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { must } from '../base/assert.js';
import { utf8Decode, utf8Encode } from '../base/bytes.js';
import { LIMITS } from '../base/limits.js';
import { OperatorError } from '../base/operator-error.js';
import { configText } from '../config/config-text.js';
import { DEFAULT_ADMIN_DN, type PartialSettings } from '../config/option-table.js';
import {
  closeFolder,
  isSystemError,
  makeFolders,
  makePrivateFolder,
  systemReason,
  unwritable,
  writeFileAtomic,
} from '../io/files.js';
import { PasswordHashing } from '../io/password-hashing.js';
import type { ServerRuns } from '../topology/topology.js';
import { readServerConfig } from './config/read-config.js';
import { loadSample } from './data/load-sample.js';
import { generatedPassword } from './generated-password.js';
import { type ServerFiles, serverFiles } from './server-files.js';
import { makeCertificates } from './server-tls.js';

const DRAFT_END = '.new';

export interface SetupOptions {
  readonly dir: string;
  readonly id: number;
  readonly name: string;
  readonly site: string;
  readonly domains: readonly string[];
  /** The administrator's; made when undefined. */
  readonly password: string | undefined;
  readonly listen: Readonly<Record<'ldap' | 'ldaps' | 'replication' | 'http', string>>;
  readonly advertise: Readonly<Partial<Record<'ldap' | 'ldaps' | 'replication' | 'http', string>>>;
  /** Instead of a password. */
  readonly passwordHash?: string;
  /** More settings. */
  readonly settings?: PartialSettings;
  /** Makes the files of a server that joins a topology, instead of a CA and certificates of its own. */
  readonly certificates?: (files: ServerFiles) => Promise<void>;
  /** Name -> replication address. */
  readonly peers: ReadonlyMap<string, string>;
  readonly runs?: ServerRuns;
  /** Directory of the server whose CA is used too; undefined: a CA of its own. */
  readonly caFrom: string | undefined;
  /** No base entry: the data come from a peer. */
  readonly empty: boolean;
  readonly sampleEntries: number;
  /** Names and addresses for the certificate, besides those of this machine. */
  readonly hosts: readonly string[];
}

export interface MadeServer {
  readonly dir: string;
  readonly adminDn: string;
  readonly password: string;
}

/** Makes the directory. Rejects with OperatorError COMMAND_INVALID, DATA_DIR_NOT_EMPTY, CONFIG_INVALID, TLS_INVALID, FILE_UNWRITABLE, DISK_FULL; then nothing was made. */
export async function setupServer(options: SetupOptions): Promise<MadeServer> {
  const dir = resolve(options.dir);
  await requireEmpty(dir);
  requireBaseForSample(options);
  const exists = existsSync(dir);
  const draft = join(
    exists ? dir : dirname(dir),
    `.${basename(dir)}.${randomBytes(4).toString('hex')}${DRAFT_END}`,
  );
  const password = options.password ?? generatedPassword(16);
  try {
    await makeFolders(dirname(dir));
    await makePrivateFolder(draft);
    await fill(draft, options, password);
    if (exists) await moveUp(draft, dir);
    else await rename(draft, dir);
  } catch (error) {
    await rm(draft, { recursive: true, force: true }).catch(() => undefined);
    throw isSystemError(error) ? unwritable(dir, error) : error;
  }
  return { dir, adminDn: DEFAULT_ADMIN_DN, password };
}

/** A server that is complete, from its draft into the directory around it. */
async function moveUp(draft: string, dir: string): Promise<void> {
  await requireEmpty(dir);
  await closeFolder(dir);
  const { config } = serverFiles(draft);
  const names = (await readdir(draft)).sort(
    (a, b) => Number(join(draft, a) === config) - Number(join(draft, b) === config),
  );
  for (const name of names) await rename(join(draft, name), join(dir, name));
  await rmdir(draft);
}

/** Throws OperatorError DATA_DIR_NOT_EMPTY. What a new file system has, and drafts of a setup that was cut, do not count. */
export async function requireEmpty(dir: string): Promise<void> {
  const found = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new OperatorError('DATA_DIR_NOT_EMPTY', `${dir} cannot be used: ${systemReason(error)}`, [], {
      cause: error,
    });
  });
  if (found.some((name) => name !== 'lost+found' && !name.endsWith(DRAFT_END)))
    throw new OperatorError(
      'DATA_DIR_NOT_EMPTY',
      `${dir} already holds something; choose another directory or empty it first`,
    );
}

/** A server that takes its data from a peer, or holds none, loads nothing of its own. */
function requireBaseForSample({ sampleEntries, empty, runs }: SetupOptions): void {
  if (sampleEntries === 0) return;
  if (!Number.isSafeInteger(sampleEntries) || sampleEntries < 0)
    throw new OperatorError('COMMAND_INVALID', '--sample-entries takes a number of entries, 0 or more');
  if (runs === 'broker')
    throw new OperatorError(
      'COMMAND_INVALID',
      'a broker holds no entries: --sample-entries is for directories',
    );
  if (empty)
    throw new OperatorError(
      'COMMAND_INVALID',
      'a server that is set up without data takes them from a peer, so no sample entries can be loaded: leave --sample-entries out, or add --no-empty to make its own base entry (--ca-from and a fraction set a server up without data)',
    );
}

async function fill(draft: string, options: SetupOptions, password: string): Promise<void> {
  const files = serverFiles(draft);
  const bytes = utf8Encode(password);
  if (bytes.length === 0 || bytes.length > LIMITS.passwordBytes)
    throw new OperatorError('PASSWORD_MISSING', `a password has 1 to ${LIMITS.passwordBytes} octets`);
  const hash = options.passwordHash ?? (await hashPassword(bytes));
  await writeFileAtomic(files.config, configText(settingsOf(options, hash)));
  // Says all faults of names, addresses and DNs before anything slow is done.
  const config = await readServerConfig(draft, new Map(), {});
  await makePrivateFolder(files.schema);
  const hosts = [
    ...options.hosts,
    ...Object.values(options.advertise).map((address) => address.slice(0, address.lastIndexOf(':'))),
  ];
  if (options.certificates === undefined)
    await makeCertificates(files, options.name, hosts, options.caFrom, Date.now());
  else await options.certificates(files);
  if (!options.empty && options.runs !== 'broker')
    await loadSample(config, Math.max(1, options.sampleEntries));
}

function settingsOf(options: SetupOptions, hash: string): PartialSettings {
  const { listen, advertise } = options;
  return {
    ...options.settings,
    'server.id': options.id,
    'server.name': options.name,
    'server.site': options.site,
    ...(options.runs === undefined ? {} : { 'server.runs': options.runs }),
    domains: [...options.domains],
    peers: Object.fromEntries(options.peers),
    'listen.ldap': listen.ldap,
    'listen.ldaps': listen.ldaps,
    'listen.replication': listen.replication,
    'listen.http': listen.http,
    ...(advertise.ldap === undefined ? {} : { 'advertise.ldap': advertise.ldap }),
    ...(advertise.ldaps === undefined ? {} : { 'advertise.ldaps': advertise.ldaps }),
    ...(advertise.replication === undefined ? {} : { 'advertise.replication': advertise.replication }),
    ...(advertise.http === undefined ? {} : { 'advertise.http': advertise.http }),
    'admin.passwordHash': hash,
  };
}

async function hashPassword(password: Uint8Array): Promise<string> {
  const hasher = new PasswordHashing({ threads: 1 });
  try {
    return must(utf8Decode(await hasher.hash(password)), 'a stored hash is text');
  } finally {
    await hasher.close();
  }
}
