/** Plain records read in one pass, beside the long way that every other record takes: the same items, whatever the file. RFC 2849. */
import t from 'tap';
import { toHex, utf8Decode, utf8Encode } from '../../lib/base/bytes.js';
import { LdifReader, type LdifReaderOptions } from '../../lib/ldif/ldif-reader.js';
import type { LdifItem } from '../../lib/ldif/ldif-record.js';

/** Everything that an item says, its source included. */
function told(items: readonly LdifItem[]): string[] {
  return items.map((item) => {
    const source = item.source.map(toHex).join();
    if (item.kind === 'fault') return `!${item.line} ${item.reason} ${source}`;
    const { record } = item;
    if (record.kind === 'change') return `${item.line} ${record.dn} ${record.change.kind} ${source}`;
    const list = record.attributes.map((one) => `${one.description}=${one.values.map(toHex).join()}`);
    return `${item.line} ${record.dn} ${list.join(' ')} ${source}`;
  });
}

/** Items of a file given in pieces; of one octet: no record stands whole in a piece. */
function read(file: Uint8Array, pieceBytes: number, options: LdifReaderOptions): string[] {
  const reader = new LdifReader(options);
  const items: LdifItem[] = [];
  for (let at = 0; at < file.length; at += pieceBytes)
    items.push(...reader.push(file.slice(at, at + pieceBytes)));
  return told([...items, ...reader.end()]);
}

const LINES = [
  ...[
    'cn: a',
    'cn:b',
    'CN:  c ',
    'sn: \u00e9',
    'sn:',
    'sn:: w6k=',
    'sn::  w6k=  ',
    'sn:: ?',
    'jpegphoto;x: 1',
  ],
  ...[
    ' folded',
    '# comment',
    ' ',
    '-',
    'no colon',
    'b\u00e4d: x',
    'nul: a\0b',
    'url:< file:///x',
    'cr: a\r',
    '\r',
  ],
  ...[
    'dn: cn=inner',
    'changetype: add',
    'control: 1.2.3',
    'version: 1',
    'delete: cn',
    ': no name',
    '_x-y.1: z',
  ],
];

t.test('a file means the same however it is read', async (t) => {
  let seed = 11;
  const next = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % below;
  };
  let wrong = 0;
  let records = 0;
  for (let round = 0; round < 600; round++) {
    let text = next(3) === 0 ? 'version: 1\n' : '';
    for (let record = 0; record < 6; record++) {
      text += next(12) === 0 ? 'DN:: Y249eA==\n' : `dn: cn=${record}\n`;
      // Most lines are plain, so that most records are.
      for (let line = next(6); line >= 0; line--)
        text += `${LINES[next(next(4) === 0 ? LINES.length : 9)]}\n`;
      text += '\n'.repeat(next(9) === 0 ? 2 : 1);
    }
    const file = utf8Encode(next(5) === 0 ? text.trimEnd() : text);
    const options = next(4) === 0 ? { maxRecordLines: 4, maxRecordBytes: 60, maxLineBytes: 20 } : {};
    const expected = read(file, 1, options);
    records += expected.length;
    for (const pieceBytes of [file.length, 64, 25])
      if (read(file, pieceBytes, options).join('\n') !== expected.join('\n')) wrong += 1;
  }
  t.equal(wrong, 0);
  t.ok(records > 2000, 'there were records');
});

t.test('values are the record\u2019s own: what becomes of the chunk does not show', async (t) => {
  const reader = new LdifReader();
  reader.push('dn: cn=0\ncn: 0\n\n');
  const chunk = utf8Encode('dn: cn=a\ncn: value\nCN: other\n\ndn: cn=b\n');
  const [item] = reader.push(chunk);
  chunk.fill(0x7a);
  t.equal(item?.kind, 'record');
  if (item?.kind !== 'record' || item.record.kind !== 'content') return;
  t.same(
    item.record.attributes.map(({ description, values }) => [
      description,
      values.map((value) => utf8Decode(value)),
    ]),
    [['cn', ['value', 'other']]],
  );
  t.same(
    item.source.map((line) => utf8Decode(line)),
    ['dn: cn=a', 'cn: value', 'CN: other'],
  );
});

t.test('many attributes in one record are left to the long way, which is linear', async (t) => {
  const lines = Array.from({ length: 200 }, (_, i) => `x-${i}: ${i}`);
  const file = utf8Encode(`dn: cn=0\ncn: 0\n\ndn: cn=a\n${lines.join('\n')}\n\n`);
  t.same(read(file, file.length, {}), read(file, 1, {}));
});
