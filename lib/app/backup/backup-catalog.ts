/**
 * The backups in a folder: which there are, what goes on from what, which are whole, and which are old enough to go.
 *
 * Owns names of files and chains: a full backup and the incremental ones that go on from it, one after the other. Headers alone are read to list; verify reads every octet.
 */
import { lstat, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { must } from '../../base/assert.js';
import { OperatorError } from '../../base/operator-error.js';
import { BackupReader, PART } from '../../io/backup-file.js';
import { systemReason, unwritable } from '../../io/files.js';
import {
  type BackupHeader,
  decodeChanges,
  decodeFile,
  decodeRows,
  FRAME,
  readHeader,
} from './backup-header.js';

const SUFFIX = '.backup';
const DAY_MS = 86_400_000;

export interface ListedBackup {
  readonly path: string;
  readonly bytes: number;
  readonly encrypted: boolean;
  readonly header: BackupHeader;
}

export interface Catalog {
  /** By rising time. */
  readonly backups: readonly ListedBackup[];
  /** Files whose headers cannot be read, one sentence each. */
  readonly faults: readonly string[];
}

/** Nobody writes a backup any more that has not grown for so long. */
const DEAD_MS = 3_600_000;

/** Name of the file of a backup: sorts by time. */
export function backupName({ server, kind, takenMs, id }: BackupHeader): string {
  const time = new Date(takenMs).toISOString().replaceAll(/[-:.]/g, '');
  return `${server.name}-${time}-${kind}-${id.slice(0, 8)}${SUFFIX}`;
}

/** Reads the headers of a folder; one that does not exist holds none. Rejects with OperatorError BACKUP_INVALID when it cannot be read. */
export async function readCatalog(folder: string): Promise<Catalog> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { backups: [], faults: [] };
    throw new OperatorError('BACKUP_INVALID', `cannot read ${folder}: ${systemReason(error)}`, [], {
      cause: error,
    });
  }
  const backups: ListedBackup[] = [];
  const faults: string[] = [];
  for (const name of names.filter((each) => each.endsWith(SUFFIX)).sort()) {
    const path = join(folder, name);
    try {
      backups.push(await listed(path));
    } catch (error) {
      // A schedule removes backups that need not be kept while somebody lists them.
      if (await isGone(path)) continue;
      if (!(error instanceof OperatorError)) throw error;
      faults.push(error.message);
    }
  }
  backups.sort((a, b) => a.header.takenMs - b.header.takenMs);
  return { backups, faults };
}

/** Removes what backups that were killed have left in a folder: files that nobody has written to for an hour. */
export async function removeCut(folder: string, nowMs: number): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith(`${SUFFIX}${PART}`)) continue;
    const path = join(folder, name);
    const writtenMs = await lstat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => nowMs, // it has got its name meanwhile
    );
    if (nowMs - writtenMs > DEAD_MS) await rm(path, { force: true });
  }
}

async function isGone(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => false,
    (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT',
  );
}

async function listed(path: string): Promise<ListedBackup> {
  const reader = await BackupReader.open(path);
  try {
    const header = headerOf(reader);
    return { path, bytes: (await stat(path)).size, encrypted: reader.encrypted, header };
  } finally {
    await reader.close();
  }
}

/** The header of an opened file. Throws OperatorError BACKUP_INVALID. */
function headerOf(reader: BackupReader): BackupHeader {
  const header = readHeader(reader.content);
  if (header === undefined)
    throw new OperatorError(
      'BACKUP_INVALID',
      `${reader.path} cannot be used: its header is of another version`,
    );
  return header;
}

/** The backups of one server. */
export function ofServer(catalog: Catalog, server: number): readonly ListedBackup[] {
  return catalog.backups.filter(({ header }) => header.server.id === server);
}

