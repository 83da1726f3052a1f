/**
 * Taking a backup of a server that runs or stands still: every row of a snapshot, or the changes since the backup before.
 *
 * Invariants: the snapshot is taken after the call, so everything acknowledged before the call is in it; it is one instant of the store, and writes go on meanwhile. An
 * incremental backup is taken only where the logs hold every change since its parent without a hole, and of the same data set; else a full one is.
 */
import { randomUUID } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { readFacts } from '../../backend/domain-facts.js';
import { type DomainNumber, KeySpace } from '../../backend/rows/key-space.js';
import { SERVER_KEYS } from '../../backend/rows/server-keys.js';
import { ByteWriter } from '../../base/binary.js';
import { utf8Decode } from '../../base/bytes.js';
import { OperatorError } from '../../base/operator-error.js';
import { Changelog } from '../../changelog/changelog.js';
import { csnReplica } from '../../csn/csn.js';
import { BackupWriter } from '../../io/backup-file.js';
import { makePrivateFolder, readSmallFile, unwritable } from '../../io/files.js';
import { packageVersion } from '../../io/schema-files.js';
import type { OrderedStore } from '../../port/ordered-store.js';
import { inDirectory, type ServerConfig } from '../config/read-config.js';
import { backupName, type ListedBackup, ofServer, readCatalog, removeCut } from './backup-catalog.js';
import {
  type BackedUpDomain,
  type BackupHeader,
  beginChanges,
  encodeFile,
  encodeRows,
  FRAME,
  stateOf,
} from './backup-header.js';
import { FrozenStore } from './frozen-store.js';

/** Octets gathered for one frame. */
const FRAME_BYTES = 1 << 18;
const SLICE_ROWS = 500;
/** Keys of the store's own rows begin with ff ff (data-format.md). */
const ALL_ROWS = { gte: Uint8Array.of(0), lt: Uint8Array.of(0xff, 0xff) };

export interface BackupRequest {
  /** Folder of the backups; made when it is missing. */
  readonly folder: string;
  readonly incremental: boolean;
  /** Octets of the key; undefined: not encrypted. */
  readonly key: Uint8Array | undefined;
  /** Called now and then with the rows or changes written. */
  onProgress?(done: number): void;
}

export interface BackupMade {
  readonly path: string;
  readonly id: string;
  readonly kind: BackupHeader['kind'];
  readonly bytes: number;
  /** Rows of a full backup, changes of an incremental one. */
  readonly records: number;
  /** Why a full one was taken where an incremental one was asked for. */
  readonly reason?: string;
}

interface FrozenDomain {
  readonly facts: BackedUpDomain;
  readonly changelog: Changelog;
}

/** Takes a backup. Rejects with OperatorError FILE_UNWRITABLE, DISK_FULL or LOAD_UNFINISHED, or a StoreError; then there is none. */
export async function makeBackup(
  config: ServerConfig,
  store: OrderedStore,
  request: BackupRequest,
): Promise<BackupMade> {
  const takenMs = Date.now();
  await checkFolder(request.folder);
  const frozen = new FrozenStore(store);
  try {
    const domains = await frozenDomains(frozen);
    const parent = request.incremental ? await parentFor(config, request.folder, domains) : undefined;
    const base = parent !== undefined && typeof parent !== 'string' ? parent : undefined;
    const header: BackupHeader = {
      format: 1,
      id: randomUUID(),
      kind: base === undefined ? 'full' : 'incremental',
      parent: base?.header.id ?? null,
      takenMs,
      server: { id: config.settings['server.id'], name: config.settings['server.name'] },
      version: await packageVersion(),
      domains: domains.map(({ facts }) => facts),
    };
    const made = await write(config, frozen, domains, header, base?.header, request);
    return typeof parent === 'string' ? { ...made, reason: parent } : made;
  } finally {
    await frozen.close();
  }
}

/** Rejects with OperatorError FILE_UNWRITABLE where something else has the folder's name. */
async function checkFolder(path: string): Promise<void> {
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory() === false) throw new OperatorError('FILE_UNWRITABLE', `${path} is no folder`);
}

async function write(
  config: ServerConfig,
  frozen: FrozenStore,
  domains: readonly FrozenDomain[],
  header: BackupHeader,
  parent: BackupHeader | undefined,
  request: BackupRequest,
): Promise<BackupMade> {
  await makePrivateFolder(request.folder).catch((error) => {
    throw unwritable(request.folder, error);
  });
  const path = join(request.folder, backupName(header));
  await removeCut(request.folder, header.takenMs);
  const out = await BackupWriter.create(path, header, request.key);
  let records: number;
  try {
    for (const file of await serverFilesOf(config)) await out.frame(FRAME.file, encodeFile(file));
    records =
      parent === undefined
        ? await writeRows(out, frozen, request)
        : await writeChanges(out, domains, parent, request);
    await out.close();
  } catch (error) {
    await out.discard();
    throw error;
  }
  return { path, id: header.id, kind: header.kind, bytes: out.bytes, records };
}

