/** The fold of many values by their keys is the fold of replication-model.md section 4, value for value, in bounded steps. */
import t from 'tap';
import { latin1, utf8Encode } from '../../lib/base/bytes.js';
import { STEP_VALUES, whole } from '../../lib/base/steps.js';
import { foldAttribute, ruleOf, sameEffect } from '../../lib/conflict/fold-attribute.js';
import { foldInSteps } from '../../lib/conflict/fold-many.js';
import { PresentValues } from '../../lib/conflict/present-values.js';
import type { Attribute } from '../../lib/entry/entry.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { attribute, Dice, type Edit, newRow } from './story.js';

const KEY = 'mail' as AttributeKey;
const texts = (values: readonly Uint8Array[] | undefined) => (values ?? []).map(latin1).sort();

t.test('random edits of hundreds of values, spelled in several ways', async (t) => {
  const dice = new Dice(11);
  /** A few names of many, some in capitals: equal under the rule, other octets. */
  const some = (count: number, of: number) =>
    Array.from({ length: count }, () => {
      const text = `user${dice.roll(of)}@example.com`;
      return dice.roll(3) === 0 ? text.toUpperCase() : text;
    });
  const distinct = (list: string[]) => [...new Map(list.map((text) => [text.toLowerCase(), text])).values()];
  for (let run = 0; run < 60; run++) {
    const of = [300, 900, 3000][run % 3] ?? 300;
    const had = distinct(some(dice.roll(900), of));
    const edit: Edit = {
      clear: run % 4 === 0,
      remove: some(dice.roll(700), of),
      add: some(run % 5 === 0 ? dice.roll(3) : 512 + dice.roll(700), of),
    };
    const before: Attribute | undefined =
      had.length === 0 ? undefined : { name: 'mail', values: had.map(utf8Encode) };
    const change = attribute(edit);
    const present = new PresentValues(ruleOf(change), before?.values ?? []);
    const wanted = whole(foldAttribute(present, change));
    const row = newRow(change);
    const folded = whole(foldInSteps(KEY, before, [row]));
    t.same(texts(folded.attribute?.values), texts(present.values()), `values of run ${run}`);
    t.equal(folded.attribute?.many?.count ?? folded.attribute?.values.length ?? 0, present.count);
    const effect = wanted.removed.length + wanted.added.length === 0 ? undefined : { key: KEY, ...wanted };
    t.ok(whole(sameEffect(row.after, effect)), `effect of run ${run}`);
    t.ok(whole(sameEffect(folded.delta, effect)), `difference of run ${run}`);
  }
});

t.test('a step goes through no more values than a step may', async (t) => {
  const add = Array.from({ length: 5000 }, (_, n) => utf8Encode(`user${n}@example.com`));
  const change = { ...attribute({ add: ['x'] }), add };
  const work = foldInSteps(KEY, undefined, [newRow(change)]);
  let steps = 1;
  while (work.next().done !== true) steps += 1;
  // Their keys are made, and the values added.
  t.ok(steps > 2 * Math.floor(add.length / STEP_VALUES), `${steps} steps`);
});
