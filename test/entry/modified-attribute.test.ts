/** One attribute through a request. Compositions are walked exhaustively in apply-modifications.test.ts. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { ModifiedAttribute } from '../../lib/entry/modified-attribute.js';
import { bytes, sampleSchema, textOf } from './sample-schema.js';

const schema = sampleSchema();

function track(name: string, values: string[], permissive = false): ModifiedAttribute {
  const description = must(schema.describe(name), name);
  const before = values.length === 0 ? undefined : { name: description.text, values: values.map(bytes) };
  return new ModifiedAttribute(description, before, schema.equalityOf(description), permissive);
}

const effect = (attribute: ModifiedAttribute) => {
  const change = attribute.netEffect();
  if (change === undefined) return undefined;
  const { clear, remove, add, increment } = change;
  return { clear, remove: remove.map(textOf), add: add.map(textOf), increment };
};

t.test('nothing asked is no effect', async (t) => {
  const one = track('cn', ['a']);
  t.equal(effect(one), undefined);
  const number = track('number', ['1']);
  number.increment([bytes('4')]);
  number.increment([bytes('-4')]);
  t.equal(effect(number), undefined);
});

t.test('steps after an increment are told as if before it', async (t) => {
  const one = track('number', ['1', '2']);
  one.increment([bytes('10')]);
  one.add([bytes('20')]);
  one.delete([bytes('11')]);
  t.same(effect(one), { clear: false, remove: ['1'], add: ['10'], increment: 10n });
  t.same(must(one.image(), 'image').values.map(textOf), ['12', '20']);
});

t.test('an increment after a replace is told as the values that it makes', async (t) => {
  const one = track('number', ['1']);
  one.replace([bytes('5')]);
  one.increment([bytes('2')]);
  t.same(effect(one), { clear: true, remove: [], add: ['7'], increment: 0n });
});

t.test('a value added and deleted again is removed: the intent is its absence', async (t) => {
  const one = track('cn', []);
  one.add([bytes('x')]);
  one.delete([bytes('X')]);
  t.same(effect(one), { clear: false, remove: ['X'], add: [], increment: 0n });
  t.equal(one.image(), undefined);
});

t.test('what follows from other values comes unless it was deleted by name', async (t) => {
  const one = track('objectClass', ['person']);
  one.imply(bytes('top'));
  one.imply(bytes('PERSON'));
  t.same(effect(one), { clear: false, remove: [], add: ['top'], increment: 0n });
  const other = track('objectClass', ['person', 'top']);
  other.delete([bytes('top')]);
  other.imply(bytes('top'));
  t.same(must(other.image(), 'image').values.map(textOf), ['person']);
});
