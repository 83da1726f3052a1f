/** The option table: every row is complete, and names that follow from keys are unique. */
import t from 'tap';
import { checkShape } from '../../lib/config/check-shape.js';
import { optionFlag, optionVariable } from '../../lib/config/option.js';
import { OPTION_KEYS, optionOf } from '../../lib/config/option-table.js';

t.test('every default lies within its own bounds', (t) => {
  for (const key of OPTION_KEYS) {
    const { preset, schema } = optionOf(key);
    if (preset !== undefined) t.same(checkShape(schema, preset), [], key);
  }
  t.end();
});

t.test('every option has a help text that ends a sentence', (t) => {
  for (const key of OPTION_KEYS) t.match(optionOf(key).help, /^[A-Z`].*\.$/s, key);
  t.end();
});

t.test('flags and variables follow from keys, and are unique', (t) => {
  t.equal(optionFlag('limits.idleSeconds'), 'limits-idle-seconds');
  t.equal(optionVariable('limits.idleSeconds'), 'POLYARCH_LIMITS_IDLE_SECONDS');
  t.equal(new Set(OPTION_KEYS.map(optionFlag)).size, OPTION_KEYS.length);
  t.equal(new Set(OPTION_KEYS.map(optionVariable)).size, OPTION_KEYS.length);
  t.end();
});

t.test('a required option has no default', (t) => {
  for (const key of OPTION_KEYS) t.notOk(optionOf(key).required && optionOf(key).preset !== undefined, key);
  t.end();
});
