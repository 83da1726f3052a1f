/** Schema conformance of entries: RFC 4512 sections 2.4, 2.5, 3.3; RFC 4511 sections 4.6 and 4.7. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { LdapError } from '../../lib/base/ldap-error.js';
import { applyModifications } from '../../lib/entry/apply-modifications.js';
import {
  checkModifiedEntry,
  checkNewEntry,
  checkNewInSteps,
  type EntryPolicy,
  STRICT_POLICY,
} from '../../lib/entry/check-entry.js';
import type { EntryModification } from '../../lib/entry/modification.js';
import { attributesOf, bytes, rdnOf, sampleSchema } from './sample-schema.js';

const schema = sampleSchema();
type Values = Record<string, string[]>;

const PERSON: Values = { objectClass: ['top', 'person'], cn: ['Ann'], sn: ['Lee'] };

/** 'ok', or `result: diagnostic`. */
function answer(run: () => unknown): string {
  try {
    run();
    return 'ok';
  } catch (error) {
    if (error instanceof LdapError) return `${error.result}: ${error.message}`;
    throw error;
  }
}

const added = (values: Values, rdn = 'cn=Ann', policy: Partial<EntryPolicy> = {}) =>
  answer(() => checkNewEntry(attributesOf(values), rdnOf(rdn), schema, { ...STRICT_POLICY, ...policy }));

function modified(
  values: Values,
  steps: string[],
  policy: Partial<EntryPolicy> = {},
  rdn = 'cn=Ann',
): string {
  const before = attributesOf(values);
  const modifications = steps.map((text): EntryModification => {
    const [operation, description = '', ...list] = text.split(' ');
    return { operation: operation as 'add', attribute: { description, values: list.map(bytes) } };
  });
  return answer(() => {
    const { after, changes } = applyModifications(before, modifications, schema);
    return checkModifiedEntry(before, after, changes, rdnOf(rdn), schema, { ...STRICT_POLICY, ...policy });
  });
}

t.test('a sound entry passes', async (t) => {
  t.equal(added(PERSON), 'ok');
  t.equal(added({ ...PERSON, objectClass: ['top', 'person', 'worker'], uid: ['a'] }, 'uid=a+cn=ann'), 'ok');
  t.equal(added({ ...PERSON, 'description;lang-en': ['x'] }), 'ok', 'options are allowed where the type is');
  t.equal(
    added({ objectClass: ['top', 'person'], 'cn;lang-en': ['x'], cn: ['Ann'], 'sn;lang-en': ['Lee'] }),
    'ok',
    'a required type may be there with options only',
  );
  t.equal(added({ ...PERSON, aci: ['x'] }), 'ok', 'operational attributes need no object class');
});

t.test('object classes: present, known, one structural chain, with their superclasses', async (t) => {
  t.match(added({ cn: ['Ann'] }), 'objectClassViolation: the entry has no objectClass');
  t.match(
    added({ ...PERSON, objectClass: ['top', 'person', 'alien'] }),
    "objectClassViolation: object class 'alien' is not in the schema",
  );
  t.match(
    added({ ...PERSON, objectClass: ['top'] }),
    'objectClassViolation: the entry has no structural object class',
  );
  t.match(
    added({ ...PERSON, objectClass: ['top', 'numbered'] }),
    'objectClassViolation: the entry has no structural',
  );
  t.match(
    added({ ...PERSON, ou: ['x'], objectClass: ['top', 'person', 'organizationalUnit'] }),
    "objectClassViolation: structural object classes 'person' and 'organizationalUnit' do not derive from each other",
  );
  t.match(
    added({ ...PERSON, objectClass: ['person'] }),
    "objectClassViolation: object class 'top' is missing",
  );
  t.match(
    added({ ...PERSON, objectClass: ['top', 'person', 'worker', 'employee'] }),
    "attributeOrValueExists: object class 'worker' is given twice",
  );
});

