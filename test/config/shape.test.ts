/** Types follow from shapes: the compiler is the judge, the values only show that it judged what check-shape.ts judges. */
import t from 'tap';
import { checkShape } from '../../lib/config/check-shape.js';
import {
  array,
  boolean,
  mapOf,
  optional,
  record,
  string,
  type ValueOf,
  wholeNumber,
  word,
} from '../../lib/config/shape.js';

const SHAPE = record({
  name: string(),
  mode: word(['on', 'off']),
  ports: array(wholeNumber()),
  flags: optional(mapOf(boolean())),
});
type Value = ValueOf<typeof SHAPE>;

const whole: Value = { name: 'a', mode: 'on', ports: [1], flags: { x: true } };
const least: Value = { name: 'a', mode: 'off', ports: [] };
// @ts-expect-error: ports is required
const withoutPorts: Value = { name: 'a', mode: 'on' };
// @ts-expect-error: not one of the words
const otherWord: Value = { name: 'a', mode: 'of', ports: [] };
// @ts-expect-error: values of flags are true or false
const otherFlag: Value = { name: 'a', mode: 'on', ports: [], flags: { x: 1 } };

t.test('what the compiler takes conforms, what it refuses has a fault', async (t) => {
  for (const value of [whole, least]) t.same(checkShape(SHAPE, value), []);
  for (const value of [withoutPorts, otherWord, otherFlag]) t.equal(checkShape(SHAPE, value).length, 1);
});
