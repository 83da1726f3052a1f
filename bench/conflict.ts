/**
 * Conflict resolution: changes folded per second, in order, late behind younger rows, and in a group with many members. Computation only: no
 * store, no disk; processor time, so that a busy machine does not count. Run: npm run bench -- conflict
 */

import { utf8Encode } from '../lib/base/bytes.js';
import type { Change, EntryUuid } from '../lib/change/change.js';
import { ROOT_UUID } from '../lib/change/change.js';
import { decodeChange, encodeChange } from '../lib/change/change-codec.js';
import { applyChange, isWaiting } from '../lib/conflict/apply-change.js';
import type { DomainView, HistoryRow, Outcome } from '../lib/conflict/domain-view.js';
import type { EntryState } from '../lib/conflict/entry-state.js';
import { type Csn, makeCsn, type ReplicaId } from '../lib/csn/csn.js';
import { ServerState } from '../lib/csn/server-state.js';
import type { AttributeKey } from '../lib/schema/attribute-type.js';
import { commandLine } from '../scripts/command-line.js';

commandLine(
  {
    command: 'npm run bench -- conflict',
    about: 'Conflict resolution: changes folded a second, of processor time.',
  },
  {},
);

const BASE = '00000000-0000-4000-8000-000000000001' as EntryUuid;
const csn = (t: number, r: number): Csn => makeCsn(t, 0, r as ReplicaId);

/** One entry; rows in an array, as an engine that cached them would hand them over. */
class OneEntry implements DomainView {
  state = ServerState.EMPTY;
  now: EntryState | undefined;
  rows: HistoryRow[] = [];

  entry(uuid: EntryUuid): EntryState | undefined {
    return uuid === this.now?.uuid ? this.now : undefined;
  }
  history(_uuid: EntryUuid, after: Csn | undefined): readonly HistoryRow[] {
    return after === undefined ? this.rows : this.rows.filter((row) => row.change.csn > after);
  }
  moves() {
    return [];
  }
  claims() {
    return [];
  }
  rivals() {
    return [];
  }
  children() {
    return [];
  }
  apply(change: Change): Outcome {
    const outcome = applyChange(this, change);
    if (isWaiting(outcome)) throw new Error('waits');
    return outcome;
  }
  take(change: Change): void {
    const outcome = this.apply(change);
    this.now = outcome.entries[0];
    for (const { row } of outcome.history) this.rows.push(row);
    this.state = this.state.with(change.csn);
  }
}

/** Keeps rows in order, whatever the order in which changes come. */
class LateEntry extends OneEntry {
  override take(change: Change): void {
    const outcome = this.apply(change);
    this.now = outcome.entries[0];
    for (const { row } of outcome.history) {
      let [low, high] = [0, this.rows.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((this.rows[middle] as HistoryRow).change.csn < row.change.csn) low = middle + 1;
        else high = middle;
      }
      this.rows.splice(low, this.rows[low]?.change.csn === row.change.csn ? 1 : 0, row);
    }
    this.state = this.state.with(change.csn);
  }
}

function edit(
  t: number,
  r: number,
  value: string,
  seen: ServerState,
  name = 'member',
  clear = false,
): Change {
  const rule = name === 'member' ? 'distinguishedNameMatch' : 'caseIgnoreMatch';
  const attributes = [
    {
      key: name as AttributeKey,
      name,
      equality: rule,
      single: false,
      clear,
      remove: [],
      add: [utf8Encode(value)],
      increment: 0n,
    },
  ];
  const others = seen.csns().filter((other) => other !== seen.get(r as ReplicaId));
  return {
    csn: csn(t, r),
    previous: undefined,
    seen: ServerState.of(others),
    entry: BASE,
    initiator: 'cn=admin',
    body: { kind: 'modify', attributes },
  };
}

