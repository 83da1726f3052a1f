/**
 * The oracle: the model itself, as naive as can be. Sorts all changes, executes them one after the other over a Map, permissively, and writes
 * down what each lost. Shares no code with the engine but types and text forms; slow, and meant to be read beside replication-model.md.
 */
import { latin1 } from '../../lib/base/bytes.js';
import {
  type AttributeChange,
  type Change,
  type EntryUuid,
  type NamedRdn,
  ROOT_UUID,
} from '../../lib/change/change.js';
import { formatNamedRdn } from '../../lib/change/named-rdn.js';
import { LOST_AND_FOUND_UUID } from '../../lib/conflict/entry-state.js';
import type { Csn } from '../../lib/csn/csn.js';

interface Value {
  readonly text: string;
  /** Changes that said that this value be there, since it is. */
  asserters: Change[];
}

interface Attr {
  name: string;
  values: Value[];
}

interface Loss {
  readonly loser: Csn;
  readonly winner: Csn | undefined;
  readonly key: string;
  readonly value: string;
  held: boolean;
}

interface Entry {
  readonly add: Change;
  modified: Change;
  alive: boolean;
  death: Csn | undefined;
  life: string[];
  parent: EntryUuid;
  parentCsn: Csn;
  rdn: NamedRdn;
  rdnCsn: Csn;
  /** Since when it has the name, in any spelling. */
  named: Csn;
  /** The last undelete that found the entry dead. */
  back: Csn | undefined;
  readonly attributes: Map<string, Attr>;
  /** Changes that were not void. */
  readonly done: Change[];
  /** All but the add and undeletes, those that were void too. */
  readonly all: Change[];
  /** Values that changes lost, and whether the name holds them. */
  readonly losses: Loss[];
  /** Changes that took values, by attribute. */
  readonly takers: Map<string, Change[]>;
  /** Another add of its UUID found it alive. */
  doubled: boolean;
}

/** What the changes of one UUID are to its last life. */
interface Uuid {
  readonly changes: readonly Change[];
  /** Of every life, the add that began it. */
  readonly founders: readonly Change[];
}

/** Facts as MemoryDomain.facts() writes them. */
export function oracle(changes: readonly Change[]): string {
  const world = new World();
  const sorted = [...changes].sort((a, b) => (a.csn < b.csn ? -1 : 1));
  for (const uuid of uuidsOf(sorted)) world.begin(uuid);
  for (const change of sorted) {
    if (change.body.kind === 'add') world.found(change);
    else world.execute(change);
  }
  return [...world.finish(), ...[...world.journal].sort()].join('\n');
}

function uuidsOf(sorted: readonly Change[]): Uuid[] {
  const byUuid = new Map<EntryUuid, Change[]>();
  for (const change of sorted) byUuid.set(change.entry, [...(byUuid.get(change.entry) ?? []), change]);
  return [...byUuid.values()].map((changes) => {
    const founders: Change[] = [];
    for (const add of changes) {
      if (add.body.kind !== 'add') continue;
      const now = founders.at(-1);
      const events = changes
        .filter(
          (one) => now !== undefined && one.csn < add.csn && isAfter(one, now) && !one.seen.covers(add.csn),
        )
        .filter(({ body }) => body.kind === 'delete' || body.kind === 'undelete');
      if (now === undefined || events.at(-1)?.body.kind === 'delete') founders.push(add);
    }
    return { changes, founders };
  });
}

/** Whether a change can be one of what `founder` began. */
function isAfter(change: Change, founder: Change): boolean {
  return change.csn > founder.csn || change.seen.covers(founder.csn);
}

/** The add that began the life that a change, no add, is of. */
function lifeOf(change: Change, founders: readonly Change[]): Change | undefined {
  return founders.filter((founder) => isAfter(change, founder)).at(-1);
}

/** How values compare in these tests, whose DNs are plain, and whose definitions begin with an OID in digits. */
export function naiveEqual(rule: string, a: string, b: string): boolean {
  if (rule === 'objectIdentifierFirstComponentMatch') return a.split(' ')[1] === b.split(' ')[1];
  return rule === 'caseIgnoreMatch' || rule === 'distinguishedNameMatch'
    ? a.toLowerCase() === b.toLowerCase()
    : a === b;
}

function knew(later: Change, earlier: Csn): boolean {
  return later.csn.slice(20) === earlier.slice(20) || later.seen.covers(earlier);
}

