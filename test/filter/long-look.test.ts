/** A look at many values may be interrupted: the answer is the same, the work counts each time, and each step is bounded (RFC 4511 section 4.5.1.7). */
import t from 'tap';
import { utf8Encode } from '../../lib/base/bytes.js';
import { LIMITS } from '../../lib/base/limits.js';
import { STEP_VALUES } from '../../lib/base/steps.js';
import type { Attribute, Attributes, EntryView, ManyValues } from '../../lib/entry/entry.js';
import { compileFilter } from '../../lib/filter/compile-filter.js';
import type { TruthValue } from '../../lib/filter/filter.js';
import { type FilterMatcher, prepareMatch } from '../../lib/filter/filter-match.js';
import { parseFilter } from '../../lib/filter/filter-text.js';
import { LongLook } from '../../lib/filter/long-look.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { standardSchema } from '../schema/standard-schema.js';

const schema = standardSchema();
const KEY = 'memberuid' as AttributeKey;

/** An attribute that knows that it is large. */
function large(values: readonly Uint8Array[]): Attribute {
  const many: ManyValues = {
    count: values.length,
    rule: 'caseExactIA5Match',
    sum: { high: 0, low: 0 },
    find: () => undefined,
    changed: () => undefined,
    madeOf: () => undefined,
    *valuesInSteps() {
      yield;
      return values;
    },
  };
  return { name: 'memberUid', values, many };
}

function entryOf(attribute: Attribute): EntryView {
  return entryWith(new Map([[KEY, attribute]]));
}

function entryWith(stored: Attributes): EntryView {
  return { dn: { rdns: [] }, stored, attribute: (key) => stored.get(key), computed: () => new Map() };
}

/** Asks until there is an answer. */
function asked(matches: FilterMatcher, entry: EntryView, most = 100): { value: TruthValue; steps: number } {
  for (let steps = 0, asks = 0; ; asks++) {
    if (asks > most) throw new Error('the looks at one entry do not end');
    try {
      return { value: matches(entry), steps };
    } catch (error) {
      if (!(error instanceof LongLook)) throw error;
      while (error.steps.next().done !== true) steps += 1;
    }
  }
}

const many = entryOf(large(Array.from({ length: 5000 }, (_, n) => utf8Encode(`user.${n}`))));
const few = entryOf({ name: 'memberUid', values: [utf8Encode('user.7')] });

t.test('what looks at every value answers as a look in one piece', async (t) => {
  for (const text of [
    '(memberUid=*ser.49*9)',
    '(memberUid=*nobody*)',
    '(!(memberUid=*nobody*))',
    '(memberUid:caseExactOrderingMatch:=user.0)',
    '(memberUid:caseExactOrderingMatch:=zzz)',
    '(memberUid:caseIgnoreMatch:=USER.4999)',
    '(memberUid:1.2.840.113556.1.4.803:=1)',
    '(&(memberUid=*9)(|(memberUid=*nobody*)(memberUid=u*.1*)))',
  ]) {
    const filter = compileFilter(parseFilter(text), schema);
    const { value, steps } = asked(prepareMatch(filter, true), many);
    t.equal(value, prepareMatch(filter)(many), text);
    t.equal(asked(prepareMatch(filter, true), few).steps, 0, 'few values take no steps');
    if (value === false) t.ok(steps >= Math.floor(5000 / STEP_VALUES), `${steps} steps of ${text}`);
  }
});

t.test('an entry may have any number of large attributes: each is looked through once', async (t) => {
  const stored = new Map<AttributeKey, Attribute>();
  for (let n = 0; n < 8; n++)
    stored.set(`memberuid;lang-${n}` as AttributeKey, large([...many.stored.values()][0]?.values ?? []));
  const entry = entryWith(stored);
  for (const text of [
    '(memberUid=*nobody*)',
    '(:caseIgnoreMatch:=nobody)',
    '(&(memberUid=*9*)(memberUid>=zzz))',
  ]) {
    const filter = compileFilter(parseFilter(text), schema);
    const matches = prepareMatch(filter, true);
    for (let turn = 0; turn < 2; turn++) {
      t.equal(asked(matches, entry, 17).value, prepareMatch(filter)(entry), text);
      asked(matches, many);
    }
  }
});

t.test('many looks at one entry are bounded by the work that they are (filterWorkBytes)', async (t) => {
  const values = Array.from({ length: 5000 }, (_, n) => utf8Encode(`${'x'.repeat(400)}${n}`));
  const clauses = Math.ceil(LIMITS.filterWorkBytes / (values.length * 800)) + 1;
  const text = `(&${Array.from({ length: clauses }, (_, n) => `(!(memberUid=*nobody${n}*))`).join('')})`;
  const matches = prepareMatch(compileFilter(parseFilter(text), schema), true);
  t.throws(() => asked(matches, entryOf(large(values))), { message: /filterWorkBytes/ });
});
