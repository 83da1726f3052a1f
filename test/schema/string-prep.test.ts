/** RFC 4518 by section: mapping, normalization, prohibition, insignificant characters, bounds. */
import fc from 'fast-check';
import t from 'tap';
import { utf8Decode, utf8Encode } from '../../lib/base/bytes.js';
import { LIMITS } from '../../lib/base/limits.js';
import {
  prepareAssertion,
  prepareNumeric,
  prepareSubstringPart,
  prepareSubstringValue,
  prepareTelephone,
  prepareValue,
  type SubstringPlace,
} from '../../lib/schema/string-prep.js';
import { processorMs } from '../processor-time.js';

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : utf8Decode(bytes);
}

function fold(value: string): string | undefined {
  return text(prepareValue(utf8Encode(value), true));
}

function exact(value: string): string | undefined {
  return text(prepareValue(utf8Encode(value), false));
}

t.test('section 2.1: octets that are not UTF-8 have no form', async (t) => {
  for (const bad of [[0xff], [0xc3], [0x61, 0xed, 0xa0, 0x80], [0xc0, 0x80]]) {
    t.equal(prepareValue(Uint8Array.from(bad), true), undefined);
    t.equal(prepareSubstringValue(Uint8Array.from(bad), true), undefined);
    t.equal(prepareNumeric(Uint8Array.from(bad), 100), undefined);
    t.equal(prepareTelephone(Uint8Array.from(bad), 100), undefined);
  }
});

t.test('section 2.2: controls and invisible code points map to nothing', async (t) => {
  for (const c of [
    '\0',
    '\x08',
    '\x0e',
    '\x1f',
    '\x7f',
    '\x84',
    '\x86',
    '\x9f',
    '\u00ad',
    '\u034f',
    '\u06dd',
    '\u070f',
    '\u1806',
  ]) {
    t.equal(fold(`a${c}b`), 'ab', c.charCodeAt(0).toString(16));
  }
  for (const c of [
    '\u180b',
    '\u180e',
    '\u200b',
    '\u200f',
    '\u202a',
    '\u202e',
    '\u2060',
    '\u2063',
    '\u206a',
    '\u206f',
    '\ufe00',
    '\ufe0f',
    '\ufeff',
    '\ufff9',
    '\ufffc',
    '\u{1d173}',
    '\u{1d17a}',
    '\u{e0001}',
    '\u{e0020}',
    '\u{e007f}',
  ]) {
    t.equal(fold(`a${c}b`), 'ab', (c.codePointAt(0) as number).toString(16));
  }
});

t.test('section 2.2: tabs, line ends and all separators map to SPACE', async (t) => {
  for (const c of [
    '\t',
    '\n',
    '\v',
    '\f',
    '\r',
    '\u0085',
    '\u00a0',
    '\u1680',
    '\u2000',
    '\u200a',
    '\u2028',
    '\u2029',
    '\u202f',
    '\u205f',
    '\u3000',
  ]) {
    t.equal(fold(`a${c}b`), 'a b', c.charCodeAt(0).toString(16));
  }
});

t.test('section 2.2: case folds where the rule ignores case, and only there', async (t) => {
  const cases: [string, string][] = [
    ['ABC', 'abc'],
    ['MÜLLER', 'müller'],
    ['Straße', 'strasse'],
    ['STRASSE', 'strasse'],
    ['ΣΊΣΥΦΟΣ', 'σίσυφοσ'],
    ['Σίσυφος', 'σίσυφοσ'],
    ['ǅ', 'dž'],
    ['ﬀ', 'ff'],
    ['ŉ', 'ʼn'],
    ['İ', 'i̇'],
    ['ı', 'ı'],
    ['ẞ', 'ss'],
    ['K', 'k'],
    ['Ω', 'ω'],
    ['ᾼ', 'αι'],
    ['Ⅷ', 'viii'],
    ['𝐀', 'a'],
    ['𐐀', '𐐨'],
    ['ТЕСТ', 'тест'],
  ];
  for (const [value, wanted] of cases) t.equal(fold(value), wanted.normalize('NFKC'), value);
  t.equal(exact('ABC Müller'), 'ABC Müller');
});