class World {
  readonly entries = new Map<EntryUuid, Entry>();
  readonly journal = new Set<string>();
  /** The life that a change is of. */
  readonly lives = new Map<Change, Entry>();
  /** Lives that have ended. */
  readonly earlier: Entry[] = [];

  note(
    kind: string,
    loser: Csn,
    winner: Csn | undefined,
    entry: string,
    attribute = '',
    value?: string,
  ): void {
    this.journal.add(
      `${loser} ${kind} ${entry} ${winner ?? ''} ${attribute} ${value === undefined ? '' : `=${value}`}`,
    );
  }

  /** The lives of a UUID, all below the parent of the first add. The last one is the entry; its parent register is that of all. */
  begin({ changes, founders }: Uuid): void {
    const adds = changes.filter(({ body }) => body.kind === 'add');
    const [first] = adds;
    if (first?.body.kind !== 'add') throw new Error('no such entry');
    for (const founder of founders) {
      const ended = this.entries.get(founder.entry);
      if (ended !== undefined) this.earlier.push(ended);
      const life = this.add(founder);
      life.parent = first.body.parent;
      life.parentCsn = first.csn;
      if (founder !== first) this.lives.set(founder, life);
      for (const change of changes)
        if (change.body.kind !== 'add' && lifeOf(change, founders) === founder) this.lives.set(change, life);
      const next = founders[founders.indexOf(founder) + 1];
      for (const add of adds) {
        if (add.csn <= founder.csn || (next !== undefined && add.csn >= next.csn)) continue;
        life.doubled = true;
        this.noteLostAdd(add, founder);
      }
    }
  }

  /** An add that begins a later life moves the entry to where it says. */
  found(change: Change): void {
    const life = this.lives.get(change);
    if (life?.alive === true && change.body.kind === 'add')
      this.rename(life, change, undefined, change.body.parent);
  }

  noteLostAdd(add: Change, founder: Change): void {
    if (add.body.kind !== 'add' || founder.body.kind !== 'add') return;
    const note = (attribute: string, value: string) =>
      this.note('add-lost', add.csn, founder.csn, add.entry, attribute, value);
    const there = new Set<string>();
    for (const { key, values } of founder.body.attributes)
      for (const value of values) there.add(`${key} ${latin1(value)}`);
    for (const { key, values } of add.body.attributes)
      for (const value of values.map(latin1)) if (!there.has(`${key} ${value}`)) note(key, value);
    const name = formatNamedRdn(add.body.rdn);
    if (name !== formatNamedRdn(founder.body.rdn)) note('', name);
    if (add.body.parent !== founder.body.parent) note('', add.body.parent);
  }

  add(change: Change): Entry {
    if (change.body.kind !== 'add') throw new Error('no add');
    const { parent, rdn, attributes } = change.body;
    const entry: Entry = {
      add: change,
      modified: change,
      alive: true,
      death: undefined,
      life: [],
      parent,
      parentCsn: change.csn,
      rdn,
      rdnCsn: change.csn,
      named: change.csn,
      back: undefined,
      attributes: new Map(
        attributes.map(({ key, name, values }) => [
          key,
          { name, values: values.map((value) => ({ text: latin1(value), asserters: [] })) },
        ]),
      ),
      done: [],
      all: [],
      losses: [],
      takers: new Map(),
      doubled: false,
    };
    this.entries.set(change.entry, entry);
    return entry;
  }

  execute(change: Change): void {
    const entry = this.lives.get(change);
    if (entry === undefined) return;
    const { body, csn } = change;
    if (body.kind !== 'undelete') entry.all.push(change);
    if (body.kind === 'undelete') {
      if (entry.alive) return;
      entry.alive = true;
      entry.life.push(`undelete@${csn}`);
      entry.back = csn;
    } else if (!entry.alive) {
      if (body.kind !== 'delete') this.noteLostWith(change, entry.death as Csn);
      return;
    } else if (body.kind === 'delete') {
      entry.alive = false;
      entry.death = csn;
      entry.life.push(`delete@${csn}`);
      for (const older of entry.done) {
        if (older.body.kind !== 'delete' && !knew(change, older.csn)) this.noteLostWith(older, csn);
      }
    } else if (body.kind === 'modify' || body.kind === 'modifyDn') {
      for (const attribute of body.attributes) this.modify(entry, change, attribute);
      if (body.kind === 'modifyDn') this.rename(entry, change, body.rdn, body.parent);
    }
    entry.modified = change;
    entry.done.push(change);
  }

