/** When attributes were last written, from what is left of an entry's history (replication-model.md section 8). */
import t from 'tap';
import { attributeTimes } from '../../lib/conflict/attribute-times.js';
import type { HistoryRow } from '../../lib/conflict/domain-view.js';
import { type Csn, makeCsn, type ReplicaId } from '../../lib/csn/csn.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';

const at = (ms: number): Csn => makeCsn(ms, 0, 1 as ReplicaId);
const key = (name: string) => name as AttributeKey;
const row = (ms: number, names: readonly string[], isVoid = false): HistoryRow =>
  ({
    change: { csn: at(ms), body: { kind: 'modify', attributes: names.map((name) => ({ key: name })) } },
    void: isVoid,
    effects: [],
    rdnBefore: undefined,
  }) as unknown as HistoryRow;
const state = (created: number, modified: number, preserved = {}) => ({
  created: { csn: at(created), by: 'x' },
  modified: { csn: at(modified), by: 'x' },
  preserved,
});

t.test('the newest change that took effect counts, else the time of the entry', (t) => {
  const times = attributeTimes(state(100, 400), [
    row(400, ['cn']),
    row(300, ['sn', 'cn']),
    row(350, ['mail'], true),
  ]);
  t.equal(times(key('cn')), 400);
  t.equal(times(key('sn')), 300);
  t.equal(times(key('mail')), 100, 'a void change wrote nothing');
  t.equal(times(key('description')), 100);
  t.end();
});

t.test('where the newest change is forgotten, it may have been any attribute', (t) => {
  const times = attributeTimes(state(100, 400), [row(300, ['sn'])]);
  t.equal(times(key('sn')), 300);
  t.equal(times(key('cn')), 400);
  t.end();
});

t.test('an imported entry is as old as its import says', (t) => {
  const facts = { createTimestamp: '20200101000000Z', modifyTimestamp: '20210101000000Z' };
  t.equal(attributeTimes(state(100, 100, facts), [])(key('cn')), Date.UTC(2021, 0, 1));
  t.equal(
    attributeTimes(state(100, 100, { createTimestamp: facts.createTimestamp }), [])(key('cn')),
    Date.UTC(2020, 0, 1),
  );
  t.end();
});