t.test('attributes: required ones are there, all are allowed and known', async (t) => {
  t.match(
    added({ objectClass: ['top', 'person'], cn: ['Ann'] }),
    "objectClassViolation: object class 'person' requires attribute 'sn'",
  );
  t.match(
    added({ ...PERSON, ou: ['x'] }),
    "objectClassViolation: attribute 'ou' is not allowed by the entry's object classes ('person')",
  );
  t.equal(added({ ...PERSON, ou: ['x'], objectClass: ['top', 'person', 'extensibleObject'] }), 'ok');
  t.match(
    added({ ...PERSON, alien: ['x'] }),
    "undefinedAttributeType: attribute 'alien' is not in the schema",
  );
  t.match(
    added({ ...PERSON, createTimestamp: ['20260101000000Z'] }),
    "constraintViolation: attribute 'createTimestamp' is maintained by the server",
  );
  t.equal(added({ ...PERSON, createTimestamp: ['20260101000000Z'] }, 'cn=Ann', { operational: true }), 'ok');
});

t.test('values: of their syntax, one where one is allowed, distinct', async (t) => {
  const numbered = { ...PERSON, objectClass: ['top', 'person', 'numbered'], uidNumber: ['7'] };
  t.equal(added(numbered), 'ok');
  t.match(
    added({ ...numbered, uidNumber: ['seven'] }),
    "invalidAttributeSyntax: value 1 of attribute 'uidNumber' is not of syntax",
  );
  t.equal(added({ ...numbered, uidNumber: ['seven'] }, 'cn=Ann', { syntax: false }), 'ok');
  t.match(
    added({ ...numbered, uidNumber: ['7', '8'] }),
    "constraintViolation: attribute 'uidNumber' can have only one value",
  );
  t.match(
    added({ ...PERSON, description: ['x', 'y', ' X '] }),
    "attributeOrValueExists: value 3 of attribute 'description' equals an earlier one",
  );
});

t.test('the RDN is part of the entry', async (t) => {
  t.match(added(PERSON, 'cn=Bob'), "namingViolation: the RDN's value 'Bob' must stay");
  t.equal(added(PERSON, 'cn= ann '), 'ok');
  t.match(added(PERSON, 'alien=x'), "namingViolation: attribute 'alien' of the RDN is not in the schema");
  t.match(modified(PERSON, ['replace cn Bob']), "notAllowedOnRDN: the RDN's value 'Ann'");
  t.match(modified(PERSON, ['add cn Bob', 'delete cn Ann']), 'notAllowedOnRDN');
  t.equal(modified(PERSON, ['replace cn ANN Bob']), 'ok');
});

t.test('a modify may not break what it touches', async (t) => {
  t.match(
    modified(PERSON, ['delete sn']),
    "objectClassViolation: object class 'person' requires attribute 'sn'",
  );
  t.match(modified(PERSON, ['add ou x']), "objectClassViolation: attribute 'ou' is not allowed");
  t.equal(modified(PERSON, ['add objectClass numbered', 'add uidNumber 1', 'add motto m']), 'ok');
  t.match(
    modified(PERSON, ['add objectClass numbered']),
    "objectClassViolation: object class 'numbered' requires attribute 'uidNumber'",
  );
  const numbered = { ...PERSON, objectClass: ['top', 'person', 'numbered'], uidNumber: ['7'], motto: ['m'] };
  t.match(
    modified(numbered, ['delete objectClass numbered']),
    "objectClassViolation: attribute 'uidNumber' is not allowed",
  );
  t.equal(modified(numbered, ['delete objectClass numbered', 'delete uidNumber', 'delete motto']), 'ok');
  t.match(
    modified(numbered, ['add motto n']),
    "constraintViolation: attribute 'motto' can have only one value",
  );
  t.equal(modified(numbered, ['add motto n', 'delete motto m']), 'ok', 'only the end of the request counts');
  t.match(modified(numbered, ['replace uidNumber x']), 'invalidAttributeSyntax');
  t.match(modified(numbered, ['add createTimestamp 20260101000000Z']), 'constraintViolation');
});

t.test('the structural class stays (RFC 4512 section 2.4.2; objectClassModsProhibited)', async (t) => {
  t.match(
    modified(PERSON, ['add objectClass worker']),
    "objectClassModsProhibited: the structural object class cannot change from 'person' to 'worker'",
  );
  t.equal(modified(PERSON, ['add objectClass worker'], { structuralChange: true }), 'ok');
  t.match(
    modified({ ...PERSON, objectClass: ['top', 'person', 'worker'] }, ['delete objectClass person']),
    "objectClassViolation: object class 'person' is missing",
  );
  t.match(modified(PERSON, ['delete objectClass']), 'objectClassViolation: the entry has no objectClass');
});

