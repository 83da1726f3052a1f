/** Who is not let in, because it may not know what others have forgotten (replication-model.md section 4). */
import t from 'tap';
import { type Csn, makeCsn, type ReplicaId } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { barOf, copyBar, dismissal } from '../../lib/sync/admission.js';
import type { Hello } from '../../lib/sync/frames.js';
import { expectedMember, type MemberReport, type MemberRow } from '../../lib/sync/member-row.js';
import { hello } from './session-fixtures.js';

const csn = (at: number, replica: number): Csn => makeCsn(at, 0, replica as ReplicaId);
const state = (...csns: [number, number][]) => ServerState.of(csns.map(([at, of]) => csn(at, of)));

/** Server s2 that holds these changes. */
function peer(applied: ServerState, more: Partial<Hello> = {}): Hello {
  const plain = hello('s2', 2);
  return { ...plain, states: { ...plain.states, applied, log: applied }, ...more };
}
const said = (held: ServerState): MemberReport => ({
  atMs: 1,
  state: held,
  clock: csn(100, 1),
  undeleteFromMs: 0,
  shunned: [],
});
const row = (more: Partial<MemberRow>): MemberRow => ({ ...expectedMember('s2'), ...more });
const OWN = said(state([10, 1], [10, 2]));
const LOG = state([20, 1], [10, 2]);
/** As s1 judges it, which has said that it holds `told`. */
const bar = (
  peer: Hello,
  known: MemberRow | undefined,
  told: ServerState | undefined = OWN.state,
  stray?: string,
) => barOf(peer, { server: 's1', row: known, told, log: LOG, stray });
const code = (peer: Hello, known: MemberRow | undefined, own: MemberReport = OWN) =>
  bar(peer, known, own.state)?.code;

t.test(
  'an evicted server is refused whatever it asks for, with the commands that bring it back',
  async (t) => {
    const evicted = row({ standing: 'evicted' });
    for (const purpose of ['follow', 'initialize'] as const)
      t.equal(code(peer(LOG, { purpose }), evicted), 'evicted');
    const sentence = bar(peer(LOG), evicted)?.sentence;
    t.match(
      sentence,
      /replication restore --dir DIR --server s2 \(DIR: that of s1\).*replication initialize --dir DIR \(DIR: that of s2/,
    );
  },
);

t.test(
  'who is no member is let in when it holds all that we ever said we hold, and made nothing unseen',
  async (t) => {
    for (const known of [undefined, row({ standing: 'returning' })]) {
      t.equal(code(peer(state([10, 1], [10, 2])), known), undefined);
      t.equal(code(peer(state([9, 1], [10, 2])), known), 'not-member', 'something may be forgotten');
      t.equal(code(peer(state([10, 1], [11, 2])), known), 'not-member', 'made outside');
      t.equal(
        barOf(peer(state()), { server: 's1', row: known, told: undefined, log: LOG, stray: undefined }),
        undefined,
        'nothing was said yet, so nothing is forgotten',
      );
      t.equal(code(peer(state(), { purpose: 'initialize' }), known), undefined, 'a copy brings all');
    }
  },
);

t.test(
  'a member is let in, unless it was restored and has made changes without what it had known',
  async (t) => {
    const member = row({ report: said(state([15, 1], [10, 2])) });
    t.equal(code(peer(state([15, 1], [11, 2])), member), undefined);
    t.equal(code(peer(state([9, 1], [10, 2])), member), undefined, 'restored: it catches up first');
    t.equal(code(peer(state([9, 1], [11, 2])), member), 'not-member');
    const overtaken = (clockMs: number) => {
      const plain = peer(state([9, 1], [11, 2]));
      const report = { ...said(state([15, 1], [10, 2])), atMs: 20_000 };
      return code({ ...plain, states: { ...plain.states, clockMs } }, row({ report }));
    };
    t.equal(overtaken(20_001), 'not-member', 'it introduced itself after it had said so');
    t.equal(overtaken(19_900), 'closing', 'the report came by a shorter way than the hello');
    t.equal(overtaken(10_000), 'not-member', 'no hello is so long on its way: the clock was set back');
    const copied = peer(state([15, 1], [5, 2]));
    const putBack = { ...copied, states: { ...copied.states, log: state([15, 1], [11, 2]) } };
    t.equal(code(putBack, member), undefined, 'its own that its log has are on their way to its entries');
    const promised = state([15, 1], [10, 2]);
    const knows = { promised };
    t.equal(
      code(peer(state([9, 1], [11, 2]), knows), member),
      undefined,
      'it knows what it said, and waits for it',
    );
    const knowsLess = { promised: state([14, 1], [10, 2]) };
    t.equal(
      code(peer(state([9, 1], [11, 2]), knowsLess), member),
      'not-member',
      'restored, it knows an older report',
    );
    t.equal(code(peer(state([9, 1], [11, 2]), knows), row({ standing: 'evicted' })), 'evicted');
    t.equal(
      code(peer(state([9, 1], [11, 2]), knows), undefined),
      'not-member',
      'that is the word of a member',
    );
    const wants = { wants: true };
    t.equal(code(peer(state([9, 1], [11, 2]), wants), member), undefined, 'it asks for a copy of ours');
    t.equal(code(peer(state(), wants), row({ standing: 'evicted' })), 'evicted');
  },
);

t.test('who asks for a copy of one that is out is told what its standing allows', async (t) => {
  const other = { ...expectedMember('s3'), kind: 'directory' } as const;
  const told = (standing: MemberRow['standing']) => copyBar(row({ standing }), [other], 's1');
  t.match(told('evicted'), /initialize s1 from s3, and let s2 return \(polyarch replication restore\)/);
  t.match(told('returning'), /initialize s1 from s3, and s2 too/);
  t.equal(told('member'), undefined);
  t.equal(copyBar(row({ standing: 'evicted' }), [], 's1'), undefined, 'nobody else is there');
});

t.test('who brings a stray is not let in, whatever else it holds', async (t) => {
  const [member, reported] = [row({}), row({ report: said(state()) })];
  for (const known of [undefined, row({ standing: 'returning' }), member, reported]) {
    t.equal(bar(peer(LOG), known), undefined);
    t.match(bar(peer(LOG), known, OWN.state, 's3'), {
      code: 'not-member',
      sentence: /^s2 has taken changes that s3 made while it was no member and must be initialized/,
    });
    t.equal(bar(peer(LOG, { wants: true }), known, OWN.state, 's3'), undefined, 'a copy is the way out');
  }
});

t.test(
  'one that returns need not hold its own changes of once: they come back, or are made anew',
  async (t) => {
    const told = state([10, 1], [10, 2]);
    t.equal(bar(peer(state([10, 1], [9, 2])), row({ standing: 'returning' }), told), undefined);
  },
);

t.test('brokers and servers without data are no matter of this', async (t) => {
  t.equal(code(peer(state(), { replica: undefined }), undefined), undefined);
  t.equal(code(peer(state(), { generation: undefined }), undefined), undefined);
});

t.test(
  'who is put out is told how to come back, and one that may return already comes at once',
  async (t) => {
    t.equal(dismissal(row({ standing: 'evicted' }), 's1').code, 'evicted');
    t.match(dismissal(row({ standing: 'returning' }), 's1'), {
      code: 'closing',
      sentence: /^s2 .* may return/,
    });
  },
);
