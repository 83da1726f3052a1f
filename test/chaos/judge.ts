/**
 * The judgement at the end of a chaos run, from what LDAP and the command line show: all replicas equal, each acknowledged write there or named in the journal.
 *
 * Entries whose life or name an unanswered write may have changed are judged less strictly; never not at all.
 */
import { CONTROL_OIDS } from '../../lib/ldap/control-oids.js';
import type { Cluster } from '../e2e/cluster.js';
import { BASE, eventually, polyarch } from '../e2e/harness.js';
import { CHAOS, COUNTERS, rdnOf, uuidOf } from './hand.js';
import { type AttributeFacts, csnServer, type EntryFacts, folded, type Ledger } from './ledger.js';
import { type SeenEntry, Session } from './session.js';
import { LEFT_OUT, type Shape } from './topologies.js';

/** What a server shows. */
export interface Shown {
  readonly live: readonly SeenEntry[];
  readonly deleted: readonly SeenEntry[];
}

/** A line of `replication conflicts --json`. */
export type JournalLine = Readonly<Record<string, string>>;

/** Longest that is waited for a comparison with every peer. */
const COMPARE_MS = 60_000;

/** Each server counts for itself. */
const OWN = ['entryusn'];

async function shown(url: string): Promise<Shown> {
  const session = new Session(url);
  try {
    const control = { oid: CONTROL_OIDS.showDeleted, critical: true, value: undefined };
    const live = await session.search(BASE, '(objectClass=*)', ['*', '+', 'userPassword']);
    const names = ['*', '+', 'isDeleted', 'lastKnownParent'];
    const deleted = await session.search(BASE, '(isDeleted=TRUE)', names, [control]);
    const schema = await session.search('cn=schema', '(objectClass=*)', ['attributeTypes', 'objectClasses']);
    return { live: [...live, ...schema], deleted };
  } finally {
    session.close();
  }
}

/** One line an attribute, in one order; without what `without` names. */
function texts(entries: readonly SeenEntry[], without: readonly string[]): Map<string, string> {
  const of = ({ values }: SeenEntry) =>
    [...values]
      .filter(([name]) => !OWN.includes(name) && !without.includes(name))
      .map(([name, all]) => `${name}: ${[...all].sort().join(' | ')}`)
      .sort()
      .join('\n');
  return new Map(entries.map((entry) => [entry.dn, of(entry)]));
}

/** Up to three entries that differ. */
function difference(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): string[] {
  const out: string[] = [];
  for (const dn of new Set([...a.keys(), ...b.keys()])) {
    const [one, other] = [a.get(dn), b.get(dn)];
    if (one === other) continue;
    const onlyIn = (x = '', y = '') => x.split('\n').filter((line) => !y.split('\n').includes(line));
    const cut = (lines: readonly string[]) => lines.map((line) => line.slice(0, 300)).join('; ');
    out.push(
      one === undefined || other === undefined
        ? `${dn}: only on the ${one === undefined ? 'second' : 'first'}`
        : `${dn}: [${cut(onlyIn(one, other))}] against [${cut(onlyIn(other, one))}]`,
    );
  }
  return out;
}

/** Waits until all directories show the same; answers what they show, or what differs. */
export async function untilShownEqual(
  cluster: Cluster,
  shape: Shape,
  deadlineMs: number,
): Promise<{ readonly shown: Shown; readonly faults: string[] }> {
  let last: Shown = { live: [], deleted: [] };
  let faults: string[] = [];
  const look = async () => {
    faults = [];
    const [first, ...others] = cluster.directories;
    if (first === undefined) return true;
    last = await shown(first.ldap);
    for (const server of others) {
      const other = await shown(server.ldap);
      // The tag of an entry is made of what is held.
      const without = shape.fractional.includes(server.id) ? [...LEFT_OUT, 'etag'] : [];
      for (const part of ['live', 'deleted'] as const)
        for (const line of difference(texts(last[part], without), texts(other[part], without)))
          faults.push(`${part}, ${first.name} and ${server.name}: ${line}`);
    }
    return faults.length === 0;
  };
  await eventually(
    'equal replicas',
    async () =>
      await look().catch((error) => {
        faults = [String(error)];
        return false;
      }),
    deadlineMs,
    700,
  ).catch(() => undefined);
  return { shown: last, faults };
}

