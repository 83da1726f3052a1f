/** Changes as bytes: round trip, the header alone, and hostile input (reliability: nothing but ChangeFormatError). */

import fc from 'fast-check';
import t from 'tap';
import { concatBytes, equalBytes, utf8Encode } from '../../lib/base/bytes.js';
import {
  type AttributeChange,
  type Change,
  type ChangeBody,
  type NamedRdn,
  ROOT_UUID,
} from '../../lib/change/change.js';
import {
  ChangeFormatError,
  decodeChange,
  encodeChange,
  encodeInSteps,
  readChangeHeader,
  toEncodedChange,
} from '../../lib/change/change-codec.js';
import { uuidFromBytes } from '../../lib/change/entry-uuid.js';
import { type Csn, makeCsn, type ReplicaId } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';

const SEED = 20_260_801;
const bytes = fc.uint8Array({ maxLength: 40 }).map((octets) => Uint8Array.from(octets));
const uuid = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((octets) => uuidFromBytes(Uint8Array.from([1, ...octets.slice(1)])));
const rule = fc.constantFrom('caseIgnoreMatch', 'octetStringMatch', 'integerMatch', 'distinguishedNameMatch');
const name = fc.constantFrom('cn', 'givenName', 'member', 'cn;lang-en', 'x-éÀ', '2.5.4.3');
const rdn: fc.Arbitrary<NamedRdn> = fc
  .array(fc.record({ name, value: bytes, equality: rule }), { minLength: 1, maxLength: 3 })
  .map((avas) => ({ avas: avas.map((ava) => ({ ...ava, key: ava.name.toLowerCase() as AttributeKey })) }));

function distinctNames<A extends { name: string }>(items: A[]): (A & { key: AttributeKey })[] {
  const byName = new Map(
    items.map((item) => [item.name, { ...item, key: item.name.toLowerCase() as AttributeKey }]),
  );
  return [...byName.values()];
}

const values = fc.array(bytes, { maxLength: 3 });
const changes: fc.Arbitrary<AttributeChange[]> = fc
  .array(
    fc.record({
      name,
      equality: rule,
      single: fc.boolean(),
      clear: fc.boolean(),
      remove: values,
      add: values,
      increment: fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }),
    }),
    { maxLength: 4 },
  )
  .map(distinctNames);
const text = fc.option(fc.string({ maxLength: 20 }), { nil: undefined });
const preserved = fc
  .record({ createTimestamp: text, creatorsName: text, modifyTimestamp: text, modifiersName: text })
  .map((facts) => Object.fromEntries(Object.entries(facts).filter(([, fact]) => fact !== undefined)));
const body: fc.Arbitrary<ChangeBody> = fc.oneof(
  fc
    .record({
      parent: uuid,
      rdn,
      attributes: fc
        .array(fc.record({ name, values: fc.array(bytes, { minLength: 1, maxLength: 4 }) }), { maxLength: 4 })
        .map(distinctNames),
      facts: preserved,
    })
    .map(
      ({ facts, ...add }): ChangeBody =>
        Object.keys(facts).length === 0 ? { kind: 'add', ...add } : { kind: 'add', ...add, preserved: facts },
    ),
  changes.map((attributes): ChangeBody => ({ kind: 'modify', attributes })),
  fc
    .record({
      parent: fc.option(uuid, { nil: undefined }),
      rdn: fc.option(rdn, { nil: undefined }),
      attributes: changes,
    })
    .filter(({ parent, rdn }) => parent !== undefined || rdn !== undefined)
    .map((move): ChangeBody => ({ kind: 'modifyDn', ...move })),
  fc.constantFrom<ChangeBody>({ kind: 'delete' }, { kind: 'undelete' }),
);
const csnParts = fc.record({
  time: fc.integer({ min: 1, max: 2 ** 31 }),
  sequence: fc.integer({ min: 0, max: 1000 }),
  replica: fc.integer({ min: 1, max: 65_535 }),
});
const change: fc.Arbitrary<Change> = fc
  .record({
    at: csnParts,
    back: fc.option(fc.integer({ min: 1, max: 1000 }), { nil: undefined }),
    seen: fc.array(csnParts, { maxLength: 5 }),
    entry: uuid,
    initiator: fc.string({ maxLength: 30 }),
    body,
  })
  .map(({ at, back, seen, ...rest }) => {
    const csn = makeCsn(at.time + 1000, at.sequence, at.replica as ReplicaId);
    return {
      csn,
      previous:
        back === undefined ? undefined : makeCsn(at.time + 1000 - back, at.sequence, at.replica as ReplicaId),
      seen: ServerState.of(
        seen
          .filter(({ replica }) => replica !== at.replica)
          .map((s) => makeCsn(s.time, s.sequence, s.replica as ReplicaId)),
      ),
      ...rest,
    };
  });

