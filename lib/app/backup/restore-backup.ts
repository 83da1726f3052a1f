/**
 * Restoring a server from backups: all is checked and made beside the data that there are, and takes their place only when it is whole.
 *
 * A plain restore brings back the data set as it was: the server rejoins its peers under a new incarnation, fetches what it lacks, its own later changes included, and takes writes after that.
 * A restore to a point in time makes a new data set (another generation): the changes after that point stay out for good, and the other servers are initialized from it.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { domainNumber } from '../../backend/domain-facts.js';
import { KeySpace } from '../../backend/rows/key-space.js';
import { SERVER_KEYS } from '../../backend/rows/server-keys.js';
import { OperatorError } from '../../base/operator-error.js';
import { type Csn, csnReplica, toReplicaId } from '../../csn/csn.js';
import { ServerState } from '../../csn/server-state.js';
import { BackupReader } from '../../io/backup-file.js';
import { makePrivateFolder, unwritable, writeFileAtomic } from '../../io/files.js';
import { type LevelStore, openLevelStore } from '../../io/store/level-store.js';
import type { OrderedStore, StoreOp } from '../../port/ordered-store.js';
import { readServerConfig, type ServerConfig } from '../config/read-config.js';
import { isRunning } from '../control/control-client.js';
import { openHeld } from '../data/offline-store.js';
import { alone } from '../data/store-lock.js';
import { discardNewStore, hasStore, newStorePath, swapStores } from '../data/store-swap.js';
import { refusePart } from '../domain/domain-fraction.js';
import { openChangelog } from '../domain/domain-options.js';
import { isShared } from '../domain/shared-domains.js';
import { type ServerFiles, serverFiles } from '../server-files.js';
import { chainTo, chosenBackup, type ListedBackup, readCatalog, verifyBackup } from './backup-catalog.js';
import { decodeFile, decodeRows, FRAME } from './backup-header.js';
import { planPointInTime } from './point-in-time.js';
import { type ReplayedDomain, replayOffline } from './replay-offline.js';
import { RestoredLogs } from './restored-logs.js';

/** Octets gathered by LevelDB before it writes a table: few and large suits a load. */
const WRITE_BUFFER = 64 << 20;

export interface RestoreRequest {
  /** The server's directory. */
  readonly dir: string;
  /** Folder of the backups. */
  readonly folder: string;
  /** Beginning of an id, or `latest`. */
  readonly wanted: string;
  /** Changes after this one stay out; undefined: the backup as it is. */
  readonly to: Csn | undefined;
  readonly key: Uint8Array | undefined;
  /** Data that there are may be replaced. */
  readonly replace: boolean;
  onProgress?(done: number): void;
}

export interface RestoreReport {
  /** Files used, in their order. */
  readonly backups: readonly string[];
  /** Rows of the full backup. */
  readonly rows: number;
  readonly domains: readonly ReplayedDomain[];
  readonly newDataSet: boolean;
}

/** Restores. Rejects with OperatorError BACKUP_INVALID, RESTORE_REFUSED, SERVER_RUNNING, DATA_DIR_LOCKED and others; then the server's directory is as it was. */
export function restoreBackup(request: RestoreRequest): Promise<RestoreReport> {
  const files = serverFiles(request.dir);
  return alone(files, () => restoreAlone(request, files));
}

async function restoreAlone(request: RestoreRequest, files: ServerFiles): Promise<RestoreReport> {
  if (await isRunning(files))
    throw new OperatorError(
      'SERVER_RUNNING',
      `the server in ${files.dir} runs; stop it first: polyarch stop --dir ${files.dir}`,
    );
  if (hasStore(files) && !request.replace)
    throw new OperatorError(
      'RESTORE_REFUSED',
      `${files.dir} holds data, and changes in it that are in no backup and on no other server would be lost; --replace replaces them`,
    );
  const old = hasStore(files) ? await openOld(files) : undefined;
  try {
    return await restoreBeside(request, files, old);
  } finally {
    await old?.close();
  }
}