t.test(
  'an entry of a class that stands alone may become one of a structural class, and not go back',
  async (t) => {
    const group = { objectClass: ['top', 'unixGroup'], cn: ['Ann'], uidNumber: ['1'] };
    t.equal(added(group), 'ok');
    t.equal(modified(group, ['add objectClass groupOfNames', 'add member cn=x']), 'ok');
    t.equal(modified(group, ['replace objectClass top mailGroup', 'delete uidNumber']), 'ok');
    t.match(
      modified({ ...group, objectClass: ['top', 'unixGroup', 'groupOfNames'], member: ['cn=x'] }, [
        'delete objectClass groupOfNames',
        'delete member',
      ]),
      "objectClassModsProhibited: the structural object class cannot change from 'groupOfNames' to 'unixGroup'",
    );
  },
);

t.test('an entry that a merge left outside the schema can be mended step by step', async (t) => {
  const broken = { objectClass: ['top', 'person'], cn: ['Ann'], ou: ['x'], alien: ['y'] };
  t.equal(modified(broken, ['add description d']), 'ok');
  t.equal(modified(broken, ['delete ou']), 'ok');
  t.equal(modified(broken, ['delete alien']), 'ok');
  t.match(modified(broken, ['add ou z']), 'objectClassViolation');
  t.equal(
    modified({ ...PERSON, ou: ['x'], objectClass: ['top', 'person', 'organizationalUnit'] }, [
      'delete objectClass organizationalUnit',
      'delete ou',
    ]),
    'ok',
  );
});

t.test('empty groups are refused or allowed by policy', async (t) => {
  const group = { objectClass: ['top', 'groupOfNames'], cn: ['Ann'], member: ['cn=a'] };
  t.match(
    modified(group, ['delete member']),
    "objectClassViolation: object class 'groupOfNames' requires attribute 'member'",
  );
  t.equal(modified(group, ['delete member'], { emptyGroups: true }), 'ok');
  t.equal(
    added({ objectClass: ['top', 'groupOfNames'], cn: ['Ann'] }, 'cn=Ann', { emptyGroups: true }),
    'ok',
  );
});

t.test('long values are checked in steps, each of them in one of its own', async (t) => {
  const long = Array.from({ length: 6 }, (_, n) => `${n} ${'Straße '.repeat(9000)}`);
  const attributes = attributesOf({ ...PERSON, description: long });
  const steps = checkNewInSteps(attributes, rdnOf('cn=Ann'), schema, STRICT_POLICY);
  let yields = 0;
  while (steps.next().done !== true) yields += 1;
  t.ok(yields >= 2 * long.length, `${yields} steps: once for the syntax, once to tell the values apart`);
  t.equal(
    added({ ...PERSON, description: long }),
    answer(() => undefined),
    'the same answer in one piece',
  );
});

t.test(
  'a long text is checked in steps, whatever letters it has, and refused where it is none',
  async (t) => {
    const stepsOf = (text: Uint8Array): { steps: number; found: string } => {
      const attributes = attributesOf({ ...PERSON, description: ['x'] });
      const description = must(
        [...attributes].find(([key]) => key === 'description'),
        'a description',
      );
      const long = new Map(attributes).set(description[0], { ...description[1], values: [text] });
      const check = checkNewInSteps(long, rdnOf('cn=Ann'), schema, STRICT_POLICY);
      let steps = 0;
      const found = answer(() => {
        while (check.next().done !== true) steps += 1;
      });
      return { steps, found };
    };
    const ascii = bytes('a'.repeat(4 << 20));
    const other = bytes('Stra\u00dfen '.repeat(1 << 19));
    for (const text of [ascii, other]) {
      const { steps, found } = stepsOf(text);
      t.equal(found, 'ok');
      t.ok(steps >= 64, `${steps} steps for ${text.length} octets`);
    }
    const broken = other.slice(0, -2);
    broken[broken.length - 1] = 0xc3;
    t.match(stepsOf(broken).found, /^invalidAttributeSyntax: value 1 of attribute 'description'/);
  },
);