/** Everything of a change that can be compared. */
function plain(of: Change): unknown {
  return { ...of, seen: of.seen.toString() };
}

t.test('every change reads back as it was written, in one encoding', async (t) => {
  fc.assert(
    fc.property(change, (made) => {
      const encoded = encodeChange(made);
      const decoded = decodeChange(encoded);
      t.strictSame(plain(decoded), plain(made)) || t.fail(encoded.toString());
      // A copy is encoded anew; of what was decoded the octets are known.
      const again = encodeChange({ ...decoded });
      return Buffer.compare(again, encoded) === 0;
    }),
    { numRuns: 400, seed: SEED },
  );
});

t.test(
  'the octets of a change that was decoded or encoded are kept with it, and not made again',
  async (t) => {
    const encoded = encodeChange({ ...base });
    const decoded = decodeChange(encoded);
    t.equal(encodeChange(decoded), encodeChange(decoded));
    const made = { ...base };
    t.equal(encodeChange(made), encodeChange(made));
    const long = new Uint8Array(10_000);
    long.set(encoded);
    const octets = encodeChange(decodeChange(long.subarray(0, encoded.length)));
    t.ok(equalBytes(octets, encoded) && octets.buffer !== long.buffer, 'a frame is not kept for it');
  },
);

t.test('the header is readable without the body', async (t) => {
  fc.assert(
    fc.property(change, (made) => {
      const encoded = encodeChange(made);
      const header = readChangeHeader(encoded);
      const size = 1 + 12 + (made.previous === undefined ? 1 : 13) + 1 + made.seen.size * 12 + 16;
      return (
        header.csn === made.csn &&
        header.previous === made.previous &&
        header.entry === made.entry &&
        header.seen.equals(made.seen) &&
        readChangeHeader(encoded.subarray(0, size)).csn === made.csn
      );
    }),
    { numRuns: 200, seed: SEED },
  );
  const sample = fc.sample(change, { numRuns: 1, seed: SEED })[0] as Change;
  t.same(toEncodedChange(sample), {
    csn: sample.csn,
    previous: sample.previous,
    bytes: encodeChange(sample),
  });
});

t.test(
  'mutated, cut and prolonged records give a change or ChangeFormatError, and never two readings',
  async (t) => {
    const outcomes = { change: 0, refused: 0 };
    const attempt = (octets: Uint8Array) => {
      try {
        const decoded = decodeChange(octets);
        outcomes.change += 1;
        if (Buffer.compare(encodeChange({ ...decoded }), octets) !== 0) t.fail(`two encodings: ${octets}`);
      } catch (error) {
        if (!(error instanceof ChangeFormatError)) throw error;
        outcomes.refused += 1;
      }
      try {
        readChangeHeader(octets);
      } catch (error) {
        if (!(error instanceof ChangeFormatError)) throw error;
      }
    };
    fc.assert(
      fc.property(
        change,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
        fc.nat(),
        (made, edits, cut) => {
          const encoded = encodeChange(made);
          const mutated = encoded.slice();
          for (const [at, octet] of edits) mutated[at % mutated.length] = octet;
          attempt(mutated);
          attempt(encoded.subarray(0, cut % encoded.length));
          attempt(concatBytes([encoded, Uint8Array.of(cut & 0xff)]));
          return true;
        },
      ),
      { numRuns: 3000, seed: SEED },
    );
    t.ok(outcomes.refused > 3000, `${outcomes.refused} refused, ${outcomes.change} read`);
  },
);

t.test('random octets give ChangeFormatError', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
      octets[0] = 1;
      try {
        decodeChange(octets);
        return true;
      } catch (error) {
        return error instanceof ChangeFormatError;
      }
    }),
    { numRuns: 2000, seed: SEED },
  );
  t.pass();
});

const origin = 7 as ReplicaId;
const base: Change = {
  csn: makeCsn(1000, 0, origin),
  previous: makeCsn(999, 0, origin),
  seen: ServerState.of([makeCsn(5, 0, 3 as ReplicaId), makeCsn(6, 0, 9 as ReplicaId)]),
  entry: uuidFromBytes(new Uint8Array(16).fill(5)),
  initiator: 'cn=admin',
  body: { kind: 'delete' },
};

function edited(of: Change, at: number, ...octets: number[]): Uint8Array {
  const encoded = encodeChange(of).slice();
  encoded.set(octets, at);
  return encoded;
}

