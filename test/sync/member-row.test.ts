/** Rows of the table of a domain's servers (replication-model.md section 4): merging is a lattice, octets are bounded. */
import t from 'tap';
import { ByteReader, ByteWriter } from '../../lib/base/binary.js';
import { type ReplicaId, ZERO_CSN } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { FrameError } from '../../lib/sync/frame-error.js';
import { decodeFrame, encodeFrame } from '../../lib/sync/frame-octets.js';
import {
  decodeMember,
  encodeMember,
  type MemberRow,
  mergeMembers,
  writeMember,
} from '../../lib/sync/member-row.js';
import { csn, heard, report, row } from './test-members.js';

const ROWS: readonly MemberRow[] = [
  row({}),
  row(heard),
  row({ kind: 'broker' }),
  row({ ...heard, report: report(10) }),
  row({ ...heard, report: report(20) }),
  row({ ...heard, report: report(20), standing: 'evicted', standingAtMs: 15 }),
  row({ standing: 'evicted', standingAtMs: 15 }),
  row({ ...heard, standing: 'returning', standingAtMs: 16 }),
  row({ ...heard, standing: 'member', standingAtMs: 17, report: report(30) }),
  row({
    ...heard,
    report: { ...report(40), state: ServerState.of([csn(8, 1), csn(4, 3)]), clock: csn(9, 3) },
  }),
];

t.test(
  'merging is commutative, associative and idempotent: rows may come in any order by any way',
  async (t) => {
    for (const a of ROWS) {
      t.equal(mergeMembers(a, a), a);
      for (const b of ROWS) {
        t.same(mergeMembers(a, b), mergeMembers(b, a));
        for (const c of ROWS)
          t.same(mergeMembers(mergeMembers(a, b), c), mergeMembers(a, mergeMembers(b, c)));
      }
    }
  },
);

t.test('the later report and the later decision win, each for itself', async (t) => {
  const merged = mergeMembers(ROWS[4] as MemberRow, ROWS[6] as MemberRow);
  t.equal(merged.report?.atMs, 20);
  t.equal(merged.standing, 'evicted');
  t.equal(mergeMembers(merged, ROWS[8] as MemberRow).standing, 'member');
});

t.test('a later report of the same directory takes nothing back; a broker may lose its disk', async (t) => {
  const merged = mergeMembers(ROWS[9] as MemberRow, ROWS[8] as MemberRow).report;
  t.equal(merged?.atMs, 40);
  t.same(merged?.state.csns(), [csn(30, 1), csn(4, 3)], 'but its own changes may be lost for good');
  t.equal(merged?.clock, report(30).clock);
  const broker = (atMs: number, state: ServerState) =>
    row({ kind: 'broker', report: { ...report(atMs), state, clock: ZERO_CSN } });
  const lost = mergeMembers(broker(10, report(10).state), broker(20, ServerState.EMPTY));
  t.equal(lost.report?.state.size, 0);
});

t.test('a row has one form, and what is no row is refused', async (t) => {
  const fail = (reason: string) => new FrameError(reason);
  for (const one of ROWS) {
    const bytes = encodeMember(one);
    t.same(decodeMember(new ByteReader(bytes, fail)), one);
    for (let cut = 0; cut < bytes.length; cut++)
      t.throws(() => decodeMember(new ByteReader(bytes.subarray(0, cut), fail)), FrameError);
  }
  const odd = new ByteWriter();
  odd.u8(1);
  writeMember(odd, row({ kind: 'broker', replica: 3 as ReplicaId }));
  t.throws(() => decodeMember(new ByteReader(odd.finish(), fail)), /no directory has a replica id/);
});

t.test('rows and words to an administrator cross a link as extensions of the protocol', async (t) => {
  for (const frame of [
    { kind: 'members', generation: 'g1', rows: ROWS },
    { kind: 'notice', sentence: 'look at server-3' },
  ] as const) {
    const bytes = encodeFrame(frame);
    t.ok((bytes[4] ?? 0) >= 128, 'a server that does not know it skips it');
    t.same(decodeFrame(bytes.subarray(4)), frame);
  }
});
