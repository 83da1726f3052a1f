/** Definitions added to a running directory: what fits takes effect, and the outcome depends on the set alone. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { buildSchema } from '../../lib/schema/load-schema.js';
import {
  extendedBefore,
  extendInSteps,
  extendSchema,
  type OwnDefinition,
} from '../../lib/schema/own-definitions.js';
import { standardFiles } from './standard-schema.js';

const BASE = buildSchema([must(standardFiles()[0], 'the core file')]);
const STRING = 'EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15';

function type(oid: string, name: string, more = STRING): OwnDefinition {
  return { kind: 'attributeTypes', text: `( ${oid} NAME '${name}' ${more} )` };
}

function objectClass(oid: string, name: string, more: string): OwnDefinition {
  return { kind: 'objectClasses', text: `( ${oid} NAME '${name}' SUP top AUXILIARY ${more} )` };
}

t.test('definitions that fit are part of the schema, in whatever order they stand', async (t) => {
  const own = [objectClass('9.2.1', 'badgeHolder', 'MAY badge'), type('9.1.1', 'badge')];
  const { schema, inactive } = extendSchema(BASE, own);
  t.same(inactive, []);
  t.equal(schema.attributeType('BADGE')?.oid, '9.1.1');
  t.ok(schema.objectClass('badgeHolder')?.may.has(schema.attributeType('badge') as never));
  t.equal(BASE.attributeType('badge'), undefined, 'the schema below stays as it is');
});

t.test('a collective attribute is required of no entry and names none (X.501)', async (t) => {
  const own: OwnDefinition[] = [
    type('9.1.1', 'site', `${STRING} COLLECTIVE`),
    objectClass('9.2.1', 'needing', 'MUST site'),
    objectClass('9.2.2', 'allowing', 'MAY site'),
    { kind: 'nameForms', text: "( 9.3.1 NAME 'bySite' OC person MUST site )" },
    { kind: 'dITContentRules', text: "( 2.5.6.6 NAME 'needy' MUST site )" },
  ];
  const { schema, inactive } = extendSchema(BASE, own);
  t.same(inactive.map(({ reason }) => reason).sort(), [
    "DIT content rule needy requires 'site', which is COLLECTIVE (X.501).",
    "Name form bySite names entries by 'site', which is COLLECTIVE (X.501).",
    "Object class needing requires 'site', which is COLLECTIVE: no entry has it of its own (X.501).",
  ]);
  t.ok(schema.objectClass('allowing'));
});

t.test('what does not fit is kept out with its reason, and what needs it too', async (t) => {
  const { schema, inactive } = extendSchema(BASE, [
    type('9.1.1', 'a', 'SYNTAX 9.9.9'),
    type('9.1.2', 'b', 'SUP a'),
    objectClass('9.2.1', 'c', 'MAY ( b $ d )'),
    type('9.1.3', 'd'),
    { kind: 'attributeTypes', text: 'no definition' },
    type('2.5.4.3', 'otherCn'),
    type('9.1.4', 'CN'),
  ]);
  t.ok(schema.attributeType('d'));
  t.equal(schema.objectClass('c'), undefined);
  t.same(
    inactive.map(({ reason }) => reason).sort(),
    [
      "Attribute type CN uses 'CN', which another attribute type has.",
      "Attribute type b has the superior 'a', which is not defined.",
      'Attribute type a has the syntax 9.9.9, which this server does not have.',
      "Object class c has the MAY attribute 'b', which is not defined.",
      "The definition does not start with '('.",
      '2.5.4.3 is defined by the installation or a schema file.',
    ].sort(),
  );
  t.equal(schema.attributeType('cn')?.oid, '2.5.4.3', 'names of the installation keep their meaning');
});

t.test('the outcome is the same in every order (all permutations of clashing definitions)', async (t) => {
  const own = [
    type('9.1.1', 'same'),
    type('9.1.2', 'same'),
    type('9.1.3', 'below', 'SUP same'),
    objectClass('9.2.1', 'user', 'MAY below'),
  ];
  const outcomes = new Set<string>();
  for (const order of permutations(own)) {
    const { schema, inactive } = extendSchema(BASE, order);
    outcomes.add(
      JSON.stringify([
        schema.definitions('attributeTypes').filter((text) => text.startsWith('( 9.')),
        schema.definitions('objectClasses').filter((text) => text.startsWith('( 9.')),
        inactive,
      ]),
    );
  }
  t.equal(outcomes.size, 1);
});

t.test('become: one schema takes the content of another, and nothing remembered survives', async (t) => {
  const live = BASE.copy();
  t.equal(live.describe('badge')?.type, undefined);
  t.ok(live.definitions('attributeTypes').length > 50);
  const version = live.version;
  live.become(extendSchema(BASE, [type('9.1.1', 'badge')]).schema);
  t.not(live.version, version);
  t.equal(live.describe('badge')?.type?.oid, '9.1.1');
  t.ok(live.definitions('attributeTypes').some((text) => text.includes("'badge'")));
});

function permutations<T>(of: readonly T[]): T[][] {
  if (of.length < 2) return [[...of]];
  return of.flatMap((one, i) =>
    permutations([...of.slice(0, i), ...of.slice(i + 1)]).map((rest) => [one, ...rest]),
  );
}

t.test(
  'thousands of definitions are worked out in steps, and what hangs on a fault goes with it at once',
  async (t) => {
    const count = 600;
    const own: OwnDefinition[] = Array.from({ length: count }, (_, n) => type(`9.1.${n}`, `many${n}`));
    const stepsOf = (definitions: readonly OwnDefinition[]) => {
      const steps = extendInSteps(BASE, definitions);
      for (let taken = 0; ; taken++) {
        const step = steps.next();
        if (step.done === true) return { taken, extended: step.value };
      }
    };
    const { taken, extended } = stepsOf(own);
    t.ok(taken >= count / 64, 'no step reads more than some dozens');
    t.same(extended.inactive, []);
    t.equal(extended.schema.attributeType('many599')?.oid, '9.1.599');
    t.equal(
      extendedBefore(BASE, [...own].reverse()),
      extended,
      'the last answer is remembered, in any order',
    );
    t.equal(extendedBefore(BASE, own.slice(1)), undefined);
    const chain: OwnDefinition[] = Array.from({ length: count }, (_, n) => ({
      kind: 'dITStructureRules',
      text: `( ${n + 1} NAME 'rule${n}' FORM ${n === 0 ? 'noForm' : 'personForm'}${n === 0 ? '' : ` SUP ${n}`} )`,
    }));
    const form: OwnDefinition = { kind: 'nameForms', text: "( 9.3.1 NAME 'personForm' OC person MUST cn )" };
    const chained = stepsOf([form, ...chain]);
    t.equal(chained.extended.inactive.length, count);
    t.ok(
      chained.taken < 4 * count,
      'a chain of rules whose head is wrong takes two rounds, not one for each',
    );
  },
);
