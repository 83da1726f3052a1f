/**
 * Makes a server that belongs to a topology, with one token: certificate, configuration, schema, and data that are in sync when it is done.
 *
 * Its directory is made whole or not at all. The domains that every server has of itself (schema, topology) are marked to be copied, as the data are: the others may have
 * forgotten history that a new server lacks.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { IMAGE_FORMAT } from '../../backend/load/total-update.js';
import { OperatorError } from '../../base/operator-error.js';
import { receivedSettings } from '../../config/shared-options.js';
import { newServerKey, serverHosts, writeCertificate } from '../../io/certificates.js';
import { makePrivateFolder, writeFileAtomic } from '../../io/files.js';
import { openLevelStore } from '../../io/store/level-store.js';
import { awaitCopy } from '../../operation/schema/schema-genesis.js';
import { parseToken } from '../../topology/join-token.js';
import type { ServerRuns } from '../../topology/topology.js';
import { readServerSchema, SCHEMA_BASE } from '../config/read-schema.js';
import { callControl } from '../control/control-client.js';
import type { ServerStatus } from '../monitor/server-status.js';
import { startChildServer } from '../process/child-server.js';
import { requireFree } from '../process/free-port.js';
import { type ServerFiles, serverFiles } from '../server-files.js';
import { requireEmpty, type SetupOptions, setupServer } from '../setup-server.js';
import { askToJoin } from './join-client.js';
import type { JoinGrant } from './join-talk.js';
import { TOPOLOGY_BASE } from './topology-domain.js';

const LOOK_MS = 100;
const CACHE_BYTES = 1 << 20;

export interface JoinOptions {
  readonly dir: string;
  readonly token: string;
  readonly name: string | undefined;
  readonly id: number | undefined;
  readonly site: string;
  readonly runs: ServerRuns;
  readonly listen: SetupOptions['listen'];
  /** What others reach it by. */
  readonly advertise: SetupOptions['advertise'];
  readonly hosts: readonly string[];
}

export interface Joined {
  readonly name: string;
  readonly id: number;
  readonly dir: string;
  readonly domains: readonly string[];
  /** Servers of the topology, by name, when it joined. */
  readonly peers: readonly string[];
}

/** Asks to join and makes the directory. `say` is told the steps. Rejects with an OperatorError; then no directory was made. */
export async function makeJoinedServer(options: JoinOptions, say: (step: string) => void): Promise<Joined> {
  const token = parseToken(options.token);
  if (typeof token === 'string') throw new OperatorError('JOIN_REFUSED', token);
  const { listen, advertise, site, runs, name, id } = options;
  await requireEmpty(options.dir);
  await requireFree(
    Object.values(listen).filter((address) => address !== 'none'),
    'give other ports with --port',
  );
  say(`asking ${token.addresses[0]} to join`);
  const { key, pem } = newServerKey();
  const hosts = serverHosts(options.hosts).slice(0, 60);
  const asked = { name, id, site, runs, ...advertise, dataFormat: IMAGE_FORMAT };
  const grant = await askToJoin(
    token,
    { replication: undefined, ldap: undefined, ldaps: undefined, http: undefined, ...asked },
    key,
    hosts,
  );
  say(`admitted as ${grant.name} (id ${grant.id}); making ${options.dir}`);
  const made = await setupServer({
    dir: options.dir,
    id: grant.id,
    name: grant.name,
    site,
    domains: grant.domains,
    password: undefined,
    passwordHash: grant.passwordHash,
    settings: receivedSettings(grant.settings),
    listen,
    advertise,
    peers: new Map(Object.entries(grant.peers)),
    ...(runs === 'both' ? {} : { runs }),
    caFrom: undefined,
    empty: true,
    sampleEntries: 0,
    hosts: options.hosts,
    certificates: (files) => writeGranted(files, grant, pem),
  });
  return {
    name: grant.name,
    id: grant.id,
    dir: made.dir,
    domains: grant.domains,
    peers: Object.keys(grant.peers),
  };
}

async function writeGranted(files: ServerFiles, grant: JoinGrant, key: string): Promise<void> {
  await makePrivateFolder(files.tls);
  const at = (name: string) => join(files.tls, name);
  await writeCertificate(
    { certificate: at('server.crt'), key: at('server.key') },
    { certificate: grant.certificate, key },
  );
  if (grant.authorityKey !== undefined) await writeFileAtomic(at('ca.key'), grant.authorityKey, 0o600);
  await writeFileAtomic(at('ca.crt'), grant.authority, 0o600);
  for (const { name, text } of grant.schema) await writeFileAtomic(join(files.schema, name), text, 0o600);
  const schema = await readServerSchema(files);
  const store = await openLevelStore(files.db, { cacheBytes: CACHE_BYTES });
  try {
    for (const base of [SCHEMA_BASE, TOPOLOGY_BASE]) await awaitCopy(store, schema, base);
  } finally {
    await store.close();
  }
}

/** What is told of the copying: rows taken, of about how many. */
export interface JoinProgress {
  readonly what: string;
  readonly rows: number;
  readonly entries: number | undefined;
  readonly trouble: string | undefined;
}

/** Starts the new server in the background and waits until it is in sync with the peers that it reaches. Rejects with ChildFailed or OperatorError CONNECT_FAILED. */
export async function startJoined(
  dir: string,
  timeoutMs: number,
  tell: (progress: JoinProgress) => void,
): Promise<{ readonly pid: number; readonly entries: number }> {
  const files = serverFiles(dir);
  const child = startChildServer(dir, 'detached');
  await child.ready;
  child.process.disconnect();
  child.process.unref();
  let deadline = performance.now() + timeoutMs;
  let moved = '';
  for (;;) {
    const status = (await callControl(files, { command: 'status' })) as ServerStatus;
    const waits = [status.topology, ...status.domains].find(
      (domain) => domain.behind !== false || (domain.phase !== 'ready' && domain.phase !== 'relay'),
    );
    if (waits === undefined)
      return { pid: status.pid, entries: status.domains.reduce((sum, { entries }) => sum + entries, 0) };
    const { copying, reason, phase, baseDn, behind } = waits;
    const what = `${baseDn}: ${copying === undefined ? (reason ?? (behind === undefined ? 'no peer is connected' : phase)) : `copying from ${copying.from}`}`;
    tell({ what, rows: copying?.rows ?? 0, entries: copying?.entries, trouble: copying?.trouble });
    const now = `${what} ${copying?.rows}`;
    // Time runs only while nothing moves: a large copy may take long.
    if (now !== moved) deadline = performance.now() + timeoutMs;
    moved = now;
    if (performance.now() > deadline)
      throw new OperatorError(
        'CONNECT_FAILED',
        `the new server runs and belongs to the topology, but is not in sync after ${timeoutMs / 1000} s without any progress (${what}); it goes on trying: polyarch status --dir ${dir}; its log is ${files.log}`,
      );
    await delay(LOOK_MS);
  }
}
