/** What the DIT shows of a state. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { latin1, utf8Encode } from '../../lib/base/bytes.js';
import { type EntryState, LOST_AND_FOUND_UUID } from '../../lib/conflict/entry-state.js';
import { isDisplaced, shownAttributes, shownStamps, stampTime } from '../../lib/conflict/materialize.js';
import { MAX_CSN_TIME_MS, makeCsn, type ReplicaId } from '../../lib/csn/csn.js';
import { add, BASE, change, csn, id, modify, TOP } from './story.js';
import { tell } from './tell.js';

const X = id(2);

function stateOf(attributes: Record<string, string[]>, over: Partial<EntryState> = {}): EntryState {
  const setup = [change(1, 9, BASE, add(TOP, 'base')), change(2, 9, X, add(BASE, 'Joe', attributes))];
  return { ...must(tell(setup, []).entry(X), 'X'), ...over };
}

function shown(state: EntryState, single = false, wanted?: string): Record<string, string[]> {
  const attributes = shownAttributes(state, () => single, wanted);
  return Object.fromEntries([...attributes.values()].map(({ name, values }) => [name, values.map(latin1)]));
}

t.test('section 4: the values of the RDN are always present', async (t) => {
  t.same(shown(stateOf({ mail: ['a'] })), { mail: ['a'], cn: ['Joe'] });
  t.same(shown(stateOf({ cn: ['Jim'] })), { cn: ['Jim', 'Joe'] });
  t.same(
    shown(stateOf({ cn: ['Jim'] }), true),
    { cn: ['Joe'] },
    'a single-valued attribute holds the RDN value',
  );
  const state = stateOf({ cn: ['JOE'] });
  t.equal(
    shownAttributes(state, () => false, undefined),
    state.attributes,
    'the map of the state when nothing is missing',
  );
});

t.test('an entry that lost its name or its parent is marked with the DN it wanted', async (t) => {
  const lost = stateOf({ cn: ['Joe'] }, { place: { parent: BASE, conflict: true } });
  t.same(shown(lost, false, 'cn=Joe,cn=base'), { cn: ['Joe'], 'ds-sync-conflict': ['cn=Joe,cn=base'] });
  const orphan = stateOf({ cn: ['Joe'] }, { place: { parent: LOST_AND_FOUND_UUID, conflict: false } });
  t.equal(isDisplaced(orphan), true);
  t.same(shown(stateOf({ cn: ['Joe'] }), false, 'cn=Joe,cn=base'), { cn: ['Joe'] }, 'in its place: no mark');
});

t.test('stamps say who and when; what an import preserved holds until the entry is changed', async (t) => {
  const at = makeCsn(Date.UTC(2026, 1, 3, 4, 5, 6, 789), 0, 1 as ReplicaId);
  const stamp = { csn: at, by: 'cn=admin' };
  const preserved = {
    creatorsName: 'cn=old',
    createTimestamp: '19990101000000Z',
    modifyTimestamp: '19990102000000Z',
  };
  const state = stateOf({}, { created: stamp, modified: stamp, preserved });
  t.same(shownStamps(state), {
    creatorsName: 'cn=old',
    createTimestamp: '19990101000000Z',
    modifiersName: 'cn=admin',
    modifyTimestamp: '19990102000000Z',
  });
  const changed = shownStamps({ ...state, modified: { csn: csn(1000, 2), by: 'cn=b' } });
  t.same([changed.modifiersName, changed.modifyTimestamp], ['cn=b', '19700101000001Z']);
  t.equal(changed.createTimestamp, '19990101000000Z');
  t.equal(stampTime(stamp), '20260203040506Z');
  const end = makeCsn(MAX_CSN_TIME_MS, 0, 1 as ReplicaId);
  t.equal(stampTime({ csn: end, by: '' }), '99991231235959Z');
});

t.test('a concurrent modify cannot take the naming value away', async (t) => {
  const setup = [
    change(1, 9, BASE, add(TOP, 'base')),
    change(2, 9, X, add(BASE, 'Joe', { cn: ['Joe', 'J'] })),
  ];
  const domain = tell(setup, [change(10, 1, X, modify({ name: 'cn', remove: ['joe'] }))]);
  const shownNow = shownAttributes(must(domain.entry(X), 'X'), () => false, undefined);
  const cn = [...shownNow.values()].find(({ name }) => name === 'cn');
  t.same(cn?.values, [utf8Encode('J'), utf8Encode('Joe')]);
});
