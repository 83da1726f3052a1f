/**
 * Large random histories: replicas that write what a client could write there, partitions, late and shuffled deliveries, duplicates,
 * forgetting in between. One seed, one run.
 */
import { type Change, type ChangeBody, type EntryUuid, ROOT_UUID } from '../../lib/change/change.js';
import { deathOf } from '../../lib/conflict/entry-life.js';
import { type EntryState, isAlive, LOST_AND_FOUND_UUID } from '../../lib/conflict/entry-state.js';
import {
  causalHorizon,
  forgettableRows,
  type Horizon,
  isForgettableEntry,
  isForgettableMove,
  type ReplicaReport,
} from '../../lib/conflict/forget.js';
import { csnTimeMs, type ReplicaId } from '../../lib/csn/csn.js';
import { MemoryDomain } from './memory-domain.js';
import { oracle } from './oracle.js';
import {
  add,
  BASE,
  change,
  csn,
  Dice,
  type Edit,
  id,
  modify,
  move,
  remove,
  rename,
  undelete,
} from './story.js';

export interface Options {
  readonly replicas: number;
  readonly changes: number;
  /** Replicas forget what is settled. */
  readonly forget: boolean;
  /** How far each clock is ahead of the one before; 2 when absent. */
  readonly skew?: number;
  /** Mixed equality rules for one attribute, and clocks so skewed that CSN order breaks causal order. */
  readonly wild: boolean;
  /** Half of the adds carry a UUID that another site has added, or that is forgotten where it is added again. */
  readonly twice?: boolean;
}

/** A run, so far as it can be replayed without its dice: per replica the changes in the order of arrival. */
export interface Run {
  readonly base: readonly Change[];
  readonly changes: readonly Change[];
  readonly orders: readonly (readonly Change[])[];
  /** What went wrong on the way; undefined for nothing. */
  readonly fault: string | undefined;
  readonly forgotten: number;
  readonly buried: number;
  /** Adds of a UUID that had been added. */
  readonly twice: number;
}

interface Site {
  readonly replica: number;
  readonly domain: MemoryDomain;
  readonly order: Change[];
  /** How far it has taken in the changes of each site. */
  readonly taken: number[];
  readonly reports: Map<ReplicaId, ReplicaReport>;
  readonly buried: Set<EntryUuid>;
  clock: number;
}

/** How long after its delete an entry may be undeleted. */
const LIFETIME_MS = 30;
const NAMES = ['a', 'b', 'C', 'c'];
const VALUES = ['p', 'P', 'q', 'r', 's'];
const EDITS: readonly ((dice: Dice) => Edit)[] = [
  (dice) => ({ add: [dice.pick(VALUES)] }),
  (dice) => ({ name: dice.pick(['mail', 'Mail']), add: [dice.pick(VALUES), dice.pick(VALUES)] }),
  (dice) => ({ remove: [dice.pick(VALUES)] }),
  (dice) => ({ remove: [dice.pick(VALUES)], add: [dice.pick(VALUES)] }),
  () => ({ clear: true }),
  (dice) => ({ name: 'cn', add: [dice.pick(NAMES)] }),
  (dice) => ({ name: 'cn', remove: [dice.pick(NAMES)] }),
  (dice) => ({ name: 'cn', clear: true, add: [dice.pick(NAMES)] }),
  (dice) => ({ clear: true, add: [dice.pick(VALUES), dice.pick(VALUES)] }),
  (dice) => ({ name: 'title', single: true, add: [dice.pick(VALUES)] }),
  (dice) => ({ name: 'title', single: true, clear: true, add: [dice.pick(VALUES)] }),
  (dice) => ({ name: 'title', single: true, remove: [dice.pick(VALUES)] }),
  (dice) => ({ name: 'n', single: true, equality: 'integerMatch', increment: BigInt(dice.roll(5) + 1) }),
  (dice) => ({ name: 'n', single: true, equality: 'integerMatch', clear: true, add: [`${dice.roll(9)}`] }),
  () => ({ name: 'n', single: true, equality: 'integerMatch', clear: true }),
];