t.test('section 2.3: compatibility composition', async (t) => {
  t.equal(exact('e\u0301'), 'é');
  t.equal(exact('①'), '1');
  t.equal(exact('ｱ'), 'ア');
  t.equal(exact('ﬁn'), 'fin');
  t.equal(fold('™'), 'tm', 'what normalization brings to light is folded too');
});

t.test('section 2.4: prohibited code points have no form; later assignments have one', async (t) => {
  for (const c of [
    '\ue000',
    '\uf8ff',
    '\u{f0000}',
    '\u{10fffd}',
    '\ufdd0',
    '\ufffe',
    '\uffff',
    '\u{1fffe}',
    '\ufffd',
    '\u0301a',
  ]) {
    t.equal(fold(c), undefined, (c.codePointAt(0) as number).toString(16));
  }
  t.equal(fold('a\u0301'), 'á');
  t.equal(fold('😀 X'), '😀 x');
});

t.test(
  'section 2.6.1: spaces at the ends go, between words one stays; nothing at all is one space',
  async (t) => {
    const cases: [string, string][] = [
      ['foo bar  ', 'foo bar'],
      ['  foo   bar', 'foo bar'],
      ['', ' '],
      ['    ', ' '],
      ['\0', ' '],
      ['\x7f a', 'a'],
      ['a\t\n b', 'a b'],
      ['é  é ', 'é é'],
      ['\u00a0', ' '],
      ['a ', 'a'],
      ['a b', 'a b'],
    ];
    for (const [value, wanted] of cases) {
      t.equal(fold(value), wanted, JSON.stringify(value));
      t.equal(exact(value), wanted);
    }
  },
);

t.test('section 2.6.1: a space with a combining mark is no space', async (t) => {
  t.equal(exact('a \u0308b'), 'a \u0308b');
  t.equal(exact('a  \u0308b'), 'a  \u0308b', 'the bare one stays, the marked one is a character');
  t.equal(exact('¨'), ' \u0308', 'as NFKC makes it of a diaeresis');
});

t.test('ASCII in its form already is given back without a copy', async (t) => {
  const value = utf8Encode('jane.doe@example.com');
  t.equal(prepareValue(value, true), value);
  const spaced = utf8Encode('jane doe 3');
  t.equal(prepareValue(spaced, true), spaced);
});

t.test('section 2.6.1: substring forms double inner spaces and keep those at ends that touch', async (t) => {
  const value = (v: string) => text(prepareSubstringValue(utf8Encode(v), true));
  t.equal(value('Foo bar  '), ' foo  bar ');
  t.equal(value(''), '  ');
  t.equal(value('é  x'), ' é  x ');
  const part = (p: string, place: SubstringPlace) => text(prepareSubstringPart(utf8Encode(p), true, place));
  t.equal(part('Foo', 'initial'), ' foo');
  t.equal(part('foo ', 'initial'), ' foo ');
  t.equal(part('foo', 'any'), 'foo');
  t.equal(part(' foo bar ', 'any'), ' foo  bar ');
  t.equal(part('foo', 'final'), 'foo ');
  t.equal(part('  foo', 'final'), ' foo ');
  for (const place of ['initial', 'any', 'final'] as const) {
    t.equal(part(' ', place), ' ');
    t.equal(part('', place), ' ');
    t.equal(part('\u3000é\u3000', place), ' é ');
    t.equal(part('\0 x', place)?.startsWith(' x'), true, 'a control before the space maps to nothing');
  }
});

t.test('sections 2.6.2 and 2.6.3: numbers lose spaces, telephone numbers lose hyphens too', async (t) => {
  t.equal(text(prepareNumeric(utf8Encode(' 12  34 '), 100)), '1234');
  t.equal(text(prepareTelephone(utf8Encode('+1 555-12 3'), 100)), '+1555123');
  for (const hyphen of ['-', '\u058a', '\u2010', '\u2011', '\u2212', '\ufe63', '\uff0d']) {
    t.equal(text(prepareTelephone(utf8Encode(`1${hyphen}2`), 100)), '12', hyphen.charCodeAt(0).toString(16));
  }
  t.equal(text(prepareTelephone(utf8Encode('1-800-CALL'), 100)), '1800call');
});

