/** Modify requests: strict steps, and a net effect that means the same on every server. RFC 4511 section 4.6, RFC 4525. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { LdapError } from '../../lib/base/ldap-error.js';
import type { AttributeChange } from '../../lib/change/change.js';
import { applyModifications } from '../../lib/entry/apply-modifications.js';
import type { EntryModification } from '../../lib/entry/modification.js';
import { processorMs } from '../processor-time.js';
import { attributesOf, bytes, plain, sampleSchema, textOf } from './sample-schema.js';

const schema = sampleSchema();

/** `add cn a b`, `delete cn`, `increment number 3`. */
function step(text: string): EntryModification {
  const [operation, description = '', ...values] = text.split(' ');
  return {
    operation: operation as EntryModification['operation'],
    attribute: { description, values: values.map(bytes) },
  };
}

/** Answers the attributes afterwards as text, or the result name of the refusal. */
function outcome(before: Record<string, string[]>, steps: string[], permissive = false): unknown {
  try {
    return plain(applyModifications(attributesOf(before), steps.map(step), schema, { permissive }).after);
  } catch (error) {
    if (error instanceof LdapError) return error.result;
    throw error;
  }
}

t.test('add, delete and replace do what RFC 4511 section 4.6 says', async (t) => {
  const cn = (...values: string[]) => ({ cn: values });
  t.same(outcome(cn('a'), ['add cn b']), cn('a', 'b'));
  t.same(outcome({}, ['add cn b']), cn('b'));
  t.equal(outcome(cn('a'), ['add cn A']), 'attributeOrValueExists');
  t.equal(outcome({}, ['add cn a A']), 'attributeOrValueExists');
  t.equal(outcome({}, ['add cn']), 'protocolError');
  t.same(outcome(cn('a', 'b'), ['delete cn A']), cn('b'));
  t.same(outcome(cn('a'), ['delete cn a']), {}, 'the last value takes the attribute along');
  t.equal(outcome(cn('a'), ['delete cn b']), 'noSuchAttribute');
  t.equal(outcome(cn('a'), ['delete cn a a']), 'noSuchAttribute');
  t.equal(outcome({}, ['delete cn']), 'noSuchAttribute');
  t.same(outcome(cn('a', 'b'), ['replace cn c']), cn('c'));
  t.same(outcome(cn('a'), ['replace cn']), {});
  t.same(outcome({}, ['replace cn']), {}, 'replacing nothing with nothing is no error');
  t.equal(outcome({}, ['replace cn c C']), 'attributeOrValueExists');
  t.equal(outcome({}, ['add nosuch x']), 'undefinedAttributeType');
  t.equal(outcome({}, ['add 1cn x']), 'undefinedAttributeType');
  t.same(outcome(cn('a'), ['delete cn a', 'add commonName A']), cn('A'), 'aliases name one attribute');
  t.same(outcome(cn('a'), ['add cn;lang-en a']), { cn: ['a'], 'cn;lang-en': ['a'] }, 'options make another');
});

t.test(
  'increment adds to every value and only to integers that are there (RFC 4525 section 3)',
  async (t) => {
    t.same(outcome({ uidNumber: ['5'] }, ['increment uidNumber 3']), { uidnumber: ['8'] });
    t.same(outcome({ number: ['-1', '9'] }, ['increment number -1']), { number: ['-2', '8'] });
    const big = '123456789012345678901234567890';
    t.same(outcome({ number: [big] }, ['increment number 1']), {
      number: ['123456789012345678901234567891'],
    });
    t.equal(outcome({}, ['increment number 1']), 'noSuchAttribute');
    t.equal(outcome({ cn: ['1'] }, ['increment cn 1']), 'constraintViolation');
    t.equal(outcome({ number: ['1'] }, ['increment number x']), 'invalidAttributeSyntax');
    t.equal(outcome({ number: ['1'] }, ['increment number 1 2']), 'protocolError');
    t.equal(outcome({ number: ['1'] }, ['increment number']), 'protocolError');
    t.equal(outcome({ number: ['1'.repeat(2000)] }, ['increment number 1']), 'constraintViolation');
    t.equal(outcome({ number: ['1'] }, [`increment number ${'1'.repeat(2000)}`]), 'invalidAttributeSyntax');
  },
);

t.test('a permissive modify passes over what is so already', async (t) => {
  t.same(outcome({ cn: ['a'] }, ['add cn A b b'], true), { cn: ['a', 'b'] });
  t.same(outcome({ cn: ['a'] }, ['delete cn x', 'delete sn'], true), { cn: ['a'] });
  t.same(outcome({}, ['replace cn a A'], true), { cn: ['a'] });
  t.equal(outcome({ cn: ['a'] }, ['add nosuch x'], true), 'undefinedAttributeType');
});

