/**
 * What the simulator needs of the entries behind a replica, and the simplest one: a set of changes without any content.
 *
 * It keeps the contract of a backend that matters to transport: local writes in one batch with their log row, replay without a sync, waiting for entries never seen,
 * snapshots, and a mark while importing.
 */

import type { ReplayResult } from '../../lib/backend/backend.js';
import { utf8Decode, utf8Encode } from '../../lib/base/bytes.js';
import type { Change, ChangeBody, EntryUuid } from '../../lib/change/change.js';
import { decodeChange, toEncodedChange } from '../../lib/change/change-codec.js';
import type { Changelog } from '../../lib/changelog/changelog.js';
import { type Csn, csnReplica, csnToBytes, type ReplicaId } from '../../lib/csn/csn.js';
import { CsnGenerator } from '../../lib/csn/csn-generator.js';
import { ServerState } from '../../lib/csn/server-state.js';
import type { Clock } from '../../lib/port/clock.js';
import type { OrderedStore, StoreOp, StoreRange } from '../../lib/port/ordered-store.js';
import type { PurgeTarget } from '../../lib/replica/housekeeping.js';
import type { OwnReport } from '../../lib/replica/membership-seams.js';
import type {
  DomainSnapshot,
  HeldPart,
  SnapshotSource,
  SnapshotTarget,
} from '../../lib/replica/snapshot-source.js';
import type { SeededRandom } from './seeded-random.js';

export interface WriteRequest {
  readonly entry: EntryUuid;
  readonly body: ChangeBody;
}

export interface SimDirectory extends SnapshotSource, SnapshotTarget {
  readonly state: ServerState;
  readonly generationId: string | undefined;
  replay(changes: readonly Change[]): Promise<readonly ReplayResult[]>;
  startGeneration(generationId: string): Promise<void>;
  /** A client's write; resolves with the CSN of the change when it is acknowledged, with undefined when refused. */
  write(request: WriteRequest): Promise<Csn | undefined>;
  report(): Promise<OwnReport>;
  readonly condition: PurgeTarget['condition'];
  passClock(clock: Csn): void;
  /** No entry that died before this is undeleted, ms since the epoch. */
  undeleteFromMs: () => number;
  /** Forgets history; an empty one has none. */
  purge: PurgeTarget['purge'];
  /** What of the entries is held; absent: everything. */
  readonly part?: HeldPart;
  /** Whether the entry lives here now. */
  knows(entry: EntryUuid): boolean;
  /** The whole content, the same text for the same content. */
  contents(): Promise<string>;
}

const CHANGE = 0x64;
const GENERATION = utf8Encode('m-generation');
const IMPORTING = utf8Encode('m-importing');
const STATE = utf8Encode('m-state');

export class ChangeSetDirectory implements SimDirectory {
  readonly part?: HeldPart;
  readonly #store: OrderedStore;
  readonly #sink: Changelog;
  readonly #replica: ReplicaId;
  readonly #clock: Clock;
  readonly #generator: CsnGenerator;
  readonly #entries = new Set<EntryUuid>();
  #last: Promise<unknown> = Promise.resolve();
  undeleteFromMs: () => number = () => 0;
  state = ServerState.EMPTY;
  generationId: string | undefined;
  importing = false;
  /** Each write finds out for itself. */
  readonly condition = { kind: 'ready' };

  private constructor(
    store: OrderedStore,
    sink: Changelog,
    replica: ReplicaId,
    clock: Clock,
    last: Csn | undefined,
    salt: number,
  ) {
    this.#store = store;
    this.#sink = sink;
    this.#replica = replica;
    this.#clock = clock;
    this.#generator = new CsnGenerator(replica, last, undefined, salt);
  }

  static async open(
    store: OrderedStore,
    sink: Changelog,
    replica: ReplicaId,
    clock: Clock,
    _random: SeededRandom,
    salt: number,
  ): Promise<ChangeSetDirectory> {
    const generation = store.get(GENERATION);
    const base = store.get(STATE);
    let state = base === undefined ? ServerState.EMPTY : ServerState.fromBytes(base);
    const entries: EntryUuid[] = [];
    for await (const rows of store.scan(RANGE)) {
      for (const row of rows) {
        const change = decodeChange(row.value);
        state = state.with(change.csn);
        entries.push(change.entry);
      }
    }
    const directory = new ChangeSetDirectory(store, sink, replica, clock, state.newest(), salt);
    directory.state = state;
    for (const entry of entries) directory.#entries.add(entry);
    directory.generationId = generation === undefined ? undefined : utf8Decode(generation);
    directory.importing = store.get(IMPORTING) !== undefined;
    return directory;
  }

  knows(entry: EntryUuid): boolean {
    return this.#entries.has(entry);
  }

