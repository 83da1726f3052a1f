/** Which part of a domain's attributes the configuration asks for, and what it cannot ask for. */
import t from 'tap';
import { fractionOf, heldPart, refuseAsSource, refusePart } from '../../lib/app/domain/domain-fraction.js';
import { OPTION_KEYS, optionOf, type Settings } from '../../lib/config/option-table.js';
import { formatFraction } from '../../lib/entry/fraction-text.js';
import { standardSchema } from '../schema/standard-schema.js';

const BASE = 'dc=example,dc=com';
const schema = standardSchema();

function settingsOf(more: Partial<Settings>): Settings {
  const presets = Object.fromEntries(OPTION_KEYS.map((key) => [key, optionOf(key).preset]));
  return { ...(presets as Settings), domains: [BASE, 'dc=other'], 'references.attributes': [], ...more };
}

t.test('the domains that the configuration names, or all of them; shared ones never', async (t) => {
  const settings = settingsOf({ 'fraction.exclude': ['*:mail'] });
  t.equal(formatFraction(fractionOf(settings, BASE, schema)), 'exclude *:mail');
  t.equal(fractionOf(settings, 'cn=schema', schema).isAll, true);
  const one = settingsOf({ 'fraction.exclude': ['*:mail'], 'fraction.domains': ['DC=Example, dc=com'] });
  t.equal(fractionOf(one, BASE, schema).isAll, false);
  t.equal(fractionOf(one, 'dc=other', schema).isAll, true);
  t.equal(fractionOf(settingsOf({}), BASE, schema).isAll, true);
  t.same([heldPart(''), heldPart('include *:cn')], [{}, { fraction: 'include *:cn' }]);
});

t.test('a server that takes writes holds what its rules look at; a read-only one need not', async (t) => {
  const rules = {
    'fraction.exclude': ['person:seeAlso', '*:mail'],
    'references.attributes': ['member', 'seeAlso'],
    uniqueness: [`ldap:///${BASE}?mail?sub?(objectClass=*)`],
  };
  t.throws(() => fractionOf(settingsOf(rules), BASE, schema), {
    code: 'FRACTION_INVALID',
    faults: [
      'uniqueness names mail, which this server would not hold: writes taken here could not keep to it; hold them, or set readOnly',
      'references.attributes names seeAlso, which this server would not hold: writes taken here could not keep to it; hold them, or set readOnly',
    ],
  });
  t.equal(fractionOf(settingsOf({ ...rules, readOnly: true }), BASE, schema).isAll, false);
  t.throws(() => fractionOf(settingsOf({ 'fraction.exclude': ['person:sn'] }), BASE, schema), {
    code: 'FRACTION_INVALID',
  });
});

t.test('no data set begins on a server that holds a part', async (t) => {
  const settings = settingsOf({ 'fraction.include': ['*:cn'] });
  t.throws(() => refuseAsSource(settings, BASE, schema, 'an import'), {
    code: 'FRACTION_REFUSED',
    message: /cannot take an import/,
  });
  t.doesNotThrow(() => refuseAsSource(settingsOf({}), BASE, schema, 'an import'));
  t.doesNotThrow(() => refusePart('', BASE, 'x'));
});
