/** Options as attributes of cn=config, over the whole table: names, entries, values there and back, and the schema that is made of them. */
import t from 'tap';
import { equalBytes, utf8Encode } from '../../lib/base/bytes.js';
import { optionFlag } from '../../lib/config/option.js';
import {
  isMultiValued,
  OPTION_SECTIONS,
  optionAttribute,
  optionFromValues,
  optionOfAttribute,
  optionSyntax,
  optionValues,
} from '../../lib/config/option-attributes.js';
import { OPTION_KEYS, optionOf } from '../../lib/config/option-table.js';
import { standardSchema } from '../schema/standard-schema.js';

/** A value of each form, where the preset says little. */
const SAMPLES = {
  text: 'a text; with = and ,',
  choice: 'word',
  integer: -12,
  boolean: true,
  list: ['b', 'a', 'a=b,c'],
  map: { 'server-2': '127.0.0.1:1', x: 'a=b' },
  lists: { cn: ['equality', 'substring'], none: [] },
};

t.test('every option stands in one entry, under a name of its own that leads back to it', (t) => {
  const placed = OPTION_SECTIONS.flatMap(({ keys }) => keys);
  t.same([...placed].sort(), [...OPTION_KEYS].sort());
  t.equal(new Set(OPTION_KEYS.map(optionAttribute)).size, OPTION_KEYS.length);
  for (const key of OPTION_KEYS) t.equal(optionOfAttribute(optionAttribute(key)), key);
  t.equal(optionOfAttribute('cn'), undefined);
  t.equal(optionAttribute('limits.idleSeconds'), 'polyarch-cfg-limits-idle-seconds');
  t.equal(OPTION_SECTIONS.find(({ name }) => name === 'limits')?.dn, 'cn=limits,cn=config');
  t.equal(OPTION_SECTIONS[0]?.dn, 'cn=config');
  t.end();
});

t.test('values go there and back, for every option and every form', (t) => {
  for (const key of OPTION_KEYS) {
    const { form, preset } = optionOf(key);
    const samples: unknown[] = [SAMPLES[form], ...(preset === undefined ? [] : [preset])];
    for (const value of samples) {
      const values = optionValues(value);
      const empty = values.length === 0 && !isMultiValued(form);
      if (!empty) t.same(optionFromValues(form, values), value, `${key}: ${values.join(' | ')}`);
      if (!isMultiValued(form)) t.equal(values.length, 1, key);
    }
  }
  t.same(optionValues(undefined), []);
  t.end();
});

t.test('values that cannot be read are told apart from values', (t) => {
  const bad: readonly (readonly [Parameters<typeof optionFromValues>[0], readonly string[]])[] = [
    ['integer', ['1.5']],
    ['integer', ['1', '2']],
    ['integer', []],
    ['integer', ['99999999999999999']],
    ['boolean', ['true']],
    ['map', ['nothing']],
    ['map', ['=x']],
    ['map', ['a=1', 'a=2']],
    ['lists', ['cn']],
  ];
  for (const [form, values] of bad) t.equal(optionFromValues(form, values), undefined, values.join());
  const odd = optionFromValues('map', ['__proto__=x', 'constructor=y']) as Record<string, string>;
  t.same(Object.entries(odd), [
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ]);
  t.end();
});

t.test('the schema has each attribute with the syntax of its kind, and each section its class', (t) => {
  const schema = standardSchema();
  const syntaxes = {
    text: 'caseExactMatch',
    name: 'distinguishedNameMatch',
    integer: 'integerMatch',
    boolean: 'booleanMatch',
  };
  for (const key of OPTION_KEYS) {
    const type = schema.attributeType(optionAttribute(key));
    const option = optionOf(key);
    t.equal(type?.equality?.name, syntaxes[optionSyntax(option)], key);
    t.equal(type?.singleValue, !isMultiValued(option.form), key);
    const sample = optionValues(option.preset);
    for (const value of sample) {
      const octets = utf8Encode(value);
      t.ok(type?.equality?.normalize(octets) !== undefined || equalBytes(octets, octets), key);
    }
  }
  for (const { objectClass, keys } of OPTION_SECTIONS) {
    const definition =
      schema.definitions('objectClasses').find((text) => text.includes(`'${objectClass}'`)) ?? '';
    for (const key of keys) t.ok(definition.includes(optionAttribute(key)), `${objectClass} allows ${key}`);
  }
  const ids = [...schema.attributeTypes, ...schema.objectClasses].map(({ oid }) => oid);
  t.equal(new Set(ids).size, ids.length, 'no two OIDs are equal');
  t.equal(optionFlag('server.id'), 'server-id');
  t.end();
});
