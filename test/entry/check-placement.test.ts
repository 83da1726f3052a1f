/** DIT content rules, name forms and structure rules, as they govern entries (RFC 4512 sections 4.1.6 and 4.1.7). */
import t from 'tap';
import { utf8Encode } from '../../lib/base/bytes.js';
import { LdapError } from '../../lib/base/ldap-error.js';
import type { NamedRdn } from '../../lib/change/change.js';
import { parseRdn } from '../../lib/dn/dn-text.js';
import { buildEntry } from '../../lib/entry/build-entry.js';
import { checkNewEntry } from '../../lib/entry/check-entry.js';
import { checkPlacement, governingRule, type NamedAttributes } from '../../lib/entry/check-placement.js';
import { findViolation } from '../../lib/entry/schema-violation.js';
import { extendSchema } from '../../lib/schema/own-definitions.js';
import { standardSchema } from '../schema/standard-schema.js';

const { schema, inactive } = extendSchema(standardSchema(), [
  {
    kind: 'dITContentRules',
    text: "( 2.5.6.6 NAME 'people' AUX ( uidObject $ posixAccount ) MUST description MAY mail NOT telephoneNumber )",
  },
  { kind: 'nameForms', text: "( 9.3.1 NAME 'ouForm' OC organizationalUnit MUST ou MAY description )" },
  { kind: 'nameForms', text: "( 9.3.2 NAME 'orgForm' OC organization MUST o )" },
  { kind: 'nameForms', text: "( 9.3.3 NAME 'roleForm' OC organizationalRole MUST cn )" },
  { kind: 'dITStructureRules', text: "( 1 NAME 'orgRule' FORM orgForm )" },
  { kind: 'dITStructureRules', text: "( 2 NAME 'ouRule' FORM ouForm SUP ( 1 2 ) )" },
]);

function entry(rdn: string, classes: readonly string[], more: Record<string, string> = {}): NamedAttributes {
  const named = schema.namedRdn(parseRdn(rdn)) as NamedRdn;
  const list = [
    { description: 'objectClass', values: classes.map(utf8Encode) },
    ...Object.entries(more).map(([description, value]) => ({ description, values: [utf8Encode(value)] })),
  ];
  return { attributes: buildEntry(list, named, schema), rdn: named };
}

function refusal(run: () => void): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (error instanceof LdapError) return `${error.result}: ${error.message}`;
    throw error;
  }
}

t.test('the rules of these tests fit', async (t) => t.same(inactive, []));

t.test('section 4.1.6: a content rule requires, allows, precludes and bars', async (t) => {
  const check = (classes: readonly string[], more: Record<string, string>) => {
    const made = entry('cn=x', ['person', ...classes], { sn: 's', ...more });
    const found = refusal(() => checkNewEntry(made.attributes, made.rdn, schema));
    t.equal(
      findViolation(made.attributes, schema) === undefined,
      found === undefined,
      'merged entries are judged alike',
    );
    return found;
  };
  t.equal(check(['uidObject'], { uid: 'u', description: 'd', mail: 'a@b' }), undefined);
  t.match(check([], {}), /^objectClassViolation: .* requires attribute 'description'/);
  t.match(
    check([], { description: 'd', telephoneNumber: '1' }),
    /precluded by the DIT content rule of 'person'/,
  );
  t.match(check(['pkiUser'], { description: 'd' }), /does not allow the auxiliary class 'pkiUser'/);
  t.match(check(['extensibleObject'], { description: 'd' }), /auxiliary class 'extensibleObject'/);
});

t.test('section 4.1.7.2: a name form says which attributes name an entry', async (t) => {
  const place = (rdn: string) =>
    refusal(() => checkPlacement(entry(rdn, ['organizationalUnit'], { ou: 'x' }), undefined, schema));
  t.equal(place('ou=a'), undefined);
  t.equal(place('ou=a+description=b'), undefined);
  t.match(
    place('description=b'),
    /^namingViolation: .* named by 'ou', and may be by 'description' \(name form 'ouForm'\)/,
  );
  t.match(place('ou=a+l=b'), /^namingViolation: /);
  t.equal(
    refusal(() => checkPlacement(entry('cn=x', ['device']), undefined, schema)),
    undefined,
    'a class without a form is named as anybody likes',
  );
});

t.test('section 4.1.7.1: a structure rule says below what an entry stands', async (t) => {
  const org = entry('o=x', ['organization']);
  const ou = entry('ou=x', ['organizationalUnit']);
  const other = entry('cn=x', ['device']);
  const place = (one: NamedAttributes, below: NamedAttributes | undefined) =>
    refusal(() => checkPlacement(one, below, schema));
  t.equal(place(ou, org), undefined);
  t.equal(place(ou, ou), undefined);
  t.match(
    place(ou, other),
    /^namingViolation: .*no entry of class 'organizationalUnit' below one of 'device'/,
  );
  t.equal(place(ou, undefined), undefined, 'the base of a naming context');
  t.equal(place(org, other), undefined, 'a rule without superiors');
  t.equal(place(entry('cn=r', ['organizationalRole']), other), undefined, 'a form without a rule');
});

t.test('section 3.4.6: the structure rule that governs an entry, by its name and its parent', async (t) => {
  const org = entry('o=x', ['organization']);
  const ou = entry('ou=x', ['organizationalUnit']);
  const rule = (one: NamedAttributes, below: NamedAttributes | undefined) =>
    governingRule(
      () => one,
      () => below,
      schema,
    );
  const ids = [rule(org, undefined), rule(ou, org), rule(ou, ou)];
  t.match(ids[0], /^\d+$/);
  t.match(ids[1], /^\d+$/);
  t.not(ids[0], ids[1]);
  t.equal(ids[2], ids[1]);
  t.equal(rule(ou, entry('cn=x', ['device'])), undefined, 'no rule lets it stand there');
  t.equal(rule(entry('cn=x', ['device']), org), undefined, 'a class without a form');
  t.equal(rule(entry('cn=r', ['organizationalRole']), org), undefined, 'a form without a rule');
});
