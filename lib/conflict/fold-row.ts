/**
 * A history row while the fold works on it: what it was, and what it becomes. The arriving change is a row that was not there before.
 */
import { assert } from '../base/assert.js';
import type { AttributeChange, Change } from '../change/change.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import type { AttributeEffect, HistoryRow } from './domain-view.js';

export interface FoldRow {
  readonly change: Change;
  /** As stored; undefined for the arriving change. */
  readonly before: HistoryRow | undefined;
  void: boolean;
  effects: readonly AttributeEffect[];
  rdnBefore: HistoryRow['rdnBefore'];
}

const NO_CHANGES: readonly AttributeChange[] = [];

/** A row to work on, as it is stored. */
export function toFoldRow(before: HistoryRow): FoldRow {
  return {
    change: before.change,
    before,
    void: before.void,
    effects: before.effects,
    rdnBefore: before.rdnBefore,
  };
}

/** The row of an arriving change. */
export function newFoldRow(change: Change): FoldRow {
  return { change, before: undefined, void: false, effects: [], rdnBefore: undefined };
}

/** What is to be stored, or undefined when the row is as it was. */
export function changedRow(row: FoldRow): HistoryRow | undefined {
  const { before } = row;
  if (
    before !== undefined &&
    before.void === row.void &&
    before.effects === row.effects &&
    before.rdnBefore === row.rdnBefore
  ) {
    return undefined;
  }
  return { change: row.change, void: row.void, effects: row.effects, rdnBefore: row.rdnBefore };
}

/** Attribute changes of a modify or modifyDn; none for the other kinds. */
export function attributeChangesOf(change: Change): readonly AttributeChange[] {
  const { body } = change;
  return body.kind === 'modify' || body.kind === 'modifyDn' ? body.attributes : NO_CHANGES;
}

/** The change of one attribute that a row makes, or undefined. */
export function attributeChangeOf(change: Change, key: AttributeKey): AttributeChange | undefined {
  for (const attribute of attributeChangesOf(change)) if (attribute.key === key) return attribute;
  return undefined;
}

/** The effect of a row on one attribute; undefined for none. */
export function effectOn(
  effects: readonly AttributeEffect[],
  key: AttributeKey,
): AttributeEffect | undefined {
  for (const effect of effects) if (effect.key === key) return effect;
  return undefined;
}

/** Puts `effect` in place of the row's effect on `key`; undefined takes it away. Nothing is done when it is the same object. */
export function setEffect(row: FoldRow, key: AttributeKey, effect: AttributeEffect | undefined): void {
  if (effectOn(row.effects, key) === effect) return;
  assert(effect === undefined || effect.key === key, 'effect of another attribute');
  const others = row.effects.filter((other) => other.key !== key);
  if (effect !== undefined) others.push(effect);
  row.effects = others;
}