/** The one whose id begins so, or the newest for `latest`. Throws OperatorError RESTORE_REFUSED. */
export function chosenBackup(backups: readonly ListedBackup[], wanted: string, folder: string): ListedBackup {
  const found =
    wanted === 'latest' ? backups.slice(-1) : backups.filter(({ header }) => header.id.startsWith(wanted));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const reason =
    found.length > 1
      ? `the ids of ${found.length} backups in ${folder} begin with ${wanted}`
      : wanted === 'latest'
        ? `${folder} holds no backup of this server that can be read`
        : `${folder} holds no backup whose id begins with ${wanted}`;
  throw new OperatorError('RESTORE_REFUSED', `${reason}; see: polyarch backup list`);
}

/** The full backup that `last` goes back to, and all between, by rising time. Throws OperatorError RESTORE_REFUSED when one is missing. */
export function chainTo(backups: readonly ListedBackup[], last: ListedBackup): readonly ListedBackup[] {
  const byId = new Map(backups.map((backup) => [backup.header.id, backup]));
  const chain = [last];
  for (let at = last; at.header.parent !== null; ) {
    const before = byId.get(at.header.parent);
    if (before === undefined || chain.includes(before))
      throw new OperatorError(
        'RESTORE_REFUSED',
        `${at.path} goes on from the backup ${at.header.parent}, which is missing or cannot be read`,
      );
    chain.unshift(before);
    at = before;
  }
  return chain;
}

export interface BackupTotals {
  readonly rows: number;
  readonly changes: number;
}

/** Reads a backup whole and checks every octet and record. Rejects with OperatorError BACKUP_INVALID. */
export async function verifyBackup(
  { path }: ListedBackup,
  key: Uint8Array | undefined,
  onRead: (bytes: number) => void = () => {},
): Promise<BackupTotals> {
  const reader = await BackupReader.open(path);
  let rows = 0;
  let changes = 0;
  try {
    headerOf(reader);
    for await (const { kind, body } of reader.frames(key)) {
      if (kind === FRAME.rows) rows += decodeRows(body).length;
      else if (kind === FRAME.changes) changes += decodeChanges(body).changes.length;
      else if (kind === FRAME.file) decodeFile(body);
      onRead(body.length);
    }
  } finally {
    await reader.close();
  }
  return { rows, changes };
}

export interface Retention {
  /** Chains whose newest backup is older go; undefined: none goes by age. */
  readonly keepDays?: number | undefined;
  /** So many of the newest chains stay whatever their age, at least one. */
  readonly keepChains: number;
}

/** The backups that retention lets go: whole chains, their newest members first, so that a prune that is cut leaves chains that are whole. */
export function expired(
  backups: readonly ListedBackup[],
  retention: Retention,
  nowMs: number,
): readonly ListedBackup[] {
  const chains = new Map<string, ListedBackup[]>();
  const rootOf = new Map<string, string>();
  for (const backup of backups) {
    const { id, parent } = backup.header;
    const root = parent === null ? id : (rootOf.get(parent) ?? parent);
    rootOf.set(id, root);
    chains.set(root, [...(chains.get(root) ?? []), backup]);
  }
  // Increments whose full backup is gone are of no use and count as no chain.
  const whole = [...chains.values()].filter(([first]) => first?.header.parent === null);
  const lost = [...chains.values()].filter(([first]) => first?.header.parent !== null).flat();
  const newest = (chain: readonly ListedBackup[]) => must(chain.at(-1), 'a chain has members').header.takenMs;
  whole.sort((a, b) => newest(b) - newest(a));
  const oldestMs = retention.keepDays === undefined ? undefined : nowMs - retention.keepDays * DAY_MS;
  const gone = whole
    .slice(Math.max(1, retention.keepChains))
    .filter((chain) => oldestMs === undefined || newest(chain) < oldestMs);
  return [...lost, ...gone.flatMap((chain) => [...chain].reverse())];
}

/** Removes files of backups. Rejects with OperatorError FILE_UNWRITABLE. */
export async function removeBackups(backups: readonly ListedBackup[]): Promise<void> {
  for (const { path } of backups)
    await rm(path, { force: true }).catch((error) => {
      throw unwritable(path, error);
    });
}
