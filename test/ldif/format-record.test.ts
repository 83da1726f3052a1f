/** LDIF written: folding, base64, and every record read back as it was. RFC 2849. */
import fc from 'fast-check';
import t from 'tap';
import { utf8Encode } from '../../lib/base/bytes.js';
import { formatRecord, LDIF_HEADER } from '../../lib/ldif/format-record.js';
import { LdifReader } from '../../lib/ldif/ldif-reader.js';
import type { LdifRecord } from '../../lib/ldif/ldif-record.js';

const entry = (...values: (string | Uint8Array)[]): LdifRecord => ({
  kind: 'content',
  dn: 'cn=a',
  attributes: [
    {
      description: 'cn',
      values: values.map((value) => (typeof value === 'string' ? utf8Encode(value) : value)),
    },
  ],
});

t.test('safe strings stand plain, all else in base64 (RFC 2849 SAFE-STRING, note 8)', async (t) => {
  const line = (value: string | Uint8Array) => formatRecord(entry(value)).split('\n')[1];
  t.equal(line('plain: value <'), 'cn: plain: value <');
  t.equal(line(''), 'cn:');
  for (const value of [' x', ':x', '<x', 'x ', 'é', 'a\nb', 'a\rb', 'a\0b']) {
    t.match(line(value), /^cn:: [A-Za-z0-9+/=]+$/, JSON.stringify(value));
  }
  t.equal(line(Uint8Array.of(0xff)), 'cn:: /w==');
});

t.test('lines fold at 76 columns or not at all', async (t) => {
  const record = entry('x'.repeat(300));
  const lines = formatRecord(record).split('\n');
  t.ok(lines.every((line) => line.length <= 76));
  t.equal(lines[1]?.length, 76);
  t.equal(lines[2]?.length, 76);
  t.equal(formatRecord(record, { wrap: false }).split('\n')[1], `cn: ${'x'.repeat(300)}`);
});

t.test('comments cannot break out of their line', async (t) => {
  const out = formatRecord(entry('a'), { comments: ['one\ndn: cn=evil', 'é\u0007'] });
  t.ok(out.startsWith('# one\n# dn: cn=evil\n# ??\ndn: cn=a\n'));
});

t.test('a change record with everything', async (t) => {
  const record: LdifRecord = {
    kind: 'change',
    dn: 'cn=a',
    controls: [
      { oid: '1.2.3', critical: true, value: undefined },
      { oid: '1.2.4', critical: false, value: utf8Encode(' v') },
    ],
    change: { kind: 'modifyDn', newRdn: 'cn=é', deleteOldRdn: false, newSuperior: 'o=x' },
  };
  t.equal(
    formatRecord(record),
    'dn: cn=a\ncontrol: 1.2.3 true\ncontrol: 1.2.4 false:: IHY=\nchangetype: modrdn\nnewrdn:: Y249w6k=\ndeleteoldrdn: 0\nnewsuperior: o=x\n\n',
  );
});

const octets = fc.uint8Array({ maxLength: 120 }).map((value) => new Uint8Array(value));
const value = fc.oneof(octets, fc.string({ maxLength: 200 }).map(utf8Encode));
const name = fc.constantFrom('cn', 'sn;lang-en', 'jpegPhoto', '2.5.4.3', 'x-own_name');
const dn = fc.string({ unit: 'binary', maxLength: 100 }).filter((text) => !/[\ud800-\udfff]/.test(text));
const attributes = fc.uniqueArray(
  fc.record({ description: name, values: fc.array(value, { minLength: 1, maxLength: 3 }) }),
  {
    minLength: 1,
    maxLength: 4,
    selector: (one) => one.description,
  },
);
const modification = fc.record({
  operation: fc.constantFrom('add' as const, 'delete' as const, 'replace' as const, 'increment' as const),
  attribute: fc.record({ description: name, values: fc.array(value, { maxLength: 3 }) }),
});
const change = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), attributes }),
  fc.record({ kind: fc.constant('delete' as const) }),
  fc.record({
    kind: fc.constant('modify' as const),
    modifications: fc.array(modification, { maxLength: 4 }),
  }),
  fc.record({
    kind: fc.constant('modifyDn' as const),
    newRdn: dn,
    deleteOldRdn: fc.boolean(),
    newSuperior: fc.option(dn, { nil: undefined }),
  }),
);
const control = fc.record({
  oid: fc.constantFrom('1.2.3', '0.9.2342'),
  critical: fc.boolean(),
  value: fc.option(value, { nil: undefined }),
});
const record: fc.Arbitrary<LdifRecord> = fc.oneof(
  fc.record({ kind: fc.constant('content' as const), dn, attributes }),
  fc.record({
    kind: fc.constant('change' as const),
    dn,
    controls: fc.array(control, { maxLength: 2 }),
    change,
  }),
);

t.test('what is written is read back, folded or not', async (t) => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 4 }), fc.boolean(), (records, wrap) => {
      const file = LDIF_HEADER + records.map((one) => formatRecord(one, { wrap, comments: ['c'] })).join('');
      const reader = new LdifReader();
      const items = [...reader.push(file), ...reader.end()];
      const back = items.map((item) => (item.kind === 'record' ? item.record : item));
      if (!same(back, records)) throw new Error(`${JSON.stringify(back)} ${file}`);
    }),
    { seed: 2849, numRuns: 300 },
  );
  t.pass();
});

function same(a: unknown, b: unknown): boolean {
  const text = (value: unknown) =>
    JSON.stringify(value, (_, one) => {
      if (one?.type === 'Buffer') return `bytes ${one.data.join()}`;
      return one instanceof Uint8Array ? `bytes ${[...one].join()}` : one;
    });
  return text(a) === text(b);
}
