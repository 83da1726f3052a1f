/** LDIF as a stream: lines, folding, records, faults, chunks. RFC 2849. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { utf8Decode, utf8Encode } from '../../lib/base/bytes.js';
import { formatRecord, LDIF_HEADER } from '../../lib/ldif/format-record.js';
import { LdifReader, type LdifReaderOptions } from '../../lib/ldif/ldif-reader.js';
import type { LdifItem, LdifRecord } from '../../lib/ldif/ldif-record.js';
import { processorMs } from '../processor-time.js';

const text = (value: Uint8Array) => must(utf8Decode(value), 'text');

/** All items of a file. */
function read(file: string | Uint8Array, options: LdifReaderOptions = {}): LdifItem[] {
  const reader = new LdifReader(options);
  return [...reader.push(file), ...reader.end()];
}

/** Items in short: `1 cn=a {cn=[x|y]}`, `!3 reason`. */
function short(items: readonly LdifItem[]): string[] {
  return items.map((item) => {
    if (item.kind === 'fault') return `!${item.line} ${item.reason}`;
    const { record } = item;
    if (record.kind === 'change') return `${item.line} ${record.dn} ${record.change.kind}`;
    const list = record.attributes.map((one) => `${one.description}=[${one.values.map(text).join('|')}]`);
    return `${item.line} ${record.dn} {${list.join(' ')}}`;
  });
}

t.test('records are separated by blank lines; lines count from 1', async (t) => {
  const file = 'version: 1\ndn: cn=a\ncn: a\n\n\n\ndn: cn=b\ncn: b';
  t.same(short(read(file)), ['2 cn=a {cn=[a]}', '7 cn=b {cn=[b]}']);
});

t.test('the version may stand alone, or be missing, but not be another', async (t) => {
  t.same(short(read('version: 1\n\ndn: cn=a\ncn: a\n')), ['3 cn=a {cn=[a]}']);
  t.same(short(read('dn: cn=a\ncn: a\n')), ['1 cn=a {cn=[a]}']);
  t.same(short(read('# comment\n\nVersion:1\ndn: cn=a\ncn: a\n')), ['4 cn=a {cn=[a]}']);
  t.same(short(read('version: 2\n\ndn: cn=a\ncn: a\n')), [
    '!1 only version 1 of LDIF is known',
    '3 cn=a {cn=[a]}',
  ]);
});

t.test('a line that starts with a space goes on the one before, comments too', async (t) => {
  const file = 'dn: cn=\n a\n# a comment\n  that goes on: here\ndescription: two \n  words\ncn:\n  x\n';
  t.same(short(read(file)), ['1 cn=a {description=[two  words] cn=[x]}']);
  t.same(short(read(' x\ndn: cn=a\ncn: a\n\ndn: cn=b\ncn: b\n')), [
    '!1 the line starts with a space and continues nothing',
    '5 cn=b {cn=[b]}',
  ]);
  t.same(short(read('dn: cn=a\ncn: a\n\n   \ndn: cn=b\ncn: b\n')), ['1 cn=a {cn=[a]}', '5 cn=b {cn=[b]}']);
});

t.test('CRLF, a byte order mark and a missing end of the last line make no difference', async (t) => {
  const plain = 'version: 1\n\ndn: cn=a\ncn: a\n long\n\ndn: cn=b\ncn: b\n';
  const expected = short(read(plain));
  t.same(short(read(plain.replaceAll('\n', '\r\n'))), expected);
  t.same(short(read(`\ufeff${plain}`)), expected);
  t.same(short(read(plain.slice(0, -1))), expected);
  t.same(short(read('')), []);
  t.same(short(read('\n\n# nothing\n')), []);
});

t.test('values of one attribute stand together whatever its case', async (t) => {
  t.same(short(read('dn: cn=a\ncn: a\nsn: s\nCN: b\n')), ['1 cn=a {cn=[a|b] sn=[s]}']);
});

const FAULTS: readonly [file: string, line: number, reason: RegExp][] = [
  ['dn: cn=a\n', 1, /no attributes/],
  ['cn: a\ndn: cn=a\n', 1, /starts with 'dn:'/],
  ['dn: cn=a\ncn\n', 2, /no ':'/],
  ['dn: cn=a\ncn: a\n: x\n', 3, /is not an attribute description/],
  ['dn: cn=a\nc n: a\n', 2, /'c n' is not an attribute description/],
  ['dn: cn=a\ncn:: YQ=\n', 2, /'cn' is not base64/],
  ['dn: cn=a\nsn: x\ncn:: a b\n', 3, /not base64/],
  ['dn:: /w==\ncn: a\n', 1, /'dn' is not UTF-8/],
  ['dn: cn=a\ncn:< file:///etc/passwd\n', 2, /is a URL, and none may be read/],
  ['dn: cn=a\ncn: a\ndn: cn=b\ncn: b\n', 3, /blank line missing/],
  ['dn: cn=a\ncn: a\u0000b\n', 2, /NUL/],
  ['dn: cn=a\n# c\n folded\nchangetype: destroy\n', 4, /'destroy' is no changetype/],
  ['dn: cn=a\ncn: a\nchangetype: add\n', 3, /must follow 'dn:'/],
  ['dn: cn=a\nchangetype: delete\ncn: a\n', 3, /nothing may follow/],
  ['dn: cn=a\nchangetype: add\n', 2, /no attributes/],
  ['dn: cn=a\nchangetype: modify\nrename: cn\n', 3, /'add:', 'delete:', 'replace:' or 'increment:'/],
  ['dn: cn=a\nchangetype: modify\nadd: cn\nsn: x\n-\n', 4, /a value of 'cn' or '-' expected/],
  ['dn: cn=a\nchangetype: modify\nadd: c n\ncn: x\n-\n', 3, /is not an attribute description/],
  ['dn: cn=a\nchangetype: modrdn\nnewrdn: cn=b\n', 2, /'deleteoldrdn:' is missing/],
  ['dn: cn=a\nchangetype: modrdn\ndeleteoldrdn: 1\n', 2, /'newrdn:' is missing/],
  ['dn: cn=a\nchangetype: modrdn\nnewrdn: cn=b\ndeleteoldrdn: yes\n', 4, /is 0 or 1/],
  ['dn: cn=a\nchangetype: modrdn\nnewrdn: cn=b\nnewrdn: cn=c\n', 4, /one each/],
  ['dn: cn=a\ncontrol: 1.2.3\ncn: a\n', 3, /'changetype:' must follow 'control:'/],
  ['dn: cn=a\ncontrol: x\nchangetype: delete\n', 2, /is not the OID of a control/],
  ['dn: cn=a\ncontrol: 1.2 maybe\nchangetype: delete\n', 2, /true or false/],
  ['dn: cn=a\ncontrol: 1.2 true x\nchangetype: delete\n', 2, /text after a control/],
];

