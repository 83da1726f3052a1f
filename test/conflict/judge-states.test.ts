/** Which of two states the facts speak for (replication-model.md section 4), and when they are silent. */
import t from 'tap';
import type { Change, ChangeBody } from '../../lib/change/change.js';
import { differingParts, judgeStates } from '../../lib/conflict/judge-states.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { sampleState, withValues } from './sample-state.js';
import { csn, id, modify } from './story.js';

const change = (at: number, body: ChangeBody): Change => ({
  csn: csn(at, 1),
  previous: undefined,
  seen: ServerState.EMPTY,
  entry: id(1),
  initiator: 'cn=x',
  body,
});
const of = (...values: string[]) => withValues(sampleState(), 'mail', values, 'mail');

t.test('what differs is named: attributes, name, parent, life, stamps', (t) => {
  const a = of('a');
  t.same(differingParts(a, of('b')), ['mail']);
  t.same(differingParts(a, { ...a, parent: id(5), life: [{ csn: csn(4, 1), kind: 'delete' }] }), [
    '(parent)',
    '(life)',
  ]);
  t.same(differingParts(a, { ...a, rdnCsn: csn(5, 1), place: { ...a.place, conflict: true } }), [
    '(name)',
    '(stamps)',
  ]);
  t.same(differingParts(a, of('a')), []);
  t.end();
});

t.test('the state that knows a later change is right; where each knows one, nothing is said', (t) => {
  const a = of('a');
  const later = { ...of('b'), modified: { csn: csn(9, 1), by: 'cn=x' } };
  t.equal(judgeStates(a, later, []), 'b');
  t.equal(judgeStates(later, a, []), 'a');
  t.equal(judgeStates({ ...a, rdnCsn: csn(9, 1) }, later, []), undefined);
  t.end();
});

t.test('the youngest change of a value tells whether it is there', (t) => {
  const added = change(3, modify({ add: ['n'] }));
  const removed = change(4, modify({ remove: ['n'] }));
  const replaced = change(5, modify({ clear: true, add: ['r'] }));
  t.equal(judgeStates(of('n'), of('bent'), [added]), 'a');
  t.equal(judgeStates(of('n'), of(), [added, removed]), 'b', 'in whatever order they are given');
  t.equal(judgeStates(of('r'), of('r', 'n'), [replaced, added]), 'a');
  t.equal(judgeStates(of('q'), of('p'), [added]), undefined, 'both lack it');
  t.equal(judgeStates(of('n', 'x'), of('x'), []), undefined, 'no change is known');
  t.equal(judgeStates(of('2'), of('1'), [change(3, modify({ increment: 1n }))]), undefined);
  t.equal(judgeStates(of('n'), of('m'), [change(3, modify({ single: true, add: ['n'] }))]), undefined);
  t.end();
});