async function restoreBeside(
  request: RestoreRequest,
  files: ServerFiles,
  old: LevelStore | undefined,
): Promise<RestoreReport> {
  const backups = await candidates(request, files);
  const plan =
    request.to === undefined
      ? { chain: chainTo(backups, chosenBackup(backups, request.wanted, request.folder)), sources: [] }
      : await planPointInTime(backups, request.to, request.folder, old);
  const used = [...plan.chain, ...plan.sources];
  // Everything is read once before anything is touched.
  for (const backup of used) await verifyBackup(backup, request.key);
  const placed: string[] = [];
  try {
    await placeFiles(files, used, request.key, placed);
    const config = await readServerConfig(files.dir);
    await discardNewStore(files);
    const store = await openLevelStore(newStorePath(files), { writeBufferBytes: WRITE_BUFFER });
    let report: RestoreReport;
    try {
      report = await fill(config, store, plan, request, old);
    } finally {
      await store.close();
    }
    await old?.close();
    // Its next start is another life of the directory (replication-model.md section 2).
    await rm(join(files.dir, 'incarnation'), { force: true });
    await swapStores(files);
    return report;
  } catch (error) {
    await discardNewStore(files);
    for (const path of placed) await rm(path, { force: true });
    throw error;
  }
}

export interface RestorePlan {
  /** The full backup and what goes on from it. */
  readonly chain: readonly ListedBackup[];
  /** Later backups whose changes are taken up to the point in time. */
  readonly sources: readonly ListedBackup[];
}

/** Makes the new store. */
async function fill(
  config: ServerConfig,
  store: LevelStore,
  plan: RestorePlan,
  { key, to, onProgress }: RestoreRequest,
  old: LevelStore | undefined,
): Promise<RestoreReport> {
  const [full, ...increments] = plan.chain;
  let rows = 0;
  let changes = 0;
  const tell = () => onProgress?.(rows + changes);
  if (full !== undefined) {
    const written = await writeRows(full, store, key, (done) => {
      rows = done;
      tell();
    });
    rows = written;
  }
  const logs = await RestoredLogs.open(store, to, (taken) => {
    changes = taken;
    tell();
  });
  for (const backup of [...increments, ...plan.sources]) await logs.takeBackup(backup, key);
  if (to !== undefined && old !== undefined) await logs.takeStore(old);
  logs.finish();
  if (to !== undefined && config.settings['server.runs'] === 'broker')
    throw new OperatorError(
      'RESTORE_REFUSED',
      'a broker of its own holds no entries to take back; restore a directory server to that point',
    );
  const domains = await replayOffline(config, store, tell, async (backend, base) => {
    if (to === undefined || isShared(base)) return;
    refusePart(backend.parts.fraction.text, base, 'a state of the past as new data');
    await backend.startGeneration(randomUUID());
  });
  if (to !== undefined) for (const base of logs.bases) await beginAnew(config, store, base, old);
  // The last batch is synced: with it all before it is on disk.
  const format = store.get(SERVER_KEYS.format);
  if (format !== undefined)
    await store.batch([{ type: 'put', key: SERVER_KEYS.format, value: format }], { sync: true });
  const used = [...plan.chain, ...plan.sources].map(({ path }) => path);
  return { backups: used, rows, domains, newDataSet: to !== undefined };
}