function setup(): Change[] {
  return [
    change(1, 9, BASE, add(ROOT_UUID, 'base')),
    change(2, 9, id(2), add(BASE, 'a', { mail: ['p'], n: ['1'] })),
    change(3, 9, id(3), add(BASE, 'b', { Mail: ['q', 'r'], title: ['s'] })),
    change(4, 9, id(4), add(id(2), 'c')),
  ];
}

export function simulate(seed: number, options: Options): Run {
  return new Simulation(seed, options).run();
}

class Simulation {
  readonly #dice: Dice;
  readonly #options: Options;
  readonly #base = setup();
  readonly #made: Change[][] = [];
  readonly #sites: Site[] = [];
  /** Every change with what was held when it was made, in the order of making. */
  readonly #changes: Change[] = [];
  #now = 100;
  #fresh = 100;
  #forgotten = 0;
  #buried = 0;
  #twice = 0;

  constructor(seed: number, options: Options) {
    this.#dice = new Dice(seed);
    this.#options = options;
    for (let replica = 1; replica <= options.replicas; replica++) {
      const domain = new MemoryDomain();
      for (const made of this.#base) domain.apply(made);
      this.#made.push([]);
      const taken = new Array<number>(options.replicas).fill(0);
      this.#sites.push({
        replica,
        domain,
        order: [],
        taken,
        reports: new Map(),
        buried: new Set(),
        clock: 10,
      });
    }
  }

  run(): Run {
    const fault = this.#story();
    return {
      base: this.#base,
      changes: this.#changes,
      orders: this.#sites.map((site) => site.order),
      fault,
      forgotten: this.#forgotten,
      buried: this.#buried,
      twice: this.#twice,
    };
  }

  #story(): string | undefined {
    // Each pair of sites is cut off from each other for a while, now and then.
    let apart = new Set<string>();
    try {
      while (this.#changes.length < this.#options.changes) {
        if (this.#dice.once(15)) apart = this.#partition();
        const site = this.#dice.pick(this.#sites);
        if (this.#dice.roll(3) > 0) this.#write(site);
        const from = this.#dice.roll(this.#sites.length);
        if (!apart.has(`${site.replica} ${from}`)) this.#deliver(site, from, this.#dice.roll(6));
        if (this.#dice.once(20)) this.#repeat(site);
        if (this.#options.forget && this.#dice.once(8)) this.#report(site);
        if (this.#options.forget && this.#dice.once(8)) this.#forget(site);
        if (this.#dice.once(60)) this.#check(site);
      }
      this.#drain();
      for (const site of this.#sites) this.#check(site);
      const all = new Set(this.#sites.map(({ domain }) => domain.facts()));
      if (all.size !== 1 && !this.#options.forget)
        throw new Error(`replicas differ: ${difference(...([...all] as [string, string]))}`);
      return undefined;
    } catch (error) {
      return error instanceof Error ? `${error.message}\n${error.stack}` : String(error);
    }
  }

  #partition(): Set<string> {
    const apart = new Set<string>();
    if (this.#dice.once(2)) return apart;
    const side = this.#sites.map(() => this.#dice.roll(2));
    for (const { replica } of this.#sites) {
      this.#sites.forEach((_, from) => {
        if (side[replica - 1] !== side[from]) apart.add(`${replica} ${from}`);
      });
    }
    return apart;
  }

  #write(site: Site): void {
    if (this.#dice.roll(3) > 0) this.#now += 1;
    // Sites see the time differently; the clock is past all that it knows, unless it is wild.
    const newest = Number.parseInt(site.domain.state.newest()?.slice(0, 12) ?? '0', 16);
    const wall = this.#now + site.replica * (this.#options.skew ?? 2);
    site.clock = Math.max(site.clock + 1, wall, this.#options.wild && this.#dice.once(2) ? 0 : newest + 1);
    const intent = this.#intent(site);
    if (intent === undefined) return;
    const made = change(site.clock, site.replica, intent.entry, intent.body, site.domain.state);
    this.#made[site.replica - 1]?.push(made);
    this.#changes.push(made);
    this.#take(site, site.replica - 1);
  }

  #intent({ domain: { entries }, clock }: Site): { entry: EntryUuid; body: ChangeBody } | undefined {
    const dice = this.#dice;
    const all = [...entries.values()];
    const alive = all.filter(isAlive);
    const some = dice.pick(alive.filter(({ uuid }) => uuid !== BASE));
    const parent = dice.once(12) ? LOST_AND_FOUND_UUID : (dice.pick(alive)?.uuid ?? BASE);
    const kind = dice.roll(20);
    if (kind < 3 || some === undefined) {
      const entry = this.#uuid(entries);
      const below = dice.once(40) ? ROOT_UUID : parent;
      const name = below === ROOT_UUID ? 'base' : dice.pick(NAMES);
      return { entry, body: add(below, name, { mail: [dice.pick(VALUES)], n: [] }) };
    }
    const entry = some.uuid;
    if (kind < 5) {
      const name = dice.pick(NAMES);
      return { entry, body: rename(name, { name: 'cn', add: [name], remove: [dice.pick(NAMES)] }) };
    }
    if (kind < 8) return { entry, body: dice.once(2) ? move(parent) : move(parent, dice.pick(NAMES)) };
    if (kind < 10) {
      const childless = !alive.some((other) => other.place.parent === entry);
      return childless || dice.once(2) ? { entry, body: remove } : undefined;
    }
    if (kind < 11) {
      const dead = all.filter((other) => {
        const death = deathOf(other.life);
        return death !== undefined && clock <= csnTimeMs(death) + LIFETIME_MS;
      });
      return dead.length === 0 ? undefined : { entry: dice.pick(dead).uuid, body: undelete };
    }
    const edit = dice.pick(EDITS)(dice);
    const equality = this.#options.wild && dice.once(3) ? 'octetStringMatch' : undefined;
    return { entry, body: modify(equality === undefined ? edit : { ...edit, equality }) };
  }

  /** The UUID of an entry to be added: a new one, or one that the site does not know. */
  #uuid(entries: ReadonlyMap<EntryUuid, EntryState>): EntryUuid {
    const given = Array.from({ length: this.#fresh - 100 }, (_, i) => id(101 + i));
    const unknown = this.#options.twice === true ? given.filter((uuid) => !entries.has(uuid)) : [];
    if (unknown.length > 0 && this.#dice.once(2)) {
      this.#twice += 1;
      return this.#dice.pick(this.#dice.once(2) ? unknown : unknown.slice(-4));
    }
    this.#fresh += 1;
    return id(this.#fresh);
  }

  /** The next changes of one site, taken by another. */
  #deliver(site: Site, from: number, count: number): void {
    for (let i = 0; i < count; i++) if (!this.#take(site, from)) return;
  }

  #take(site: Site, from: number): boolean {
    const next = this.#made[from]?.[site.taken[from] as number];
    if (next === undefined || !site.domain.apply(next)) return false;
    site.taken[from] = (site.taken[from] as number) + 1;
    site.order.push(next);
    if (next.body.kind === 'add') site.buried.delete(next.entry);
    return true;
  }

  #repeat(site: Site): void {
    if (site.order.length === 0) return;
    const before = site.domain.facts();
    site.domain.apply(this.#dice.pick(site.order));
    if (site.domain.facts() !== before) throw new Error('a duplicate changed the domain');
  }

  #report(site: Site): void {
    if (!this.#options.wild)
      site.clock = Math.max(site.clock, this.#now + site.replica * (this.#options.skew ?? 2));
    const report: ReplicaReport = { state: site.domain.state, clock: csn(site.clock, site.replica) };
    for (const other of this.#sites) {
      const own = report.state.get(site.replica as ReplicaId);
      if (own !== undefined && !other.domain.state.covers(own)) continue;
      other.reports.set(site.replica as ReplicaId, report);
    }
  }

  #forget(site: Site): void {
    const { domain } = site;
    this.#report(site);
    if (site.reports.size < this.#sites.length) return;
    const reports = new Map([
      ...site.reports,
      [9 as ReplicaId, { state: domain.state, clock: csn(2 ** 40, 9) }],
    ]);
    const horizon = causalHorizon(reports, domain.state);
    if (horizon === undefined) throw new Error('a report that is not covered');
    for (const [uuid, rows] of domain.rows) {
      const count = forgettableRows(rows, horizon);
      this.#forgotten += count;
      domain.rows.set(uuid, rows.slice(count));
    }
    const kept = domain.moveLog.findIndex((row) => !isForgettableMove(row, horizon));
    domain.moveLog = kept < 0 ? [] : domain.moveLog.slice(kept);
    for (const state of [...domain.entries.values()]) {
      if (this.#canBury(domain, state, horizon)) {
        site.buried.add(state.uuid);
        domain.entries.delete(state.uuid);
        domain.rows.delete(state.uuid);
        this.#buried += 1;
      }
    }
  }

  #canBury(domain: MemoryDomain, state: EntryState, horizon: Horizon): boolean {
    const { uuid } = state;
    const left = domain.rows.get(uuid) ?? [];
    const rowsLeft = left.length - forgettableRows(left, horizon);
    const referenced =
      [...domain.entries.values()].some(({ parent }) => parent === uuid) ||
      domain.moveLog.some(({ entry, from, to }) => entry === uuid || from === uuid || to === uuid);
    return isForgettableEntry(state, horizon, LIFETIME_MS, rowsLeft, referenced);
  }

  #drain(): void {
    for (let moved = true; moved; ) {
      moved = false;
      for (const site of this.#sites) {
        const froms = this.#sites.map((_, from) => from);
        for (let i = froms.length; i > 0; i--) {
          const from = froms.splice(this.#dice.roll(i), 1)[0] as number;
          const before = site.order.length;
          this.#deliver(site, from, 1 + this.#dice.roll(20));
          if (site.order.length > before) moved = true;
        }
      }
    }
    for (const site of this.#sites) {
      if (site.order.length !== this.#changes.length) throw new Error(`replica ${site.replica} is stuck`);
    }
  }

  /**
   * What the oracle decides: all, but where origins disagreed about the rule of an attribute the journal goes by the keys of values and the oracle
   * by the values; then the journal need only be the same everywhere.
   */
  #judged(facts: string): string {
    return this.#options.wild ? entriesOf(facts) : facts;
  }

  #check(site: Site): void {
    const expected = this.#judged(unburied(oracle([...this.#base, ...site.order]), site));
    const found = this.#judged(site.domain.facts());
    if (expected !== found)
      throw new Error(`replica ${site.replica} differs: ${difference(expected, found)}`);
  }
}

/** The facts without the entries that the site has dropped for good. */
function unburied(facts: string, { buried }: Site): string {
  return facts
    .split('\n')
    .filter((line) => !(line.includes(' # ') && buried.has(line.slice(0, 36) as EntryUuid)))
    .join('\n');
}

/** Entries alone. */
export function entriesOf(facts: string): string {
  return facts
    .split('\n')
    .filter((line) => line.includes(' # '))
    .join('\n');
}

export function difference(expected: string, found: string): string {
  const wanted = new Set(expected.split('\n'));
  const got = new Set(found.split('\n'));
  const missing = [...wanted].filter((line) => !got.has(line));
  const extra = [...got].filter((line) => !wanted.has(line));
  return `\nexpected and missing:\n${missing.join('\n')}\nfound and not expected:\n${extra.join('\n')}`;
}

/** Replays arrivals on a fresh domain and compares with the oracle; undefined when equal or when something waits for what is not there. */
export function replayFault(base: readonly Change[], order: readonly Change[]): string | undefined {
  const domain = new MemoryDomain();
  try {
    for (const made of base) domain.apply(made);
    for (const made of order) if (!domain.apply(made)) return undefined;
    const expected = oracle([...base, ...order]);
    const found = domain.facts();
    return expected === found ? undefined : difference(expected, found);
  } catch (error) {
    return String(error);
  }
}

/** The smallest part of `order` found that still fails on its own: what a person should read. */
export function shrink(base: readonly Change[], order: readonly Change[]): readonly Change[] {
  let small = order;
  for (let size = Math.ceil(small.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < small.length; ) {
      const without = [...small.slice(0, at), ...small.slice(at + size)];
      if (replayFault(base, without) === undefined) at += size;
      else small = without;
    }
  }
  return small;
}