async function writeRows(out: BackupWriter, frozen: FrozenStore, request: BackupRequest): Promise<number> {
  const frame = new ByteWriter(2 * FRAME_BYTES);
  let records = 0;
  for await (const rows of frozen.scan(ALL_ROWS, SLICE_ROWS)) {
    encodeRows(frame, rows);
    records += rows.length;
    if (frame.length < FRAME_BYTES) continue;
    await out.frame(FRAME.rows, frame.finish());
    frame.reset();
    request.onProgress?.(records);
  }
  if (frame.length > 0) await out.frame(FRAME.rows, frame.finish());
  return records;
}

async function writeChanges(
  out: BackupWriter,
  domains: readonly FrozenDomain[],
  parent: BackupHeader,
  request: BackupRequest,
): Promise<number> {
  const frame = new ByteWriter(2 * FRAME_BYTES);
  let records = 0;
  for (const { facts, changelog } of domains) {
    const since = stateOf(parent.domains.find(({ base }) => base === facts.base)?.log ?? '');
    let held = 0;
    const flush = async () => {
      if (held > 0) await out.frame(FRAME.changes, frame.finish());
      held = 0;
    };
    for (const origin of changelog.state.replicas())
      for await (const slice of changelog.scan(origin, since.get(origin)))
        for (const { bytes } of slice) {
          if (held === 0) {
            frame.reset();
            beginChanges(frame, facts.base);
          }
          frame.bytes(bytes);
          held += 1;
          records += 1;
          if (frame.length < FRAME_BYTES) continue;
          await flush();
          request.onProgress?.(records);
        }
    await flush();
  }
  return records;
}

/** Every domain of a frozen store with its change log. Rejects with OperatorError LOAD_UNFINISHED for one that is being loaded. */
async function frozenDomains(frozen: FrozenStore): Promise<FrozenDomain[]> {
  const domains: FrozenDomain[] = [];
  for await (const rows of frozen.scan(SERVER_KEYS.domains))
    for (const { key, value } of rows) {
      const keys = new KeySpace(((value[0] as number) * 256 + (value[1] as number)) as DomainNumber);
      const base = utf8Decode(key.subarray(3)) ?? '';
      const { generationId, state, loading } = readFacts(frozen, keys);
      if (loading !== undefined)
        throw new OperatorError(
          'LOAD_UNFINISHED',
          `${base} is being loaded (${loading}); take the backup when that has ended`,
        );
      const changelog = await Changelog.open(frozen, {
        ownReplica: undefined,
        prefix: keys.changelogPrefix(),
      });
      const generation = generationId ?? changelog.recordedGeneration ?? null;
      const facts = { base, generation, applied: state.toString(), log: changelog.state.toString() };
      domains.push({ facts, changelog });
    }
  return domains;
}

/** The newest backup, when an incremental one can go on from it; else why not, as a clause. */
async function parentFor(
  config: ServerConfig,
  folder: string,
  domains: readonly FrozenDomain[],
): Promise<ListedBackup | string> {
  const last = ofServer(await readCatalog(folder), config.settings['server.id']).at(-1);
  if (last === undefined) return 'there is no earlier backup';
  for (const { facts, changelog } of domains) {
    const before = last.header.domains.find(({ base }) => base === facts.base);
    if (before === undefined) return `${facts.base} is not in the backup before`;
    if (before.generation !== facts.generation) return `${facts.base} is another data set than before`;
    const held = stateOf(before.log);
    if (!changelog.state.coversAll(held)) return `${facts.base} is older than the backup before`;
    const gone = changelog.trimmed.csns().find((csn) => !held.covers(csn));
    if (gone !== undefined)
      return `changes of replica ${csnReplica(gone)} in ${facts.base} since the backup before were trimmed`;
  }
  return last;
}

/** Configuration, certificates and schema: what a new machine needs besides the data. */
async function serverFilesOf({
  files,
  settings,
}: ServerConfig): Promise<{ name: string; content: Uint8Array }[]> {
  const paths = [files.config];
  for (const folder of [files.tls, files.schema])
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => []))
      if (entry.isFile()) paths.push(join(folder, entry.name));
  if (settings.topology !== undefined) paths.push(inDirectory(files, settings.topology));
  const found: { name: string; content: Uint8Array }[] = [];
  for (const path of paths) {
    const name = relative(files.dir, path).replaceAll('\\', '/');
    const content = name.startsWith('..') ? undefined : await readSmallFile(path);
    if (content !== undefined) found.push({ name, content });
  }
  return found;
}
