/** Rows at work: only what changed is stored again. */
import t from 'tap';
import type { AttributeEffect, HistoryRow } from '../../lib/conflict/domain-view.js';
import {
  attributeChangeOf,
  changedRow,
  effectOn,
  newFoldRow,
  setEffect,
  toFoldRow,
} from '../../lib/conflict/fold-row.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { change, id, modify, remove } from './story.js';

const MAIL = 'mail' as AttributeKey;
const effect: AttributeEffect = { key: MAIL, removed: [], added: [] };
const stored: HistoryRow = {
  change: change(5, 1, id(2), modify({ add: ['a'] }, { name: 'cn', add: ['b'] })),
  void: false,
  effects: [effect],
  rdnBefore: undefined,
};

t.test('a row that is as it was is not stored again', async (t) => {
  const row = toFoldRow(stored);
  setEffect(row, MAIL, effect);
  t.equal(changedRow(row), undefined);
  setEffect(row, MAIL, undefined);
  t.same(changedRow(row)?.effects, []);
  setEffect(row, MAIL, effect);
  t.same(changedRow(row)?.effects, [effect]);
  const voided = toFoldRow(stored);
  voided.void = true;
  t.equal(changedRow(voided)?.void, true);
});

t.test('an arriving change is always stored', async (t) => {
  const row = newFoldRow(stored.change);
  t.same(changedRow(row), { change: stored.change, void: false, effects: [], rdnBefore: undefined });
  t.equal(effectOn(row.effects, MAIL), undefined);
  t.equal(attributeChangeOf(stored.change, 'cn' as AttributeKey)?.name, 'cn');
  t.equal(attributeChangeOf(change(6, 1, id(2), remove), MAIL), undefined);
  t.throws(() => setEffect(row, 'cn' as AttributeKey, effect), 'an effect of another attribute');
});