/** Journals of all directories are equal; answers the first one's. */
export async function journals(cluster: Cluster, shape: Shape, faults: string[]): Promise<JournalLine[]> {
  let first: JournalLine[] | undefined;
  const isPart = ({ id }: { readonly id: number }) => shape.fractional.includes(id);
  for (const { id, name } of [...cluster.directories].sort((a, b) => Number(isPart(a)) - Number(isPart(b)))) {
    // A part of the attributes makes a part of the journal; a change of which nothing is left names none.
    const held = (line: JournalLine) =>
      !isPart({ id }) ||
      (line.attribute !== undefined && !LEFT_OUT.includes(line.attribute.toLowerCase())) ||
      (line.kind !== 'change-of-deleted-entry' && line.attribute === undefined);
    const lines = (await cluster.journal(id)).filter(held);
    const key = ({ kind, entryUuid, loser, winner, attribute, value }: JournalLine) =>
      [kind, entryUuid, loser, winner, attribute, value].join(' ');
    if (first === undefined) {
      first = lines;
      continue;
    }
    const mine = new Set(lines.map(key));
    const reference = new Set(first.filter(held).map(key));
    for (const line of reference) if (!mine.has(line)) faults.push(`journal: ${name} lacks ${line}`);
    for (const line of mine) if (!reference.has(line)) faults.push(`journal: only ${name} has ${line}`);
  }
  return first ?? [];
}

/** What servers keep that they could not make anew: it stands there for people (docs/replication.md). */
export async function unseen(cluster: Cluster): Promise<string> {
  const told = cluster.directories.map(({ dir }) => polyarch(['replication', 'unseen', '--dir', dir]));
  return (await Promise.all(told)).map(({ stdout }) => stdout).join('\n');
}

/** Everything that was acknowledged, against what is shown, journalled, and (`kept`) left to people. */
export function judgeWrites(
  ledger: Ledger,
  { live, deleted }: Shown,
  journal: readonly JournalLine[],
  kept = '',
): string[] {
  const faults: string[] = [];
  const byUuid = new Map<string, SeenEntry>();
  const dead = new Set<string>();
  for (const entry of live) {
    if (byUuid.has(uuidOf(entry))) faults.push(`${uuidOf(entry)} is shown twice: ${entry.dn}`);
    byUuid.set(uuidOf(entry), entry);
  }
  for (const entry of deleted) {
    // Their container is among them.
    if (uuidOf(entry) === '') continue;
    if (byUuid.has(uuidOf(entry))) faults.push(`${uuidOf(entry)} lives and is deleted`);
    byUuid.set(uuidOf(entry), entry);
    dead.add(uuidOf(entry));
  }
  const lines = grouped(journal);
  for (const facts of ledger.entries.values()) {
    if (facts.uuid === '') continue;
    const entry = byUuid.get(facts.uuid);
    const known = lines.get(facts.uuid) ?? [];
    if (entry === undefined) {
      faults.push(`${facts.uuid} is gone: neither alive nor among the deleted`);
      continue;
    }
    const isDead = dead.has(facts.uuid);
    if (isDead && !facts.deleted && !deletedByTree(ledger, entry))
      faults.push(`${facts.uuid} ${entry.dn} is deleted, by nobody: ${entry.values.get('modifytimestamp')}`);
    const strict = !isDead && !facts.livesUnsure && ledger.madeAnew.size === 0;
    const excused = (attribute: AttributeFacts, value: string) =>
      kept.includes(value) || overtaken(ledger, attribute, value);
    judgeValues(facts, entry, strict, known, excused, faults);
    if (strict) judgeName(facts, entry, known, faults);
  }
  for (const name of COUNTERS) judgeCounter(ledger, name, live, faults);
  return faults;
}

function lineUuid(line: JournalLine): string {
  return line.entryUuid ?? '';
}

function grouped(journal: readonly JournalLine[]): Map<string, JournalLine[]> {
  const lines = new Map<string, JournalLine[]>();
  for (const line of journal) {
    const of = lines.get(lineUuid(line));
    if (of === undefined) lines.set(lineUuid(line), [line]);
    else of.push(line);
  }
  return lines;
}

function deletedByTree(ledger: Ledger, entry: SeenEntry): boolean {
  // What is made anew has the time of that.
  const anew = ledger.madeAnew.size > 0 && ledger.treeDeletes.length > 0;
  if (ledger.treeDeleteUnsure || anew) return true;
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(entry.values.get('modifytimestamp')?.[0] ?? '') ?? [];
  const atMs = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  return ledger.treeDeletes.some((ms) => Math.abs(ms - atMs) <= 3000);
}

/** Whether a change that was made anew, after it, may have taken the value: whoever makes one sees what is there. */
function overtaken({ madeAnew }: Ledger, { steps }: AttributeFacts, value: string): boolean {
  return steps.some(
    ({ kind, values, csn }) => kind !== 'add' && !values.includes(value) && madeAnew.has(csnServer(csn)),
  );
}

