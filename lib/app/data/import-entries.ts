/**
 * Import into a stopped server: LDIF becomes a new database beside the old one, which it replaces when everything went well.
 *
 * Owns the order of work: parse, hash clear passwords, check, load, begin the change log anew, swap. Rows of the server's other domains are copied. The domain is a new data set
 * afterwards (a new generation).
 */
import { randomUUID } from 'node:crypto';
import { domainNumber, readFacts } from '../../backend/domain-facts.js';
import { type BulkLoad, beginLoad, type LoadRefusal } from '../../backend/load/bulk-load.js';
import { KeySpace } from '../../backend/rows/key-space.js';
import { must } from '../../base/assert.js';
import { LdapError } from '../../base/ldap-error.js';
import { OperatorError } from '../../base/operator-error.js';
import type { EntryUuid } from '../../change/change.js';
import { toReplicaId } from '../../csn/csn.js';
import { parseDn } from '../../dn/dn-text.js';
import { PasswordHashing } from '../../io/password-hashing.js';
import { adoptTables } from '../../io/store/adopt-tables.js';
import { openLevelStore } from '../../io/store/level-store.js';
import { TableRun } from '../../io/store/table-run.js';
import { systemClock } from '../../io/system-clock.js';
import { LdifReader } from '../../ldif/ldif-reader.js';
import type { LdifItem } from '../../ldif/ldif-record.js';
import type { OrderedStore, StoreOp } from '../../port/ordered-store.js';
import type { Schema } from '../../schema/schema.js';
import type { ServerConfig } from '../config/read-config.js';
import { readWholeSchema } from '../config/read-schema.js';
import { scramIterations } from '../config/scram-parts.js';
import { refuseAsSource } from '../domain/domain-fraction.js';
import { indexOptions, openChangelog } from '../domain/domain-options.js';
import { clearPasswords } from './clear-passwords.js';
import { IndexThread } from './index-thread.js';
import { LdifEntries } from './ldif-entry.js';
import { openHeld } from './offline-store.js';
import { alone } from './store-lock.js';
import { discardNewStore, hasStore, newStorePath, swapStores } from './store-swap.js';

export interface ImportSource {
  /** Name for messages. */
  readonly name: string;
  readonly chunks: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>;
}

/** How LDIF is read for an import. */
export interface ReadOptions {
  /** The octets behind a `:<` URL, or why they are refused (LdifReaderOptions.readUrl). */
  readonly readUrl?: ((url: string) => Uint8Array | string) | undefined;
  /** The item as it is to be used, or undefined to pass it over. Absent: all. */
  select?(item: LdifItem): LdifItem | undefined;
}

export interface ImportOptions extends ReadOptions {
  /** Text of the base DN of the domain. */
  readonly base: string;
  /** Called for a record that is refused; when it answers false the import ends with LDIF_INVALID and nothing was done. */
  onReject(item: LdifItem, reason: string): boolean;
  onProgress(entries: number): void;
}

export interface ImportResult {
  readonly entries: number;
  readonly rejected: number;
}

/** Octets gathered by LevelDB before it writes a table: few and large suits a load. */
const WRITE_BUFFER = 64 << 20;
const COPY_ROWS = 5000;
/** Octets read at once: what few records are made of does not outlive the garbage collector's next look. */
const PIECE_BYTES = 32_768;

/** Imports. Rejects with OperatorError LDIF_INVALID, SERVER_RUNNING, DATA_DIR_LOCKED, CONFIG_INVALID; then the old data stand as they were. */
export function importEntries(
  config: ServerConfig,
  source: ImportSource,
  options: ImportOptions,
): Promise<ImportResult> {
  return alone(config.files, () => importAlone(config, source, options));
}

async function importAlone(
  config: ServerConfig,
  source: ImportSource,
  options: ImportOptions,
): Promise<ImportResult> {
  const { files } = config;
  const old = hasStore(files) ? await openHeld(files, false) : undefined;
  try {
    const { schema } = await readWholeSchema(files, old);
    refuseAsSource(config.settings, options.base, schema, 'an import');
    await discardNewStore(files);
    const place = newStorePath(files);
    const store = await openLevelStore(place, { writeBufferBytes: WRITE_BUFFER });
    const indexing = new IndexThread(store, place);
    const runs: TableRun[] = [];
    const run = () => {
      const begun = new TableRun(place, `run-${runs.length}`);
      runs.push(begun);
      return begun;
    };
    let result: ImportResult;
    try {
      if (old !== undefined)
        await copyOthers(old, store, must(schema.dnKey(parseDn(options.base)), 'a base DN'));
      result = await load({ store, schema, indexing, run }, config, source, options);
    } finally {
      await indexing.close();
      await Promise.all(runs.map((begun) => begun.settled()));
      await store.close();
    }
    await adoptTables(place, [...indexing.tables, ...runs.flatMap(({ tables }) => tables)]);
    await old?.close();
    await swapStores(files);
    return result;
  } catch (error) {
    await old?.close();
    await discardNewStore(files);
    throw error;
  }
}

/** Where the entries go: the new store, its schema, the thread that makes index rows, and tables that are written beside LevelDB. */
interface LoadTarget {
  readonly store: OrderedStore;
  readonly schema: Schema;
  readonly indexing: IndexThread;
  readonly run: () => TableRun;
}

