/**
 * Readers of the external change log: by number, and by position in every origin's stream. Each call of next() gives what follows now; nothing when there is nothing more yet.
 *
 * Read from disk at the reader's own pace, so a slow one costs nothing. Never waits for a change: who watches calls again when the log advanced.
 */
import { EventLoopTurn } from '../../backend/event-loop-turn.js';
import { LIMITS } from '../../base/limits.js';
import { LONG_OCTETS, whole } from '../../base/steps.js';
import type { EncodedChange } from '../../change/change.js';
import { decodeChange } from '../../change/change-codec.js';
import type { NumberedChange } from '../../changelog/number-rows.js';
import { type Csn, csnReplica, type ReplicaId } from '../../csn/csn.js';
import { ServerState } from '../../csn/server-state.js';
import type { Clock } from '../../port/clock.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { Schema } from '../../schema/schema.js';
import type { NamedEntry } from '../trees/virtual-tree.js';
import { type ChangelogPosition, formatChangelogCookie } from './changelog-cookie.js';
import { changelogEntryInSteps } from './changelog-entry.js';
import type { ChangelogDomain, ChangelogFacts } from './changelog-tree.js';

export interface ChangelogReader {
  /** What follows now, in order; empty: nothing more at the moment. */
  next(): Promise<readonly NamedEntry[]>;
}

/** Entries of one slice, and octets of them from which on it ends: they are made in one turn of the event loop. */
const SLICE = 100;
const SLICE_BYTES = 262_144;
const INCLUDED = 'includedattributes' as AttributeKey;

/** What it takes to make an entry, in octets. */
function weight(change: EncodedChange, entry: NamedEntry): number {
  return change.bytes.length + (entry.attribute(INCLUDED)?.values[0]?.length ?? 0);
}

/** The entry of a change: at once, or in turns where it is long. */
function entryOf(
  schema: Schema,
  turn: EventLoopTurn,
  domain: ChangelogDomain,
  { bytes }: EncodedChange,
  { number = 0, cookie }: { readonly number?: number; readonly cookie?: string },
): NamedEntry | Promise<NamedEntry> {
  const steps = changelogEntryInSteps(schema, domain, decodeChange(bytes), number, cookie);
  return bytes.length < LONG_OCTETS ? whole(steps) : turn.run(steps);
}

/** Changes by number, `from` to `to`. */
export class NumberReader implements ChangelogReader {
  /** Numbers that were read and not yet made entries. */
  #ahead: readonly NumberedChange[] = [];
  #at = 0;
  readonly #schema: Schema;
  readonly #facts: ChangelogFacts;
  readonly #to: number;
  readonly #turn: EventLoopTurn;
  #next: number;

  constructor(schema: Schema, clock: Clock, facts: ChangelogFacts, from: number, to: number) {
    this.#schema = schema;
    this.#facts = facts;
    this.#next = from;
    this.#to = to;
    this.#turn = new EventLoopTurn(clock);
  }

  async next(): Promise<readonly NamedEntry[]> {
    await this.#turn.share();
    for (;;) {
      const entries = await this.#entries();
      if (entries.length > 0) return entries;
      if (!(await this.#readAhead())) return entries;
    }
  }

  /** A slice of what was read ahead; empty: there is no more of it. */
  async #entries(): Promise<readonly NamedEntry[]> {
    const { domains } = this.#facts;
    const entries: NamedEntry[] = [];
    let bytes = 0;
    while (this.#at < this.#ahead.length && entries.length < SLICE && bytes < SLICE_BYTES) {
      const { number, domain, csn } = this.#ahead[this.#at++] as NumberedChange;
      this.#next = number + 1;
      const held = domains.find((one) => one.number === domain);
      const change = held?.changelog.get(csn);
      if (held === undefined || change === undefined) continue;
      const made = entryOf(this.#schema, this.#turn, held, change, { number });
      const entry = made instanceof Promise ? await made : made;
      entries.push(entry);
      bytes += weight(change, entry);
    }
    return entries;
  }

  async #readAhead(): Promise<boolean> {
    for await (const slice of this.#facts.numbers.range(this.#next, this.#to)) {
      this.#ahead = slice;
      this.#at = 0;
      return true;
    }
    return false;
  }
}

interface Origin {
  readonly domain: ChangelogDomain;
  readonly replica: ReplicaId;
  changes: readonly EncodedChange[];
  at: number;
}

/** Changes of all domains merged in CSN order, from a position. */
export class CookieReader implements ChangelogReader {
  readonly #schema: Schema;
  readonly #facts: ChangelogFacts;
  readonly #position: Map<number, ServerState>;
  readonly #origins = new Map<string, Origin>();
  readonly #turn: EventLoopTurn;

  constructor(schema: Schema, clock: Clock, facts: ChangelogFacts, position: ChangelogPosition) {
    this.#schema = schema;
    this.#facts = facts;
    this.#position = new Map(position);
    this.#turn = new EventLoopTurn(clock);
  }

  async next(): Promise<readonly NamedEntry[]> {
    // What was read ahead is given without a wait for the disk.
    await this.#turn.share();
    const entries: NamedEntry[] = [];
    const { domains } = this.#facts;
    let bytes = 0;
    while (entries.length < SLICE && bytes < SLICE_BYTES) {
      const origin = await this.#least();
      if (origin === undefined) break;
      const change = origin.changes[origin.at++] as EncodedChange;
      const { number } = origin.domain;
      this.#position.set(number, this.#state(number).with(change.csn));
      const cookie = formatChangelogCookie(domains, this.#position);
      const made = entryOf(this.#schema, this.#turn, origin.domain, change, { cookie });
      const entry = made instanceof Promise ? await made : made;
      entries.push(entry);
      bytes += weight(change, entry);
    }
    return entries;
  }

  #state(domain: number): ServerState {
    return this.#position.get(domain) ?? ServerState.EMPTY;
  }

  /** The origin whose next change is the oldest. */
  async #least(): Promise<Origin | undefined> {
    let least: Origin | undefined;
    let leastCsn: Csn | undefined;
    for (const domain of this.#facts.domains) {
      for (const newest of domain.changelog.state.csns()) {
        const origin = await this.#filled(domain, csnReplica(newest));
        const csn = origin.changes[origin.at]?.csn;
        if (csn === undefined || (leastCsn !== undefined && csn >= leastCsn)) continue;
        least = origin;
        leastCsn = csn;
      }
    }
    return least;
  }

  async #filled(domain: ChangelogDomain, replica: ReplicaId): Promise<Origin> {
    const key = `${domain.number} ${replica}`;
    let origin = this.#origins.get(key);
    if (origin === undefined) {
      origin = { domain, replica, changes: [], at: 0 };
      this.#origins.set(key, origin);
    }
    if (origin.at < origin.changes.length) return origin;
    const { changelog, number } = domain;
    let slice = await changelog.read(replica, this.#state(number).get(replica), LIMITS.logReadBytes);
    const oldest = changelog.trimmed.get(replica);
    if (slice.kind !== 'changes' && oldest !== undefined) {
      this.#position.set(number, this.#state(number).with(oldest));
      slice = await changelog.read(replica, oldest, LIMITS.logReadBytes);
    }
    origin.changes = slice.kind === 'changes' ? slice.changes : [];
    origin.at = 0;
    return origin;
  }
}
