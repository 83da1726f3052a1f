/** RFC 3641, as assertions of RFC 4523 use it. */
import t from 'tap';
import { type Gser, readGser } from '../../lib/schema/gser.js';

t.test('fields, lists, choices, strings, octets, bits', async (t) => {
  const value = readGser(`{ a 1, b {x,y} , c n:"q""q", d '0Fa0'H, e '01'B, f 1.2.3,g { } }`) as Extract<
    Gser,
    { kind: 'fields' }
  >;
  t.same(
    [...value.fields],
    [
      ['a', { kind: 'word', text: '1' }],
      [
        'b',
        {
          kind: 'list',
          items: [
            { kind: 'word', text: 'x' },
            { kind: 'word', text: 'y' },
          ],
        },
      ],
      ['c', { kind: 'choice', name: 'n', value: { kind: 'text', text: 'q"q' } }],
      ['d', { kind: 'octets', octets: Uint8Array.of(0x0f, 0xa0) }],
      ['e', { kind: 'bits', bits: '01' }],
      ['f', { kind: 'word', text: '1.2.3' }],
      ['g', { kind: 'fields', fields: new Map() }],
    ],
  );
});

t.test('malformed text is undefined, and nesting is bounded', async (t) => {
  for (const text of [
    '',
    '{',
    '{ a',
    '{ a 1',
    '{ a 1, a 2 }',
    '{ a 1, b }',
    '"x',
    "'01'X",
    "'2'B",
    'a:',
    '{ } }',
    `{ "a" 1 }`,
  ])
    t.equal(readGser(text), undefined, text);
  t.equal(readGser(`${'{ a '.repeat(100_000)}`), undefined);
  t.equal(readGser('a:'.repeat(100_000)), undefined);
});