async function load(
  { store, schema, indexing, run }: LoadTarget,
  config: ServerConfig,
  source: ImportSource,
  options: ImportOptions,
): Promise<ImportResult> {
  const { settings } = config;
  const baseDn = parseDn(options.base);
  const replica = must(toReplicaId(settings['server.id']), 'the configuration was checked');
  const loading = await beginLoad({
    store,
    postings: (keys) => indexing.sink(keys),
    run,
    entries: () => indexing.run(run),
    baseDn,
    schema,
    replica,
    clock: systemClock,
    generationId: randomUUID(),
    initiator: settings['admin.dn'],
    indexes: indexOptions(settings, schema),
  });
  const hasher = new PasswordHashing({ scramIterations: scramIterations(settings) });
  const rejected = await takeAll(loading, new LdifEntries(schema, newUuid), hasher, source, options).finally(
    () => hasher.close(),
  );
  if (loading.count === 0)
    throw new OperatorError(
      'LDIF_INVALID',
      `${source.name} holds no entry of ${options.base}; nothing was imported`,
    );
  const loaded = await loading.finish();
  const baseKey = must(schema.dnKey(baseDn), 'a base DN');
  const keys = new KeySpace(await domainNumber(store, baseKey));
  // The log holds none of these adds: peers that lack them take a copy.
  const changelog = await openChangelog(store, baseKey, replica);
  await changelog.reset(readFacts(store, keys).state);
  return { entries: loaded, rejected };
}

/** Adds what the source holds; answers how many of its records were refused. */
async function takeAll(
  loading: BulkLoad,
  entries: LdifEntries,
  hasher: PasswordHashing,
  source: ImportSource,
  options: ImportOptions,
): Promise<number> {
  let rejected = 0;
  const take = async (found: readonly LdifItem[]) => {
    const items = selected(found, options);
    await clearPasswords(items, hasher);
    for (const item of items) {
      const reason = addItem(item, loading, entries);
      if (reason !== undefined) {
        rejected += 1;
        if (!options.onReject(item, reason)) throw fault(source, item, reason);
      }
      if (loading.needsTurn) await loading.turn();
    }
    options.onProgress(loading.count);
  };
  const reader = readerFor(options);
  for await (const chunk of source.chunks) for (const piece of pieces(chunk)) await take(reader.push(piece));
  await take(reader.end());
  return rejected;
}

/** A reader for these options. */
export function readerFor({ readUrl }: ReadOptions): LdifReader {
  return new LdifReader(readUrl === undefined ? {} : { readUrl });
}

/** The items that are to be used. */
export function selected(items: readonly LdifItem[], options: ReadOptions): readonly LdifItem[] {
  if (options.select === undefined) return items;
  const taken: LdifItem[] = [];
  for (const item of items) {
    const used = options.select(item);
    if (used !== undefined) taken.push(used);
  }
  return taken;
}

/** A chunk of octets in small pieces. */
function* pieces(chunk: Uint8Array | string): Iterable<Uint8Array | string> {
  if (typeof chunk === 'string') yield chunk;
  else for (let at = 0; at < chunk.length; at += PIECE_BYTES) yield chunk.subarray(at, at + PIECE_BYTES);
}

/** Loads the entry of an item, or answers why not. */
function addItem(item: LdifItem, loading: BulkLoad, entries: LdifEntries): string | undefined {
  if (item.kind === 'fault') return item.reason;
  const { record } = item;
  const content =
    record.kind === 'content'
      ? record
      : record.change.kind === 'add'
        ? { dn: record.dn, attributes: record.change.attributes }
        : undefined;
  if (content === undefined)
    return `a change record (${record.kind === 'change' ? record.change.kind : ''}) works on a running server only: use --url`;
  const control = record.kind === 'change' ? record.controls.find(({ critical }) => critical) : undefined;
  if (control !== undefined)
    return `the critical control ${control.oid} is not honoured by an import into a stopped server: use --url`;
  try {
    const refusal = loading.add(entries.entry(content));
    return refusal === undefined ? undefined : REFUSALS[refusal];
  } catch (error) {
    if (error instanceof LdapError) return `${content.dn}: ${error.message} (${error.result})`;
    throw error;
  }
}

/** Node draws the octets of many at once. */
const newUuid = (): EntryUuid => randomUUID() as EntryUuid;

const REFUSALS: Readonly<Record<LoadRefusal, string>> = {
  'no-parent': 'its parent does not stand before it in the file',
  exists: 'an entry with this DN stands before it in the file',
  'uuid-exists': 'an entry with this entryUUID stands before it in the file',
  'outside-base': 'it does not lie below the base DN',
  'invalid-name': 'its DN has a value that its attribute does not allow',
};

function fault(source: ImportSource, item: LdifItem, reason: string): OperatorError {
  return new OperatorError(
    'LDIF_INVALID',
    `${source.name}:${item.line}: ${reason}; nothing was imported (--continue imports the rest)`,
  );
}

/** Copies the rows of the server's other domains, and the place of this one in the domain table. */
async function copyOthers(from: OrderedStore, to: OrderedStore, baseKey: string): Promise<void> {
  const number = await domainNumber(from, baseKey);
  const below = (value: number) => Uint8Array.of(value >>> 8, value & 0xff);
  // The last two octets ff ff begin the store's own rows.
  const ranges = [
    { gte: below(0), lt: below(number) },
    { gte: below(number + 1), lt: below(0xffff) },
  ];
  for (const range of ranges)
    for await (const rows of from.scan(range, COPY_ROWS))
      await to.batch(
        rows.map(({ key, value }): StoreOp => ({ type: 'put', key, value })),
        { sync: false },
      );
  // Our own CSNs go on from where they were.
  const stateKey = new KeySpace(number).meta('state');
  const state = from.get(stateKey);
  if (state !== undefined) await to.batch([{ type: 'put', key: stateKey, value: state }], { sync: false });
}