function domainOf(members: number, domain = new OneEntry()): OneEntry {
  const values = Array.from({ length: members }, (_, i) =>
    utf8Encode(`uid=user.${i},ou=people,dc=example,dc=com`),
  );
  domain.take({
    csn: csn(1, 1),
    previous: undefined,
    seen: ServerState.EMPTY,
    entry: BASE,
    initiator: 'cn=admin',
    body: {
      kind: 'add',
      parent: ROOT_UUID,
      rdn: {
        avas: [
          { key: 'cn' as AttributeKey, name: 'cn', value: utf8Encode('g'), equality: 'caseIgnoreMatch' },
        ],
      },
      attributes: [
        { key: 'cn' as AttributeKey, name: 'cn', values: [utf8Encode('g')] },
        ...(members === 0 ? [] : [{ key: 'member' as AttributeKey, name: 'member', values }]),
      ],
    },
  });
  return domain;
}

function measure(name: string, times: number, run: (i: number) => void): void {
  for (let i = 0; i < Math.min(times, 2000); i++) run(i);
  const start = process.cpuUsage();
  for (let i = 0; i < times; i++) run(i);
  const { user, system } = process.cpuUsage(start);
  report(name, (user + system) / times);
}

function report(name: string, us: number): void {
  console.log(
    `${name.padEnd(70)} ${us.toFixed(1).padStart(9)} us ${Math.round(1e6 / us)
      .toString()
      .padStart(9)} /s`,
  );
}

const plain = domainOf(0);
const late = ServerState.of([csn(1, 1)]);
const fresh = edit(1000, 2, 'x', late, 'mail', true);
measure('in order, replace of one value, nothing concurrent', 200_000, () => plain.apply(fresh));
for (const younger of [1, 100, 10_000]) {
  for (const shared of [false, true]) {
    const domain = domainOf(0);
    for (let i = 0; i < younger; i++) {
      domain.take(edit(2000 + i, 2, `uid=u${shared ? i % 2 : i},dc=x`, domain.state));
    }
    const change = edit(1500, 3, 'uid=u1,dc=x', late);
    const what = shared ? 'rows on the same value' : 'rows on other values';
    measure(`late by ${younger} younger ${what}`, younger > 1000 ? 50 : 20_000, () => domain.apply(change));
  }
}
for (const members of [10, 100_000]) {
  const domain = domainOf(members);
  const added = edit(1000, 2, 'uid=new,ou=people,dc=example,dc=com', late);
  const one = edit(1000, 2, `uid=user.${members - 1},ou=people,dc=example,dc=com`, late);
  measure(`group of ${members}: add a member, in order`, members > 1000 ? 300 : 100_000, () =>
    domain.apply(added),
  );
  const first = one.body.kind === 'modify' ? one.body.attributes[0] : undefined;
  if (first !== undefined) {
    const removal: Change = {
      ...one,
      body: { kind: 'modify', attributes: [{ ...first, add: [], remove: first.add }] },
    };
    measure(`group of ${members}: remove a member, in order`, members > 1000 ? 300 : 100_000, () =>
      domain.apply(removal),
    );
  }
  for (let i = 0; i < 1000; i++) domain.take(edit(2000 + i, 2, `uid=more.${i},dc=x`, domain.state));
  const old = edit(1500, 3, 'uid=late,dc=x', late);
  measure(`group of ${members}: late add behind 1000 younger edits`, 100, () => domain.apply(old));
}
const healed = domainOf(0, new LateEntry());
const backlog = [2, 3, 4].flatMap((r) =>
  Array.from({ length: 1000 }, (_, i) => edit(5000 + 3 * i + r, r, `${r} says ${i}`, late, 'mail', true)),
);
const backlogStart = process.cpuUsage();
for (const change of backlog) healed.take(change);
const backlogTime = process.cpuUsage(backlogStart);
report(
  '1000 concurrent replaces from each of three origins, one after another',
  (backlogTime.user + backlogTime.system) / backlog.length,
);
const encoded = encodeChange(fresh);
measure(`encode a modify (${encoded.length} octets)`, 200_000, () => encodeChange(fresh));
measure('decode it', 200_000, () => decodeChange(encoded));