/** A data set of its own: no log of what led to it, nothing of what other servers said of the old one. Our own CSNs go on from where they were. */
async function beginAnew(
  config: ServerConfig,
  store: OrderedStore,
  base: string,
  old: OrderedStore | undefined,
): Promise<void> {
  if (isShared(base)) return;
  const replica = toReplicaId(config.settings['server.id']);
  const keys = new KeySpace(await domainNumber(store, base));
  const gone: StoreOp[] = [];
  for await (const rows of store.scanKeys(keys.memberRange()))
    for (const key of rows) gone.push({ type: 'del', key });
  const changelog = await openChangelog(store, base, replica);
  let state = ServerState.fromBytes(store.get(keys.meta('state')) ?? new Uint8Array(0));
  const before = old === undefined ? undefined : await openChangelog(old, base, replica);
  const own = before?.state.csns().find((csn) => csnReplica(csn) === replica);
  if (own !== undefined) state = state.with(own);
  await store.batch([...gone, { type: 'put', key: keys.meta('state'), value: state.toBytes() }], {
    sync: false,
  });
  await changelog.reset(state);
}

async function writeRows(
  backup: ListedBackup,
  store: OrderedStore,
  key: Uint8Array | undefined,
  onRows: (rows: number) => void,
): Promise<number> {
  const reader = await BackupReader.open(backup.path);
  let written = 0;
  try {
    for await (const { kind, body } of reader.frames(key)) {
      if (kind !== FRAME.rows) continue;
      const rows = decodeRows(body);
      await store.batch(
        rows.map(({ key: at, value }): StoreOp => ({ type: 'put', key: at, value })),
        { sync: false },
      );
      written += rows.length;
      onRows(written);
    }
  } finally {
    await reader.close();
  }
  return written;
}

/** The backups of the server that is to be restored. */
async function candidates(request: RestoreRequest, files: ServerFiles): Promise<readonly ListedBackup[]> {
  const { backups, faults } = await readCatalog(request.folder);
  const [fault] = faults;
  // The newest may be the damaged one: an older state is never taken for it unseen.
  if (
    fault !== undefined &&
    (backups.length === 0 || (request.wanted === 'latest' && request.to === undefined))
  )
    throw new OperatorError(
      'BACKUP_INVALID',
      `${fault}; to restore another backup, name it with --backup ID`,
    );
  if (existsSync(files.config)) {
    const { settings } = await readServerConfig(files.dir);
    const own = backups.filter(({ header }) => header.server.id === settings['server.id']);
    if (own.length > 0 || backups.length === 0) return own;
    throw new OperatorError(
      'RESTORE_REFUSED',
      `${request.folder} holds backups of other servers than ${settings['server.name']} (id ${settings['server.id']}); a server without data takes a copy from its peers instead`,
    );
  }
  const servers = new Set(backups.map(({ header }) => header.server.id));
  if (servers.size <= 1) return backups;
  if (request.wanted === 'latest')
    throw new OperatorError(
      'RESTORE_REFUSED',
      `${request.folder} holds backups of ${servers.size} servers; say which with --backup ID`,
    );
  const { header } = chosenBackup(backups, request.wanted, request.folder);
  return backups.filter((backup) => backup.header.server.id === header.server.id);
}

/** Opens what is to be replaced, which also keeps others away; damaged data may be replaced too. */
async function openOld(files: ServerFiles): Promise<LevelStore | undefined> {
  try {
    return await openHeld(files, false);
  } catch (error) {
    if (error instanceof OperatorError && error.code === 'DATA_CORRUPT') return undefined;
    throw error;
  }
}

/** Writes the files of the directory that are missing, as the newest backup has them. */
async function placeFiles(
  files: ServerFiles,
  used: readonly ListedBackup[],
  key: Uint8Array | undefined,
  placed: string[],
): Promise<void> {
  const last = used.at(-1);
  if (last === undefined) return;
  const reader = await BackupReader.open(last.path);
  try {
    for await (const { kind, body } of reader.frames(key)) {
      // Files come before all else.
      if (kind !== FRAME.file) break;
      const { name, content } = decodeFile(body);
      const path = join(files.dir, name);
      if (existsSync(path)) continue;
      try {
        await makePrivateFolder(dirname(path));
        await writeFileAtomic(path, content);
      } catch (error) {
        throw unwritable(path, error);
      }
      placed.push(path);
    }
  } finally {
    await reader.close();
  }
}