t.test('bounds: octets of text that is not ASCII, and combining marks in a row', async (t) => {
  const long = 'é'.repeat(LIMITS.prepareBytes / 2);
  t.ok(prepareValue(utf8Encode(long), true));
  t.equal(prepareValue(utf8Encode(`${long}é`), true), undefined);
  t.ok(prepareAssertion(utf8Encode('é'.repeat(LIMITS.prepareAssertionBytes / 2)), true));
  t.equal(prepareAssertion(utf8Encode(`${'é'.repeat(LIMITS.prepareAssertionBytes / 2)}é`), true), undefined);
  t.ok(prepareAssertion(utf8Encode('x'.repeat(100_000)), true), 'ASCII has no bound of its own');
  const marks = (n: number) => utf8Encode(`a${'\u0301'.repeat(n)}`);
  t.ok(prepareValue(marks(LIMITS.combiningRun), true));
  t.equal(prepareValue(marks(LIMITS.combiningRun + 1), true), undefined);
  t.equal(prepareValue(utf8Encode(`a${'\u0301\u200d'.repeat(LIMITS.combiningRun + 1)}`), true), undefined);
});

t.test('hostile strings are answered at once', async (t) => {
  const marks = '\u0315\u0300\u05ae\u0321'.repeat(50_000);
  const values = [
    `a${marks}`,
    '\ufdfa'.repeat(20_000),
    ' '.repeat(1 << 20),
    'A '.repeat(1 << 19),
    '\u1100\u1161'.repeat(9000),
    'ΐ'.repeat(30_000),
  ];
  const ms = processorMs(() => {
    for (const value of values) {
      const bytes = utf8Encode(value);
      prepareValue(bytes, true);
      prepareSubstringValue(bytes, true);
      prepareSubstringPart(bytes, true, 'any');
      prepareTelephone(bytes, LIMITS.prepareBytes);
    }
  });
  t.ok(ms < 10_000, `${ms.toFixed(0)} ms`);
});

const wild = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 24 }),
  fc.string({ unit: fc.constantFrom(...' \t\u00a0aAéÉßΣς\u0301\u0308ﬁ™\0\u200d'), maxLength: 12 }),
);

t.test('forms are idempotent and never throw (seeded)', async (t) => {
  fc.assert(
    fc.property(wild, fc.boolean(), (value, folded) => {
      const once = prepareValue(utf8Encode(value), folded);
      if (once === undefined) return true;
      const twice = prepareValue(once, folded);
      return twice !== undefined && text(twice) === text(once);
    }),
    { seed: 4518, numRuns: 5000 },
  );
  t.pass();
});

/** Blocks where case, composition or compatibility happen; ideographs and empty planes are sampled. */
function isDense(point: number): boolean {
  return (
    point < 0x3400 ||
    (point >= 0xa000 && point < 0xac00) ||
    (point >= 0xf900 && point < 0x1fc00) ||
    (point >= 0x2f800 && point < 0x2fa20)
  );
}

t.test('every code point of the blocks that matter has an idempotent form or none', async (t) => {
  const broken: string[] = [];
  for (let point = 0; point <= 0x10ffff; point += isDense(point) ? 1 : 0x41) {
    if (point >= 0xd800 && point <= 0xdfff) continue;
    const once = prepareValue(utf8Encode(`x${String.fromCodePoint(point)}`), true);
    if (once === undefined) continue;
    const twice = prepareValue(once, true);
    if (twice === undefined || text(twice) !== text(once)) broken.push(point.toString(16));
  }
  t.same(broken, []);
});

t.test('a part found in text is found in its form: every cut of a value matches (seeded)', async (t) => {
  const words = fc.string({ unit: fc.constantFrom(...'ab  éX'), maxLength: 12 });
  fc.assert(
    fc.property(words, fc.nat(12), fc.nat(12), (value, a, b) => {
      const cut = Math.min(a, value.length);
      const end = Math.min(cut + b, value.length);
      const whole = text(prepareSubstringValue(utf8Encode(value), true)) ?? '';
      const of = (from: number, to: number, place: SubstringPlace) =>
        from === to
          ? ''
          : (text(prepareSubstringPart(utf8Encode(value.slice(from, to)), true, place)) ?? '?');
      const any = of(cut, end, 'any');
      return (
        whole.startsWith(of(0, cut, 'initial')) &&
        whole.endsWith(of(cut, value.length, 'final')) &&
        whole.includes(any)
      );
    }),
    { seed: 261, numRuns: 3000 },
  );
  t.pass();
});
