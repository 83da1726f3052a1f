/**
 * ReferenceJobs: references that are too many to change in the write that calls for it, changed in slices after it.
 *
 * A job is a row written in the batch of the write (docs/data-format.md, tag `f`), taken away when its work is durable; a server that was killed in between
 * goes on where it was, for the work can be done twice. Until then a name that lost its entry is not given to another one: who asks waits, lest the newcomer
 * inherit references. A job looks through index rows of the reference attributes, or, for a single name, up its holders; it never looks
 * at entries that hold no reference.
 */
import { latin1, utf8Decode, utf8Encode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import type { EntryUuid } from '../../change/change.js';
import { formatDn, parseDn } from '../../dn/dn-text.js';
import type { Clock } from '../../port/clock.js';
import type { Log } from '../../port/log.js';
import type { OrderedStore, StoreOp, StoreRow } from '../../port/ordered-store.js';
import { dnKey, isAtOrBelow } from '../../schema/dn-key.js';
import type { EntryId, ReadView } from '../backend.js';
import { indexedValue, PostingReader } from '../index/posting-rows.js';
import { RowsAway } from '../index/reverse-lookup.js';
import { RETRY_MS, untilTaken } from '../refused-for-now.js';
import { INDEX_KIND, type KeySpace, TAG } from '../rows/key-space.js';
import type { HeldEntry } from '../rows/stored-entry.js';
import type { Decide } from '../write-path.js';
import { HolderChanges, namedKey, type ReferenceAttribute } from './holder-changes.js';
import { decodeJob, encodeJob, jobNumber, type ReferenceJob } from './reference-job-row.js';

/** Values changed in one write. */
const WRITE_VALUES = 500;
/** Values looked at in one turn of the event loop. */
const SLICE_VALUES = 500;
const SCAN_ROWS = 1000;
/** A normal form of this length in a key may stand for a longer one. */
const HASHED_OCTETS = 56;

/** What jobs work with. */
export interface JobWorld {
  readonly store: OrderedStore;
  readonly keys: KeySpace;
  readonly tree: {
    byId(id: EntryId): HeldEntry | undefined;
    byUuid(uuid: EntryUuid): HeldEntry | undefined;
    isIndexed(key: ReferenceAttribute['key']): boolean;
  };
  readonly clock: Clock;
  readonly log: Log;
  readonly pause: () => Promise<void>;
  readonly attributes: readonly ReferenceAttribute[];
}

/** How jobs write. */
export interface JobWriter {
  submit(initiator: string, decide: Decide): Promise<unknown>;
  /** Runs work when everything decided before is durable. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
}

export class ReferenceJobs {
  readonly #world: JobWorld;
  #writer: JobWriter | undefined;
  /** By row, those that are not done. */
  readonly #open = new Map<string, ReferenceJob>();
  /** Number of the newest row: jobs are done in the order in which they were decided. */
  #newest = 0;
  #running: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  constructor(world: JobWorld) {
    this.#world = world;
  }

  /** Does what earlier runs left, and from now on what is noted. */
  start(write: JobWriter): void {
    this.#writer = write;
    this.#wake();
  }

  /** Resolves when the slice that runs is written; jobs that are left are done after the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  /** Resolves when there is no job left, or none can be done now. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Jobs that are not done. */
  get left(): number {
    return this.#open.size;
  }

  /** The row of a new job. */
  noted(job: ReferenceJob): StoreOp {
    const { keys, clock } = this.#world;
    this.#newest = Math.max(this.#newest + 1, clock.wallMs() * 1000);
    const key = keys.referenceJob(this.#newest);
    if (this.#writer !== undefined) {
      this.#open.set(latin1(key), job);
      this.#wake();
    }
    return { type: 'put', key, value: encodeJob(job) };
  }

  /** Throws RowsAway while the name is one that references still mean somebody else by. */
  checkFree(key: string): void {
    for (const job of this.#open.values()) if (isAtOrBelow(key, job.key)) throw this.#wait();
  }

  /** Throws RowsAway while references mean the entry by a name that it had before. */
  checkSettled(view: Pick<ReadView, 'byUuid'>, key: string): void {
    for (const { moved } of this.#open.values()) {
      const top = moved === undefined ? undefined : view.byUuid(moved);
      if (top !== undefined && isAtOrBelow(key, dnKey(top.dn))) throw this.#wait();
    }
  }

  #wait(): RowsAway {
    return new RowsAway(() => this.idle());
  }

  #wake(): void {
    if (this.#running !== undefined) {
      this.#again = true;
      return;
    }
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      if (!this.#again || this.#stopped) return;
      this.#again = false;
      this.#wake();
    });
  }

  async #run(): Promise<void> {
    const { store, keys, log } = this.#world;
    const write = this.#writer;
    if (write === undefined || this.#stopped) return;
    try {
      const known = [...this.#open.keys()];
      await write.exclusively(async () => undefined);
      const rows: StoreRow[] = [];
      for await (const slice of store.scan(keys.tagRange(TAG.references))) rows.push(...slice);
      const there = new Set(rows.map(({ key }) => latin1(key)));
      // A write that was refused left no row.
      for (const name of known) if (!there.has(name)) this.#open.delete(name);
      for (const { key, value } of rows) {
        this.#open.set(latin1(key), decodeJob(value));
        this.#newest = Math.max(this.#newest, jobNumber(key));
      }
      for (const { key, value } of rows) {
        if (!(await this.#perform(decodeJob(value), write))) return;
        await this.#close(key, write);
      }
    } catch (error) {
      log.error(
        { error },
        'references to renamed or deleted entries could not be changed; a restart tries again',
      );
    }
  }

  /** The job is done: its row goes, on a full disk when there is space, or after the next start. */
  async #close(key: Uint8Array, write: JobWriter): Promise<void> {
    const { store, clock, log } = this.#world;
    const remove = () => store.batch([{ type: 'del', key }], { sync: false });
    await untilTaken(
      () => (this.#stopped ? Promise.resolve() : write.exclusively(remove)),
      clock,
      (error) => log.warn({ error }, 'a name is kept for references to it until there is space on the disk'),
    );
    this.#open.delete(latin1(key));
  }

  /** False: stopped on the way. */
  async #perform(job: ReferenceJob, write: JobWriter): Promise<boolean> {
    for (const id of await this.#holders(job)) {
      const values = await this.#values(job, id);
      for (let from = 0; from < values.length; from += WRITE_VALUES) {
        if (!(await this.#write(job, id, values.slice(from, from + WRITE_VALUES), write))) return false;
      }
    }
    return true;
  }

  /** Entries that may hold a value that the job is about, from the rows of the indexes. */
  async #holders(job: ReferenceJob): Promise<readonly EntryId[]> {
    const { store, keys, attributes, pause } = this.#world;
    const found = new Set<EntryId>();
    const normal = utf8Encode(job.key);
    for (const { key } of attributes) {
      const range = job.deep
        ? keys.index(key, INDEX_KIND.equality)
        : keys.indexValuesFrom(key, INDEX_KIND.equality, normal.subarray(0, 48));
      const reader = new PostingReader();
      for await (const rows of store.scan(range, SCAN_ROWS)) {
        reader.take(rows.filter((row) => mayName(indexedValue(row.key), job)));
        await pause();
      }
      for (const id of reader.finish()) found.add(id);
    }
    return [...found];
  }

  /** Values of an entry that the job is about, as they are stored. */
  async #values(job: ReferenceJob, id: EntryId): Promise<Found[]> {
    const { tree, attributes, pause } = this.#world;
    const entry = tree.byId(id);
    const found: Found[] = [];
    for (const attribute of attributes) {
      const values = entry?.attribute(attribute.key)?.values ?? [];
      for (let i = 0; i < values.length; i++) {
        const value = values[i] as Uint8Array;
        const key = namedKey(attribute, value);
        if (key !== undefined && (job.deep ? isAtOrBelow(key, job.key) : key === job.key))
          found.push({ attribute, value });
        if (i % SLICE_VALUES === SLICE_VALUES - 1) await pause();
      }
    }
    return found;
  }

  async #write(
    job: ReferenceJob,
    id: EntryId,
    values: readonly Found[],
    { submit }: JobWriter,
  ): Promise<boolean> {
    const { tree, clock } = this.#world;
    while (!this.#stopped) {
      try {
        await submit(job.initiator, (view) => {
          const holder = tree.byId(id);
          if (holder === undefined || view.byUuid(holder.uuid) === undefined) return [];
          const top = job.moved === undefined ? undefined : view.byUuid(job.moved);
          const changes = new HolderChanges(new Set());
          for (const { attribute, value } of values)
            changes.change(holder.uuid, attribute, value, top && renamed(value, job.key, top.dn));
          return changes.intents();
        });
        return true;
      } catch (error) {
        if (error instanceof RowsAway) await error.load();
        else if (!(error instanceof LdapError)) throw error;
        else await new Promise<void>((resolve) => void clock.after(RETRY_MS, resolve));
      }
    }
    return false;
  }
}

interface Found {
  readonly attribute: ReferenceAttribute;
  readonly value: Uint8Array;
}

/** Whether an index row of this value may be of a value that the job is about. */
function mayName(normal: Uint8Array, { key, deep }: ReferenceJob): boolean {
  if (normal.length === HASHED_OCTETS) return true;
  const text = utf8Decode(normal);
  return text !== undefined && (deep ? isAtOrBelow(text, key) : text === key);
}

/** The name in `value` with what stood at `key` now standing at `top`. */
function renamed(value: Uint8Array, key: string, top: HeldEntry['dn']): string {
  const { rdns } = parseDn(utf8Decode(value) ?? '');
  // In keys a raw comma always separates.
  return formatDn({ rdns: [...rdns.slice(0, rdns.length - key.split(',').length), ...top.rdns] });
}