  write({ entry, body }: WriteRequest): Promise<Csn | undefined> {
    return this.#inTurn(async () => {
      if (this.importing || (body.kind !== 'add' && !this.knows(entry))) return undefined;
      const csn = this.#generator.next(this.#clock.wallMs());
      const seen = ServerState.of(this.state.csns().filter((other) => csnReplica(other) !== this.#replica));
      const change = { csn, previous: this.#sink.lastOwn(), seen, entry, initiator: 'cn=client', body };
      const encoded = toEncodedChange(change);
      try {
        await this.#store.batch([row(change), ...this.#sink.ops(encoded)], { sync: true });
      } catch {
        await this.#sink.dropped();
        return undefined;
      }
      this.#done(change);
      this.#sink.committed([encoded]);
      return csn;
    });
  }

  report(): Promise<OwnReport> {
    return this.#inTurn(async () => ({
      clock: this.#generator.promise(this.#clock.wallMs()),
      state: this.state,
    }));
  }

  passClock(clock: Csn): void {
    this.#generator.observe(clock, this.#clock.wallMs(), true);
  }

  async purge(): ReturnType<PurgeTarget['purge']> {
    return { historyRows: 0, moves: 0, journalLines: 0, tombstones: 0, historyLeft: 0 };
  }

  replay(changes: readonly Change[]): Promise<readonly ReplayResult[]> {
    return this.#inTurn(async () => {
      const stopped = new Map<ReplicaId, ReplayResult>();
      const taken: Change[] = [];
      const born = new Set<EntryUuid>();
      const results = changes.map((change): ReplayResult => {
        const origin = csnReplica(change.csn);
        const stop = stopped.get(origin);
        if (stop !== undefined) return stop;
        this.#generator.observe(change.csn, this.#clock.wallMs(), origin === this.#replica);
        if (this.state.covers(change.csn)) return { kind: 'applied' };
        if (change.body.kind !== 'add' && !this.knows(change.entry) && !born.has(change.entry)) {
          const waiting: ReplayResult = { kind: 'waiting', waitsFor: change.entry };
          stopped.set(origin, waiting);
          return waiting;
        }
        born.add(change.entry);
        taken.push(change);
        return { kind: 'applied' };
      });
      await this.#store.batch(taken.map(row), { sync: false });
      for (const change of taken) this.#done(change);
      return results;
    });
  }

  async startGeneration(generationId: string): Promise<void> {
    await this.#store.batch([{ type: 'put', key: GENERATION, value: utf8Encode(generationId) }], {
      sync: true,
    });
    this.generationId = generationId;
  }

  async contents(): Promise<string> {
    const csns: string[] = [];
    for await (const rows of this.#store.scan(RANGE))
      for (const found of rows) csns.push(decodeChange(found.value).csn);
    return csns.sort().join('\n');
  }

  async exportSnapshot(): Promise<DomainSnapshot> {
    const snapshot = this.#store.snapshot();
    const { state, generationId } = this;
    const store = this.#store;
    if (generationId === undefined) throw new Error('no data');
    return {
      state,
      generationId,
      entryCount: this.#entries.size,
      async *images() {
        for await (const rows of store.scan(RANGE, 20, snapshot)) {
          yield rows.map((found) => found.value).filter((value) => state.covers(decodeChange(value).csn));
        }
      },
      close: () => snapshot.close(),
    };
  }

  beginImport(first?: () => Promise<void>): Promise<void> {
    return this.#inTurn(async () => {
      await first?.();
      await this.#store.batch([{ type: 'put', key: IMPORTING, value: utf8Encode('yes') }], { sync: true });
      this.importing = true;
      for await (const keys of this.#store.scanKeys(RANGE)) {
        await this.#store.batch(
          keys.map((key): StoreOp => ({ type: 'del', key })),
          { sync: false },
        );
      }
      this.#entries.clear();
      this.state = ServerState.EMPTY;
    });
  }

  async importImages(images: readonly Uint8Array[]): Promise<void> {
    const changes = images.map(decodeChange);
    await this.#store.batch(changes.map(row), { sync: false });
    for (const change of changes) this.#entries.add(change.entry);
  }

  async finishImport(generationId: string, state: ServerState): Promise<void> {
    await this.#store.batch(
      [
        { type: 'del', key: IMPORTING },
        { type: 'put', key: GENERATION, value: utf8Encode(generationId) },
        { type: 'put', key: STATE, value: state.toBytes() },
      ],
      { sync: true },
    );
    this.importing = false;
    this.generationId = generationId;
    this.state = state;
    const newest = state.newest();
    if (newest !== undefined) this.#generator.observe(newest, this.#clock.wallMs(), true);
  }

  #done(change: Change): void {
    this.state = this.state.with(change.csn);
    this.#entries.add(change.entry);
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(run);
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}

const RANGE: StoreRange = { gte: new Uint8Array([CHANGE]), lt: new Uint8Array([CHANGE + 1]) };

function row(change: Change): StoreOp {
  const key = new Uint8Array(13);
  key[0] = CHANGE;
  key.set(csnToBytes(change.csn), 1);
  return { type: 'put', key, value: toEncodedChange(change).bytes };
}
