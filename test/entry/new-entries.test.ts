/** Entries checked one after another, beside buildEntry() and checkNewEntry() that look at each alone: the same answers, whatever came before. */
import t from 'tap';
import { LdapError } from '../../lib/base/ldap-error.js';
import { buildEntry } from '../../lib/entry/build-entry.js';
import { checkNewEntry, STRICT_POLICY } from '../../lib/entry/check-entry.js';
import type { Attributes } from '../../lib/entry/entry.js';
import type { RawValues } from '../../lib/entry/modification.js';
import { NewEntries } from '../../lib/entry/new-entries.js';
import { bytes, rdnOf, sampleSchema } from './sample-schema.js';

const schema = sampleSchema();
const POLICY = { ...STRICT_POLICY, operational: true };

/** What came of it, values included. */
function answer(run: () => Attributes): string {
  try {
    return [...run()]
      .map(
        ([key, { name, values }]) =>
          `${key} ${name} ${values.map((value) => Buffer.from(value).toString('hex'))}`,
      )
      .join('; ');
  } catch (error) {
    if (error instanceof LdapError) return `${error.result}: ${error.message}`;
    throw error;
  }
}

t.test('what is remembered of the entry before changes no answer', async (t) => {
  let state = 11;
  const random = <T>(list: readonly T[]): T => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return list[(state >>> 8) % list.length] as T;
  };
  const CLASSES = [
    ['top', 'person'],
    ['top', 'person'],
    ['person'],
    ['top', 'PERSON'],
    ['top', 'nobody'],
    [],
  ];
  const LISTS: readonly (readonly (readonly [string, readonly string[]])[])[] = [
    [
      ['cn', ['Ann']],
      ['sn', ['Lee']],
    ],
    [
      ['cn', ['Ann']],
      ['sn', ['Lee']],
    ],
    [
      ['cn', ['Ann', 'Anne']],
      ['sn', ['Lee']],
    ],
    [
      ['cn', ['Ann', 'ANN']],
      ['sn', ['Lee']],
    ],
    [
      ['cn', ['ann']],
      ['sn', ['Lee']],
    ],
    [
      ['cn', ['Bob']],
      ['sn', ['Lee']],
    ],
    [
      ['CN', ['Ann']],
      ['sn', ['Lee']],
    ],
    [
      ['sn', ['Lee']],
      ['cn', ['Ann']],
    ],
    [
      ['cn', ['Ann']],
      ['sn', []],
    ],
    [['cn', ['Ann']]],
    [
      ['cn', ['Ann']],
      ['sn', ['\u0000']],
      ['telephoneNumber', ['\u0001']],
    ],
    [
      ['cn', ['Ann']],
      ['sn', ['Lee']],
      ['nothing', ['x']],
    ],
    [
      ['cn', ['Ann']],
      ['sn', ['Lee']],
      ['cn', ['Ann']],
    ],
  ];
  const entries = new NewEntries(schema, POLICY);
  const seen = new Set<string>();
  for (let i = 0; i < 4000; i++) {
    const list: RawValues[] = [['objectClass', random(CLASSES)] as const, ...random(LISTS)]
      .filter(([name, values]) => name !== 'objectClass' || values.length > 0)
      .map(([description, values]) => ({ description, values: values.map(bytes) }));
    const rdn = rdnOf(random(['cn=Ann', 'cn=Ann', 'cn=Ann+sn=Lee', 'sn=Lee']));
    const expected = answer(
      () => checkNewEntry(buildEntry(list, rdn, schema), rdn, schema, POLICY).attributes,
    );
    const found = answer(() => entries.attributes(list, rdn));
    if (found !== expected) t.equal(found, expected, `entry ${i}`);
    seen.add(expected);
  }
  t.ok(seen.size > 20, `${seen.size} answers`);
});