t.test('all or nothing: a refused step leaves the attributes as they were', async (t) => {
  const before = attributesOf({ cn: ['a'], sn: ['s'] });
  const image = plain(before);
  t.throws(() => applyModifications(before, ['add cn b', 'delete sn x'].map(step), schema));
  t.same(plain(before), image);
});

t.test('an attribute that only another server knows can be deleted and not written', async (t) => {
  t.same(outcome({ xforeign: ['1', '2'] }, ['delete xforeign 1']), { xforeign: ['2'] });
  t.same(outcome({ xforeign: ['1'] }, ['replace xforeign']), {});
  t.equal(outcome({ xforeign: ['1'] }, ['add xforeign 2']), 'undefinedAttributeType');
  t.equal(outcome({ xforeign: ['1'] }, ['replace xforeign 2']), 'undefinedAttributeType');
});

t.test('superclasses come with a class and do not leave alone (RFC 4512 section 3.3)', async (t) => {
  t.same(outcome({ objectClass: ['person', 'top'] }, ['add objectClass numbered']), {
    objectclass: ['person', 'top', 'numbered'],
  });
  t.same(outcome({ objectClass: ['top'] }, ['replace objectClass worker']), {
    objectclass: ['worker', 'person', 'top'],
  });
  t.same(
    outcome({ objectClass: ['worker', 'person', 'top'] }, ['delete objectClass person']),
    {
      objectclass: ['worker', 'top'],
    },
    'left for the check to refuse',
  );
});

/** The permissive fold of a change record over values: what every replica does (replication-model.md section 4). */
function fold(
  values: readonly string[],
  change: AttributeChange | undefined,
  same: (v: string) => string,
): string[] {
  if (change === undefined) return [...values];
  let now = change.clear ? [] : [...values];
  for (const value of change.remove) now = now.filter((v) => same(v) !== same(textOf(value)));
  for (const value of change.add) {
    const text = textOf(value);
    if (!now.some((v) => same(v) === same(text))) now.push(text);
  }
  return change.increment === 0n ? now : now.map((v) => String(BigInt(v) + change.increment));
}

/** The steps, one at a time and permissively, over values: written without regard to net effects. */
function stepwise(
  values: readonly string[],
  steps: readonly EntryModification[],
  same: (v: string) => string,
): string[] {
  let now = [...values];
  for (const { operation, attribute } of steps) {
    const given = attribute.values.map(textOf);
    if (operation === 'increment') now = now.map((v) => String(BigInt(v) + BigInt(given[0] ?? 0)));
    else if (operation === 'delete' && given.length > 0) {
      now = now.filter((v) => !given.some((g) => same(g) === same(v)));
    } else {
      if (operation !== 'add') now = [];
      if (operation !== 'delete')
        for (const g of given) if (!now.some((v) => same(v) === same(g))) now.push(g);
    }
  }
  return now;
}

function* sequences(steps: readonly string[], length: number): Generator<string[]> {
  if (length === 0) yield [];
  else for (const rest of sequences(steps, length - 1)) for (const one of steps) yield [...rest, one];
}

interface World {
  readonly attribute: string;
  readonly states: readonly (readonly string[])[];
  readonly steps: readonly string[];
  readonly same: (value: string) => string;
}

const LETTERS: World = {
  attribute: 'cn',
  states: [[], ['a'], ['A'], ['b'], ['a', 'b']],
  steps: [
    'add cn a',
    'add cn A',
    'add cn b',
    'add cn A b',
    'delete cn a',
    'delete cn B',
    'delete cn',
    'replace cn',
    'replace cn A b',
  ],
  same: (value) => value.toLowerCase(),
};

const NUMBERS: World = {
  attribute: 'number',
  states: [[], ['1'], ['4'], ['1', '4']],
  steps: [
    'increment number 3',
    'increment number -3',
    'add number 1',
    'add number 4',
    'delete number 4',
    'delete number 1',
    'delete number',
    'replace number',
    'replace number 1',
  ],
  same: (value) => value,
};