  noteLostWith(change: Change, death: Csn): void {
    const kind = 'change-of-deleted-entry';
    const wanted: [string, string][] = [];
    const { body } = change;
    if (body.kind === 'modify' || body.kind === 'modifyDn') {
      for (const { key, add, increment } of body.attributes) {
        for (const value of add) wanted.push([key, latin1(value)]);
        if (increment !== 0n) wanted.push([key, signed(increment)]);
      }
    }
    if (body.kind === 'modifyDn' && body.rdn !== undefined) wanted.push(['', formatNamedRdn(body.rdn)]);
    if (body.kind === 'modifyDn' && body.parent !== undefined) wanted.push(['', body.parent]);
    for (const [key, value] of wanted) this.note(kind, change.csn, death, change.entry, key, value);
    if (wanted.length === 0) this.note(kind, change.csn, death, change.entry);
  }

  modify(entry: Entry, change: Change, attribute: AttributeChange): void {
    const { key, equality, single, clear, increment } = attribute;
    const before = entry.attributes.get(key)?.values ?? [];
    let values = [...before];
    const gone: Value[] = [];
    const equal = (text: string) => (value: Value) => naiveEqual(equality, value.text, text);
    if (clear) gone.push(...values.splice(0));
    for (const text of attribute.remove.map(latin1)) {
      gone.push(...values.filter(equal(text)));
      values = values.filter((value) => !equal(text)(value));
    }
    for (const text of attribute.add.map(latin1)) {
      const there = values.find(equal(text));
      if (there !== undefined) there.asserters.push(change);
      else if (single && values.length > 0) {
        const unknown = values
          .flatMap((value) => value.asserters)
          .filter((by) => by !== change && !knew(change, by.csn));
        const winner = unknown
          .map(({ csn }) => csn)
          .sort()
          .at(-1);
        this.lose(entry, change, change.csn, winner, key, text);
      } else {
        const inherited = gone.filter(equal(text)).flatMap((value) => value.asserters);
        values.push({ text, asserters: [...inherited, change] });
      }
    }
    if (increment !== 0n) values = this.increment(entry, change, attribute, values);
    else {
      for (const value of gone) {
        if (values.some(equal(value.text))) continue;
        for (const by of new Set(value.asserters)) {
          if (!knew(change, by.csn)) this.lose(entry, change, by.csn, change.csn, key, value.text);
        }
      }
      if (before.some(({ text }) => !values.some((value) => value.text === text))) {
        entry.takers.set(key, [...(entry.takers.get(key) ?? []), change]);
      }
    }
    const name = before.length > 0 ? (entry.attributes.get(key)?.name ?? '') : attribute.name;
    if (values.length === 0) entry.attributes.delete(key);
    else entry.attributes.set(key, { name, values });
  }

  increment(entry: Entry, change: Change, { key, increment }: AttributeChange, values: Value[]): Value[] {
    const counts = values.filter(({ text }) => /^(0|-?[1-9][0-9]*)$/.test(text));
    if (counts.length === 0) {
      const unknown = (entry.takers.get(key) ?? []).filter((by) => !knew(change, by.csn));
      this.note('value-lost', change.csn, unknown.at(-1)?.csn, change.entry, key, signed(increment));
      return values;
    }
    const asserters = [...counts.flatMap((value) => value.asserters), change];
    const sums = [...new Set(counts.map(({ text }) => String(BigInt(text) + increment)))];
    return [
      ...values.filter((value) => !counts.includes(value)),
      ...sums.map((text) => ({ text, asserters: [...asserters] })),
    ];
  }

  lose(entry: Entry, at: Change, loser: Csn, winner: Csn | undefined, key: string, value: string): void {
    const rdn = (at.body.kind === 'modifyDn' && at.body.rdn) || entry.rdn;
    entry.losses.push({ loser, winner, key, value, held: names(rdn, key, value) });
  }

  rename(entry: Entry, change: Change, rdn: NamedRdn | undefined, to: EntryUuid | undefined): void {
    const { csn } = change;
    if (rdn !== undefined) {
      const lost = formatNamedRdn(entry.rdn);
      if (!knew(change, entry.rdnCsn) && lost.toLowerCase() !== formatNamedRdn(rdn).toLowerCase()) {
        this.note('rename-lost', entry.rdnCsn, csn, change.entry, '', lost);
      }
      if (lost.toLowerCase() !== formatNamedRdn(rdn).toLowerCase()) entry.named = csn;
      entry.rdn = rdn;
      entry.rdnCsn = csn;
      for (const loss of entry.losses) {
        if (knew(change, loss.loser) && (loss.winner === undefined || knew(change, loss.winner))) continue;
        loss.held = names(rdn, loss.key, loss.value);
      }
    }
    if (to !== undefined)
      this.move(this.entries.get(change.entry) as Entry, change, to, change === entry.add);
  }

