/** Shape faults in our words: all at once, where they stand. */
import t from 'tap';
import { checkShape } from '../../lib/config/check-shape.js';
import {
  array,
  boolean,
  mapOf,
  optional,
  record,
  string,
  wholeNumber,
  word,
} from '../../lib/config/shape.js';

const SHAPE = record({
  name: string({ minLength: 1, maxLength: 3 }),
  port: optional(wholeNumber({ minimum: 1, maximum: 9 })),
  least: optional(wholeNumber({ minimum: 5 })),
  most: optional(wholeNumber({ maximum: 5 })),
  list: optional(array(record({ 'a/b': boolean() }), { maxItems: 1 })),
  pair: optional(array(string({ plain: true }), { minItems: 2 })),
  words: optional(mapOf(word(['on', 'off']))),
});
const faults = (value: unknown) =>
  checkShape(SHAPE, value).map(({ path, message }) => `${path.join(' ')}: ${message}`);

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
  t.same(faults({ name: 'a', list: [1, 2] }), ['list: a list is too long'], 'its items are not looked at');
  t.same(faults({ name: 'a', pair: ['a'] }), ['pair: a list is too short']);
  t.match(faults({ name: 'a', pair: ['a.b-c_1', '.a'] }), [/^pair 1: "\.a" is not of letters, digits/]);
  t.same(faults({ name: 'a', words: [] }), ['words: a list is not a map of keys']);
  t.same(faults({ name: 'a', words: { x: 'on', y: 'of' } }), ['words y: "of" is not one of on, off']);
  t.same(faults('x'), [': "x" is not a map of keys']);
  t.same(faults({ name: 'a', prot: 1 }), ['prot: unknown key; did you mean "port"?']);
  t.same(faults({ port: 0, nmae: 1 }), [
    'name: is missing',
    'port: 0 is not within 1 to 9',
    'nmae: unknown key; did you mean "name"?',
  ]);
  t.match(faults(JSON.parse('{"name":"a","__proto__":1,"constructor":1}')), [/unknown key/, /unknown key/]);
  t.match(faults({ name: 'a', elsewhere: 1 }), [/unknown key; known keys are name, port/]);
  t.end();
});

t.test('long values are cut', (t) => {
  t.match(faults({ name: 'x'.repeat(500) }), [/^name: "x{57}\.\.\." is too long$/]);
  t.end();
});