for (const world of [LETTERS, NUMBERS]) {
  for (const permissive of [false, true]) {
    const longest = permissive ? 4 : 3;
    const name = `${world.attribute}, ${permissive ? 'permissive' : 'strict'}`;
    t.test(
      `every sequence of up to ${longest} steps: folding the net effect is applying the steps (${name})`,
      async (t) => {
        let applied = 0;
        const sorted = (values: readonly string[]) => [...values].sort().join(' ');
        for (let length = 1; length <= longest; length++) {
          for (const texts of sequences(world.steps, length)) {
            const steps = texts.map(step);
            for (const state of world.states) {
              const before = attributesOf(state.length === 0 ? {} : { [world.attribute]: [...state] });
              let result: ReturnType<typeof applyModifications>;
              try {
                result = applyModifications(before, steps, schema, { permissive });
              } catch (error) {
                if (error instanceof LdapError) continue;
                throw error;
              }
              applied += 1;
              const after = plain(result.after)[world.attribute] ?? [];
              const change = result.changes[0];
              const expected = sorted(stepwise(state, steps, world.same));
              if (sorted(after) !== expected) t.fail(`${texts.join(', ')} on ${state}: ${after}`);
              if (sorted(fold(state, change, world.same)) !== expected)
                t.fail(`fold: ${texts.join(', ')} on ${state}`);
              // The same intent on states that the origin did not see.
              for (const other of world.states) {
                const there = sorted(fold(other, change, world.same));
                if (there !== sorted(stepwise(other, steps, world.same))) {
                  t.fail(`elsewhere: ${texts.join(', ')} made at ${state}, folded at ${other}: ${there}`);
                }
              }
              if (!t.passing()) return;
            }
          }
        }
        t.ok(applied > 500, `${applied} sequences applied`);
      },
    );
  }
}

t.test('the strict outcome of every sequence of up to 3 steps is that of its steps one by one', async (t) => {
  for (const world of [LETTERS, NUMBERS]) {
    for (const texts of [...sequences(world.steps, 2), ...sequences(world.steps, 3)]) {
      for (const state of world.states) {
        const whole = outcome({ [world.attribute]: [...state] }, texts);
        let now: unknown = plain(attributesOf(state.length === 0 ? {} : { [world.attribute]: [...state] }));
        for (const text of texts)
          if (typeof now !== 'string') now = outcome(now as Record<string, string[]>, [text]);
        const sort = (value: unknown) =>
          typeof value === 'string'
            ? value
            : [...((value as Record<string, string[]>)[world.attribute] ?? [])].sort().join(' ');
        if (state.length === 0) continue;
        if (sort(whole) !== sort(now))
          t.fail(`${texts.join(', ')} on ${state}: ${sort(whole)} is not ${sort(now)}`);
        if (!t.passing()) return;
      }
    }
  }
});

t.test('the change record carries rule, name and single value of the origin', async (t) => {
  const before = attributesOf({ cn: ['x'], motto: ['m'] });
  const { changes } = applyModifications(before, ['add commonname y', 'replace MOTTO n'].map(step), schema);
  t.match(changes, [
    { key: 'cn', name: 'cn', equality: 'caseIgnoreMatch', single: false, clear: false },
    { key: 'motto', name: 'motto', equality: 'caseIgnoreMatch', single: true, clear: true },
  ]);
  t.same(
    applyModifications(before, [step('replace number')], schema).changes.length,
    1,
    'an intent to clear is kept',
  );
});

t.test('an edit of a group with 100,000 members costs its own values, not the group', async (t) => {
  const members = Array.from({ length: 100_000 }, (_, i) => `uid=user${i},ou=people,dc=example,dc=com`);
  let attributes = attributesOf({ member: members });
  attributes = applyModifications(attributes, [step('add member uid=first,dc=example')], schema).after;
  // The set is made once; from here on edits are small.
  const ms = processorMs(() => {
    for (let i = 0; i < 100; i++) {
      attributes = applyModifications(attributes, [step(`add member uid=new${i},dc=example`)], schema).after;
      attributes = applyModifications(
        attributes,
        [step(`delete member uid=USER${i},ou=people,dc=example,dc=com`)],
        schema,
      ).after;
    }
  });
  const eachMs = ms / 200;
  t.equal(must([...attributes.values()][0], 'member').values.length, 100_001);
  t.ok(eachMs < 20, `${eachMs.toFixed(3)} ms an edit`);
  t.comment(`${eachMs.toFixed(3)} ms an edit`);
  const refusal = (text: string) => {
    try {
      return applyModifications(attributes, [step(text)], schema);
    } catch (error) {
      return error instanceof LdapError ? error.result : error;
    }
  };
  t.equal(refusal('add member UID=new7,dc=example'), 'attributeOrValueExists');
  t.equal(refusal('delete member uid=user7,ou=people,dc=example,dc=com'), 'noSuchAttribute');
});