t.test('every header field is validated', async (t) => {
  const refuse = (octets: Uint8Array, why: string) =>
    t.throws(() => readChangeHeader(octets), { name: 'ChangeFormatError' }, why);
  refuse(edited(base, 0, 2), 'version');
  refuse(edited(base, 11, 0, 0), 'CSN without a replica');
  refuse(edited(base, 13, 2), 'flag of previous');
  refuse(edited(base, 24, 0, 8), 'previous of another replica');
  refuse(edited(base, 14, 1), 'previous newer than the change');
  refuse(edited(base, 26, 200), 'more CSNs in seen than octets');
  refuse(edited(base, 37, 0, 9), 'seen twice the same replica');
  refuse(edited(base, 49, 0, 2), 'seen not in order');
  refuse(edited(base, 37, 0, 7), 'seen names the origin');
  refuse(edited(base, 51, ...new Array(16).fill(0)), 'the root as entry');
  t.doesNotThrow(() => readChangeHeader(edited(base, 51, 1)));
});

t.test('what peers would refuse is not encoded', async (t) => {
  const refuse = (over: Partial<Change>, why: string) =>
    t.throws(() => encodeChange({ ...base, ...over }), why);
  refuse({ previous: makeCsn(2000, 0, origin) }, 'previous newer');
  refuse({ seen: ServerState.of([base.csn]) }, 'seen names the origin');
  refuse({ entry: ROOT_UUID }, 'root');
  refuse(
    { body: { kind: 'modifyDn', parent: undefined, rdn: undefined, attributes: [] } },
    'modifyDn of nothing',
  );
  const one: AttributeChange = {
    key: 'cn' as AttributeKey,
    name: 'cn',
    equality: 'caseIgnoreMatch',
    single: false,
    clear: true,
    remove: [],
    add: [],
    increment: 0n,
  };
  refuse({ body: { kind: 'modify', attributes: [one, one] } }, 'an attribute twice');
  refuse(
    { body: { kind: 'modify', attributes: [{ ...one, increment: 10n ** 2000n }] } },
    'increment too long',
  );
});

t.test('a rule that we do not have is refused, not guessed at', async (t) => {
  const one = { key: 'cn' as AttributeKey, name: 'cn', equality: 'fooMatch', single: false, clear: true };
  const encoded = encodeChange({
    ...base,
    body: { kind: 'modify', attributes: [{ ...one, remove: [], add: [], increment: 0n }] },
  });
  t.throws(() => decodeChange(encoded), { name: 'ChangeFormatError', message: /fooMatch/ });
  t.equal(readChangeHeader(encoded).csn, base.csn, 'a broker does not mind');
});

t.test('a decoded change does not keep the frame alive that brought it', async (t) => {
  const encoded = encodeChange({ ...base, initiator: 'x' });
  const frame = new Uint8Array(100_000);
  frame.set(encoded, 500);
  const view = frame.subarray(500, 500 + encoded.length);
  t.same(plain(decodeChange(view)), plain({ ...base, initiator: 'x' }));
  const add: Change = {
    ...base,
    body: {
      kind: 'add',
      parent: ROOT_UUID,
      rdn: {
        avas: [
          { key: 'cn' as AttributeKey, name: 'cn', value: utf8Encode('x'), equality: 'caseIgnoreMatch' },
        ],
      },
      attributes: [{ key: 'cn' as AttributeKey, name: 'cn', values: [utf8Encode('x')] }],
    },
  };
  const bigFrame = new Uint8Array(100_000);
  const addBytes = encodeChange(add);
  bigFrame.set(addBytes, 7);
  const decoded = decodeChange(bigFrame.subarray(7, 7 + addBytes.length));
  if (decoded.body.kind !== 'add') throw new Error('not an add');
  t.not(decoded.body.attributes[0]?.values[0]?.buffer, bigFrame.buffer);
  t.equal(decoded.csn, base.csn satisfies Csn);
});

t.test('in steps the octets of a change of many values are those of it encoded at once', async (t) => {
  const many = Array.from({ length: 5000 }, (_, n) => utf8Encode(`value ${n}`));
  const made = (): Change => ({
    csn: makeCsn(1000, 1, 1 as ReplicaId),
    previous: undefined,
    seen: ServerState.EMPTY,
    entry: uuidFromBytes(new Uint8Array(16).fill(1)),
    initiator: '',
    body: {
      kind: 'modify',
      attributes: [
        {
          key: 'cn' as AttributeKey,
          name: 'cn',
          equality: 'caseIgnoreMatch',
          single: false,
          clear: false,
          remove: [...many],
          add: many.slice(0, 3),
          increment: 0n,
        },
      ],
    },
  });
  const expected = encodeChange(made());
  const change = made();
  const steps = encodeInSteps(change);
  let yields = 0;
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) {
    yields += 1;
    // Whoever encodes another between two steps has the same memory to write to.
    encodeChange({ ...made(), initiator: 'cn=another' });
  }
  t.ok(yields > 0);
  t.ok(equalBytes(step.value, expected));
  t.equal(encodeChange(change), step.value, 'remembered');
});