t.test('every fault is told with its line, and reading goes on with the next record', async (t) => {
  for (const [file, line, reason] of FAULTS) {
    const [fault, next] = read(`${file}\ndn: cn=next\ncn: next\n`);
    t.match(fault, { kind: 'fault', line, reason }, file);
    t.equal(next?.kind, 'record', file);
    const rows = file.split('\n').length - 1;
    t.equal(fault?.source.map((one) => utf8Decode(one)).join('\n'), file.slice(0, -1), 'the source is whole');
    t.equal(next?.line, rows + 2);
  }
});

t.test('URL values come from the caller or are refused with its reason', async (t) => {
  const readUrl = (url: string) => (url === 'file:///ok' ? utf8Encode('content') : `${url} lies outside`);
  t.same(short(read('dn: cn=a\ncn:< file:///ok\n', { readUrl })), ['1 cn=a {cn=[content]}']);
  t.match(
    short(read('dn: cn=a\ncn:<file:///no\n', { readUrl }))[0],
    /!2 .* cannot be read from its URL: file:\/\/\/no lies outside/,
  );
});

t.test('too long lines and records are faults of bounded cost', async (t) => {
  const next = '\n\ndn: cn=b\ncn: b\n';
  const long = `dn: cn=a\ncn: ${'x'.repeat(100)}${next}`;
  t.same(short(read(long, { maxLineBytes: 50 })), [
    '!2 the line has more than 50 octets (limit ldifLineBytes)',
    '4 cn=b {cn=[b]}',
  ]);
  const folded = `dn: cn=a\ncn: x\n${' yyyyyyyyyy\n'.repeat(10)}${next.slice(1)}`;
  t.match(short(read(folded, { maxLineBytes: 50 })), [/^!2 the line has more than 50/, '14 cn=b {cn=[b]}']);
  const rows = `dn: cn=a\n${'cn: x\n'.repeat(20)}${next.slice(1)}`;
  t.match(short(read(rows, { maxRecordLines: 10 })), [
    /^!11 the record has more than 10 lines/,
    '23 cn=b {cn=[b]}',
  ]);
  t.match(short(read(rows, { maxRecordBytes: 60 })), [
    /^!\d+ the record has more than 60 octets/,
    '23 cn=b {cn=[b]}',
  ]);
  const reader = new LdifReader({ maxLineBytes: 1000 });
  const chunk = new Uint8Array(500).fill(0x61);
  for (let i = 0; i < 1000; i++) t.same(reader.push(chunk), []) || t.bailout();
  t.match(short(reader.end()), [/^!1 the line has more than 1000/]);
});

t.test('where chunks are cut makes no difference, at every octet', async (t) => {
  const file = utf8Encode(
    '\ufeffversion: 1\r\n\r\n# c\n folded\ndn:: Y249w6k=\r\ncn: é\n  x\nsn:: \n Zm9v\n\nbad\n\ndn: cn=a\ncontrol: 1.2 true\nchangetype: modify\nadd: cn\ncn: z\n-\n',
  );
  const expected = read(file);
  t.equal(expected.length, 3);
  for (let cut = 0; cut <= file.length; cut++) {
    const reader = new LdifReader();
    const items = [
      ...reader.push(file.subarray(0, cut)),
      ...reader.push(file.subarray(cut)),
      ...reader.end(),
    ];
    if (!t.same(items, expected, `cut at ${cut}`)) return;
  }
  const reader = new LdifReader();
  const items: LdifItem[] = [];
  for (const octet of file) items.push(...reader.push(Uint8Array.of(octet)));
  t.same([...items, ...reader.end()], expected, 'one octet a chunk');
});

t.test('a large file is read fast', async (t) => {
  const record: LdifRecord = {
    kind: 'content',
    dn: 'uid=user,ou=people,dc=example,dc=com',
    attributes: [
      'cn',
      'sn',
      'mail',
      'uid',
      'telephoneNumber',
      'description',
      'objectClass',
      'ou',
      'l',
      'title',
    ].map((description) => ({
      description,
      values: [utf8Encode(`value of ${description} with some length`)],
    })),
  };
  const file = utf8Encode(LDIF_HEADER + formatRecord(record).repeat(20_000));
  const reader = new LdifReader();
  let count = 0;
  const ms = processorMs(() => {
    for (let at = 0; at < file.length; at += 65_536)
      count += reader.push(file.subarray(at, at + 65_536)).length;
    count += reader.end().length;
  });
  t.equal(count, 20_000);
  t.comment(`${(file.length / 1e6).toFixed(1)} MB in ${ms.toFixed(0)} ms`);
  t.ok(ms < 5000);
});