  /** Sets the parent register, which an entry has for all its lives. */
  move(entry: Entry, change: Change, to: EntryUuid, founds: boolean): void {
    const { csn } = change;
    const way: Entry[] = [];
    for (let at = this.entries.get(to); at !== undefined && at !== entry; at = this.entries.get(at.parent))
      way.push(at);
    const top = way.at(-1);
    if (to === change.entry || top?.parent === change.entry) {
      const winner = way
        .map(({ parentCsn }) => parentCsn)
        .sort()
        .at(-1);
      this.note('move-loop', csn, winner, change.entry, '', to);
      return;
    }
    if (entry.parent !== to && !founds && !knew(change, entry.parentCsn)) {
      this.note('move-lost', entry.parentCsn, csn, change.entry, '', entry.parent);
    }
    entry.parent = to;
    entry.parentCsn = csn;
  }

  finish(): string[] {
    const alive = [...this.entries.values()].filter((entry) => entry.alive);
    const parentOf = new Map<Entry, EntryUuid>();
    for (const entry of alive) {
      const parent = this.entries.get(entry.parent);
      const fixed = entry.parent === ROOT_UUID || entry.parent === LOST_AND_FOUND_UUID;
      parentOf.set(entry, fixed || parent?.alive === true ? entry.parent : LOST_AND_FOUND_UUID);
      if (!fixed && parent?.alive === false) {
        this.note('orphan', entry.parentCsn, parent.death, entry.add.entry, '', entry.parent);
      }
    }
    for (const { add, losses } of [...this.earlier, ...this.entries.values()]) {
      for (const { loser, winner, key, value, held } of losses) {
        if (!held) this.note('value-lost', loser, winner, add.entry, key, value);
      }
    }
    const facts: string[] = [];
    for (const [uuid, entry] of this.entries) {
      let place = entry.parent;
      let conflict = false;
      if (entry.alive) {
        place = parentOf.get(entry) as EntryUuid;
        const name = formatNamedRdn(entry.rdn).toLowerCase();
        const rivals = alive
          .filter(
            (other) => parentOf.get(other) === place && formatNamedRdn(other.rdn).toLowerCase() === name,
          )
          .sort((a, b) => (claimOf(a) < claimOf(b) ? -1 : 1));
        const holder = rivals[0] as Entry;
        conflict = holder !== entry;
        if (conflict)
          this.note('name-conflict', claimOf(entry), claimOf(holder), uuid, '', formatNamedRdn(entry.rdn));
        if (conflict && place === ROOT_UUID) place = LOST_AND_FOUND_UUID;
      }
      const attributes = [...entry.attributes].map(
        ([key, { name, values }]) =>
          `${key}(${name})=${values
            .map(({ text }) => text)
            .sort()
            .join('|')}`,
      );
      facts.push(
        [
          uuid,
          `${entry.add.csn}/${entry.add.initiator} ${entry.modified.csn}/${entry.modified.initiator}`,
          entry.life.join(' '),
          `${entry.parent}@${entry.parentCsn} ${formatNamedRdn(entry.rdn)}@${entry.rdnCsn} claim ${claimOf(entry)}`,
          `${entry.alive ? 'at' : 'dead'} ${place}${conflict ? ' conflict' : ''}${isMerged(entry) ? ' merged' : ''}`,
          attributes.sort().join('; '),
        ].join(' # '),
      );
    }
    return facts.sort();
  }
}

function isMerged({ all, doubled }: Entry): boolean {
  return doubled || all.some((younger, i) => all.slice(0, i).some((older) => !knew(younger, older.csn)));
}

function names({ avas }: NamedRdn, key: string, value: string): boolean {
  return avas.some((ava) => ava.key === key && naiveEqual(ava.equality, latin1(ava.value), value));
}

/** The newest of what gave the entry its name. */
function claimOf({ parentCsn, named, back }: Entry): Csn {
  return [parentCsn, named, back ?? named].sort().at(-1) as Csn;
}

function signed(increment: bigint): string {
  return increment > 0n ? `+${increment}` : String(increment);
}
