/** The whole-entry check of merged entries: which fault is named, and that the order of what an entry holds does not matter. RFC 4512 sections 2.4, 2.5, 3.3. */
import t from 'tap';
import { findViolation } from '../../lib/entry/schema-violation.js';
import { attributesOf, sampleSchema } from './sample-schema.js';

const schema = sampleSchema();
const PERSON = { objectClass: ['top', 'person'], sn: ['S'], cn: ['C'] };
const fault = (values: Readonly<Record<string, readonly string[]>>) => {
  const found = findViolation(attributesOf(values), schema);
  return found === undefined ? undefined : `${found.attribute}: ${found.reason}`;
};

t.test('a sound entry has no fault', async (t) => {
  t.equal(fault(PERSON), undefined);
  t.equal(fault({ ...PERSON, sn: [], 'sn;lang-en': ['S'] }), undefined, 'an option subtype will do');
  t.equal(fault({ ...PERSON, aci: ['x'], createTimestamp: ['20200101000000Z'] }), undefined, 'operational');
  const extensible = { ...PERSON, objectClass: ['top', 'person', 'extensibleObject'] };
  t.equal(fault({ ...extensible, mail: ['a@b'], motto: ['x'] }), undefined);
});

t.test('classes come first', async (t) => {
  const of = (...classes: string[]) => fault({ ...PERSON, objectClass: classes, mail: ['a@b'] });
  t.equal(of('top', 'person', 'alien'), "objectclass: object class 'alien' is not in the schema");
  t.equal(of(), 'objectclass: the entry has no objectClass');
  t.equal(of('top', 'person', 'PERSON'), "objectclass: object class 'person' is given twice");
  t.equal(
    of('top', 'worker'),
    "objectclass: object class 'person' is missing, a superclass of classes that the entry has",
  );
  t.equal(of('top', 'numbered'), 'objectclass: the entry has no structural object class');
  t.equal(
    of('top', 'person', 'organizationalUnit'),
    "objectclass: structural object classes 'organizationalUnit' and 'person' do not derive from each other",
  );
});

t.test('then what is missing, then what is too much, by the key of the attribute', async (t) => {
  const much = { mail: ['a@b'], uid: ['u'] };
  t.equal(
    fault({ objectClass: ['top', 'person'], ...much }),
    "cn: object class 'person' requires attribute 'cn'",
  );
  t.equal(
    fault({ ...PERSON, ...much }),
    "mail: attribute 'mail' is not allowed by the entry's object classes ('person')",
  );
  t.equal(fault({ ...PERSON, nosuch: ['x'], uid: ['u'] }), "nosuch: attribute 'nosuch' is not in the schema");
  const numbered = { ...PERSON, objectClass: ['top', 'person', 'numbered'], uidNumber: ['1'] };
  t.equal(
    fault({ ...numbered, motto: ['a', 'b'] }),
    "motto: attribute 'motto' has 2 values and can have only one",
  );
});

t.test('whatever the order of values and attributes, the same fault is named', async (t) => {
  const entries: Record<string, string[]>[] = [
    { ...PERSON, objectClass: ['top', 'person', 'organizationalUnit', 'groupOfNames'] },
    { objectClass: ['top', 'person', 'numbered'], mail: ['a@b'], uid: ['u'], ou: ['o'] },
    { ...PERSON, objectClass: ['top', 'person', 'z', 'a', 'm'], mail: ['x'] },
    { ...PERSON, uid: ['u'], ou: ['o'], mail: ['m'] },
  ];
  for (const entry of entries) {
    const expected = fault(entry);
    t.type(expected, 'string');
    for (let turn = 0; turn < 6; turn++) {
      const names = Object.keys(entry);
      names.push(...names.splice(0, turn % names.length));
      if (turn >= 3) names.reverse();
      const turned = names.map((name) => {
        const values = [...(entry[name] as string[])];
        values.push(...values.splice(0, turn % values.length));
        return [name, values] as const;
      });
      t.equal(fault(Object.fromEntries(turned)), expected);
    }
  }
});
