/** What a server's name promised under other replica ids (replication-model.md section 4): merging rows is a join, exhaustively over small ones. */
import t from 'tap';
import { ByteReader } from '../../lib/base/binary.js';
import { type ReplicaId, ZERO_CSN } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { FrameError } from '../../lib/sync/frame-error.js';
import { heldTo } from '../../lib/sync/member-promises.js';
import {
  decodeMember,
  encodeMember,
  type MemberRow,
  mergeMembers,
  plainRows,
} from '../../lib/sync/member-row.js';
import { csn, heard, report, row } from './test-members.js';

/** Every row that one may be of few replicas, times and states: what merging gives must not depend on order and grouping. */
function everyRow(): readonly MemberRow[] {
  const rows: MemberRow[] = [row({}), row({ ...heard, standing: 'evicted', standingAtMs: 2 })];
  for (const self of [{ kind: 'broker' }, heard, { kind: 'directory', replica: 4 as ReplicaId }] as const)
    for (const atMs of [1, 2])
      for (const held of [csn(1, 1), csn(2, 1)])
        for (const own of [csn(1, 3), csn(2, 3)]) {
          const clock = 'replica' in self ? csn(held < own ? 9 : 8, self.replica) : ZERO_CSN;
          const state = ServerState.of([held, own, csn(atMs, 4)]);
          rows.push(row({ ...self, report: { ...report(atMs), state, clock, shunned: [] } }));
        }
  return rows;
}

const octets = (one: MemberRow): string => Buffer.from(encodeMember(one)).toString('hex');

t.test('merging is a join where a name passes to another replica or to a broker, and back', async (t) => {
  const rows = everyRow();
  const faults: MemberRow[][] = [];
  const pairs = rows.map((a) => rows.map((b) => mergeMembers(a, b)));
  rows.forEach((a, at) => {
    rows.forEach((b, bt) => {
      const ab = pairs[at]?.[bt] ?? a;
      if (
        octets(ab) !== octets(mergeMembers(b, a)) ||
        mergeMembers(ab, b) !== ab ||
        mergeMembers(ab, a) !== ab
      )
        faults.push([a, b]);
      rows.forEach((c, ct) => {
        const bc = pairs[bt]?.[ct] ?? b;
        if (octets(mergeMembers(ab, c)) !== octets(mergeMembers(a, bc))) faults.push([a, b, c]);
      });
    });
  });
  t.same(faults.slice(0, 1), []);
  const [first, broker, again] = [
    row({ ...heard, report: report(1) }),
    row({ kind: 'broker', report: { ...report(2), state: ServerState.EMPTY, clock: ZERO_CSN } }),
    row({ ...heard, report: { ...report(3), state: ServerState.EMPTY } }),
  ];
  const merged = mergeMembers(mergeMembers(first, broker), again);
  t.ok(merged.report?.state.covers(csn(1, 1)), 'held to what it promised before it was a broker');
  t.notOk(merged.report?.state.covers(csn(5, 3)), 'but for its own changes');
  t.equal(merged.former, undefined);
});

t.test(
  'what a server was formerly goes to disk with its row, and over links as rows of one name',
  async (t) => {
    const names = [3, 4, 5, 6, 7, 8].map((id) =>
      row({ kind: 'directory', replica: id as ReplicaId, report: report(id) }),
    );
    const merged = names.reduce(mergeMembers);
    t.equal(merged.replica, 8);
    t.same(
      merged.former?.map(({ replica }) => replica),
      [4, 5, 6, 7],
      'no more of them than a limit says',
    );
    t.same(decodeMember(new ByteReader(encodeMember(merged), (reason) => new FrameError(reason))), merged);
    t.same(plainRows(merged).reduce(mergeMembers), merged);
    t.equal(encodeMember(names[0] ?? merged)[0], 1, 'as ever where it was nothing else');
    t.throws(
      () => decodeMember(new ByteReader(Uint8Array.of(3), (reason) => new FrameError(reason))),
      /version 3/,
    );
  },
);

t.test(
  'one that is let in is held to what it had to hold, whatever it said last, and whoever merges that',
  async (t) => {
    const needed = ServerState.of([csn(7, 1), csn(9, 3), csn(2, 4)]);
    const back = row({ ...heard, report: report(5) });
    const held = heldTo(back, needed);
    t.equal(
      `${held.report?.state}`,
      `${ServerState.of([csn(7, 1), csn(5, 3), csn(2, 4)])}`,
      'but for its own',
    );
    t.equal(held.report?.clock, report(5).clock);
    t.equal(octets(mergeMembers(back, held)), octets(held));
    t.equal(octets(mergeMembers(held, back)), octets(held));
    const silent = heldTo(row(heard), needed);
    t.equal(
      `${silent.report?.state}`,
      `${ServerState.of([csn(7, 1), csn(2, 4)])}`,
      'who never said anything, too',
    );
    t.equal(silent.report?.clock, ZERO_CSN, 'which settles nothing');
    t.ok(mergeMembers(silent, back).report?.state.covers(csn(2, 4)));
    const broker = row({ kind: 'broker' });
    t.equal(heldTo(broker, needed), broker, 'a broker applies nothing');
  },
);