function judgeValues(
  facts: EntryFacts,
  entry: SeenEntry,
  strict: boolean,
  lines: readonly JournalLine[],
  excused: (attribute: AttributeFacts, value: string) => boolean,
  faults: string[],
): void {
  for (const [attribute, known] of facts.attributes) {
    const { steps, taken, unsure } = known;
    const there = new Set(entry.values.get(attribute.toLowerCase()) ?? []);
    const at = `${facts.uuid} ${entry.dn} ${attribute}`;
    const given = steps.flatMap(({ kind, values }) => (kind === 'delete' ? [] : values));
    const named = new Set([...taken, ...lines.map((line) => line.value)]);
    for (const value of given)
      if (!there.has(value) && !named.has(value) && !unsure && !excused(known, value))
        faults.push(`${at}: ${value} was acknowledged, is not there, nobody took it, the journal is silent`);
    if (!strict || unsure) continue;
    for (const value of taken)
      if (there.has(value)) faults.push(`${at}: ${value} was taken away and is there`);
    const want = folded(steps, attribute === 'displayName');
    const own = new Set(given);
    for (const value of want)
      if (!there.has(value)) faults.push(`${at}: in CSN order ${value} would be there`);
    for (const value of there)
      if (own.has(value) && !want.has(value)) faults.push(`${at}: in CSN order ${value} would not be there`);
  }
}

function judgeName(
  facts: EntryFacts,
  entry: SeenEntry,
  lines: readonly JournalLine[],
  faults: string[],
): void {
  if (facts.nameUnsure) return;
  const newest = [...facts.renames].sort((a, b) => (a.csn < b.csn ? 1 : -1))[0];
  const rdn = rdnOf(entry.dn);
  const parts = rdn.startsWith('entryUUID=') ? rdn.slice(rdn.indexOf('+') + 1) : rdn;
  if (newest !== undefined && parts !== newest.rdn)
    faults.push(`${facts.uuid} ${entry.dn}: its newest rename was to ${newest.rdn} (${newest.csn})`);
  if (rdn !== parts && !lines.some(({ kind }) => kind === 'name-conflict' || kind === 'orphan'))
    faults.push(`${facts.uuid} ${entry.dn}: a conflict name without a line`);
}

function judgeCounter(ledger: Ledger, name: string, live: readonly SeenEntry[], faults: string[]): void {
  const { sure, unsure } = ledger.counters.get(name) ?? { sure: 0, unsure: 0 };
  const entry = live.find(({ dn }) => dn === `uid=${name},${CHAOS}`);
  const value = Number(entry?.values.get('uidnumber')?.[0]);
  if (!(value >= sure && value <= sure + unsure))
    faults.push(
      `${name} is ${value}: increments of ${sure} were acknowledged, ${unsure} more have no answer`,
    );
}

/** Moves that nobody overwrote and that the journal does not name have taken effect. */
export function judgeMoves(ledger: Ledger, { live }: Shown, journal: readonly JournalLine[]): string[] {
  const faults: string[] = [];
  if (ledger.madeAnew.size > 0) return faults;
  const uuidAt = new Map(live.map((entry) => [entry.dn, uuidOf(entry)]));
  const lines = grouped(journal);
  for (const entry of live) {
    const facts = ledger.entries.get(uuidOf(entry));
    if (facts === undefined || facts.nameUnsure || facts.livesUnsure) continue;
    const newest = [...facts.moves].sort((a, b) => (a.csn < b.csn ? 1 : -1))[0];
    if (newest === undefined) continue;
    const parent = uuidAt.get(entry.dn.slice(rdnOf(entry.dn).length + 1));
    const named = lines.get(facts.uuid)?.some(({ loser }) => loser === newest.csn) === true;
    // A move names its parent by DN: that may have become another entry's between the look and the write.
    const renamed = lines.get(newest.parent)?.some(({ kind }) => kind === 'name-conflict') === true;
    if (parent !== newest.parent && !named && !renamed)
      faults.push(`${facts.uuid} ${entry.dn}: its newest move was below ${newest.parent} (${newest.csn})`);
  }
  return faults;
}

/** What the command line says of servers that run: comparison with all peers, health. */
export async function askServers(cluster: Cluster, faults: string[]): Promise<void> {
  for (const { name, dir } of cluster.directories) {
    let said = '';
    // A peer that came back a moment ago may not be connected yet: that is no answer.
    const compared = async () => {
      const done = await polyarch(['replication', 'verify', '--dir', dir]);
      said = `${done.stdout}${done.stderr}`;
      return done.status === 0;
    };
    await eventually(`${name} compared with all`, compared, COMPARE_MS, 500).catch(() =>
      faults.push(`${name}, replication verify: ${said}`),
    );
    const health = await polyarch(['health', '--json', '--dir', dir]);
    const { findings } = JSON.parse(health.stdout) as { findings: { code: string; what: string }[] };
    // Conflicts stand, clocks were set apart and a disk was made small on purpose.
    const left = ['H031', 'H022', 'H024', 'H003'];
    for (const { code, what } of findings)
      if (!left.includes(code)) faults.push(`${name}, health: ${code} ${what}`);
  }
}
