/** Shape faults in our words: all at once, where they stand. */
import { Type } from '@sinclair/typebox';
import t from 'tap';
import { checkShape } from '../../lib/config/check-shape.js';
import { processorMs } from '../processor-time.js';

const SCHEMA = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 3 }),
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 9 })),
    least: Type.Optional(Type.Integer({ minimum: 5 })),
    most: Type.Optional(Type.Integer({ maximum: 5 })),
    group: Type.Optional(
      Type.Object(
        { one: Type.Optional(Type.Boolean()), two: Type.Optional(Type.Boolean()), must: Type.Boolean() },
        { additionalProperties: false },
      ),
    ),
    list: Type.Optional(Type.Array(Type.Object({ 'a/b': Type.Boolean() }), { maxItems: 1 })),
  },
  { additionalProperties: false },
);
const faults = (value: unknown) =>
  checkShape(SCHEMA, value).map(({ path, message }) => `${path.join(' ')}: ${message}`);

t.test('what conforms has no fault', (t) => {
  t.same(faults({ name: 'a', port: 9, list: [{ 'a/b': true }] }), []);
  t.end();
});

t.test('each kind of fault has its words', (t) => {
  t.same(faults({}), ['name: is missing']);
  t.same(faults({ name: '' }), ['name: "" is too short']);
  t.same(faults({ name: 'abcd' }), ['name: "abcd" is too long']);
  t.same(faults({ name: 1 }), ['name: 1 is not text']);
  t.same(faults({ name: null }), ['name: nothing is not text']);
  t.same(faults({ name: 'a', port: 10 }), ['port: 10 is not within 1 to 9']);
  t.same(faults({ name: 'a', port: 1.5 }), ['port: 1.5 is not a whole number']);
  t.same(faults({ name: 'a', least: 1 }), ['least: 1 is less than 5']);
  t.same(faults({ name: 'a', most: 9 }), ['most: 9 is more than 5']);
  t.same(faults({ name: 'a', list: {} }), ['list: a map is not a list']);
  t.same(faults({ name: 'a', list: [{ 'a/b': 1 }] }), ['list 0 a/b: 1 is not true or false']);
  t.same(faults('x'), [': "x" is not a map of keys']);
  t.same(faults({ name: 'a', prot: 1 }), ['prot: unknown key; did you mean "port"?']);
  t.match(faults({ name: 'a', elsewhere: 1 }), [/unknown key; known keys are name, port/]);
  t.end();
});

t.test('a map is judged by the keys it has; those it lacks stay known and required', (t) => {
  t.same(faults({ name: 'a', group: { must: true } }), []);
  t.same(faults({ name: 'a', group: { one: 1, must: 2 } }), [
    'group one: 1 is not true or false',
    'group must: 2 is not true or false',
  ]);
  t.same(faults({ name: 'a', group: { tow: true } }), [
    'group must: is missing',
    'group tow: unknown key; did you mean "two"?',
  ]);
  t.same(faults({ name: 'a', group: [] }), ['group: a list is not a map of keys']);
  t.end();
});

t.test('a document that is judged again and again is judged by its keys of now, at little cost', (t) => {
  for (let n = 0; n < 2; n++) {
    t.same(faults({ name: 'a', port: 10 }), ['port: 10 is not within 1 to 9']);
    t.same(faults({ name: 'a', least: 1 }), ['least: 1 is less than 5']);
    t.same(faults({ name: 'a', group: {} }), ['group must: is missing']);
    t.same(faults({ name: 'a', group: { one: 1, must: true } }), ['group one: 1 is not true or false']);
    t.same(faults({ name: 'a', group: 1 }), ['group: 1 is not a map of keys']);
  }
  const took = processorMs(() => {
    for (let n = 0; n < 500; n++) faults({ name: 'a', port: 1, group: { must: true } });
  });
  t.ok(took < 100, `${took} ms: it was compiled each time`);
  t.end();
});

t.test('long values are cut', (t) => {
  t.match(faults({ name: 'x'.repeat(500) }), [/^name: "x{57}\.\.\." is too long$/]);
  t.end();
});
