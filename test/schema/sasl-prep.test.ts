/** SASLprep (RFC 4013): how names and passwords are prepared. */
import t from 'tap';
import { saslPrep } from '../../lib/schema/sasl-prep.js';

t.test('RFC 4013 section 3: the examples', async (t) => {
  t.equal(saslPrep('I\u00adX'), 'IX', 'SOFT HYPHEN mapped to nothing');
  t.equal(saslPrep('user'), 'user', 'no transformation');
  t.equal(saslPrep('USER'), 'USER', 'case preserved');
  t.equal(saslPrep('\u00aa'), 'a', 'NFKC');
  t.equal(saslPrep('\u2168'), 'IX', 'NFKC');
  t.equal(saslPrep('\u0007'), undefined, 'prohibited character');
  t.equal(saslPrep('\u0627\u0031'), undefined, 'bidirectional check');
});

t.test('2.1: spaces of all kinds become SPACE, and none is taken away', async (t) => {
  for (const space of ['\u00a0', '\u1680', '\u2003', '\u200b', '\u202f', '\u3000'])
    t.equal(saslPrep(` a${space}b `), ' a b ', JSON.stringify(space));
  t.equal(saslPrep('\u200d\ufeff'), '', 'and nothing may be left');
});

t.test('2.3: prohibited, one of each table of RFC 3454', async (t) => {
  const each = '\u0000\u001f\u007f\u0080\u06dd\u2028\u206a\ue000\ufdd0\ufffe\ufffd\u2ff0\u200e\u202a';
  const beyond = ['\u{1d173}', '\u{f0000}', '\u{1fffe}', '\u{e0001}', '\u{10fffd}'];
  for (const character of [...each, ...beyond])
    t.equal(saslPrep(`a${character}b`), undefined, String(character.codePointAt(0)));
  t.equal(saslPrep('\u0340'), '\u0300', 'a character that NFKC takes away is not looked at');
});

t.test('2.4: what runs from right to left stands alone, at both ends', async (t) => {
  t.equal(saslPrep('\u05d0\u05d1'), '\u05d0\u05d1');
  t.equal(saslPrep('\u05d0 1 \u05d1'), '\u05d0 1 \u05d1', 'what has no direction may stand between');
  t.equal(saslPrep('\u05d01'), undefined, 'but not at an end');
  t.equal(saslPrep('1\u05d0'), undefined);
  t.equal(saslPrep('\u05d0a\u05d1'), undefined);
  t.equal(saslPrep('\u05d0\u00e9\u05d1'), undefined);
});

t.test('code points later than Unicode 3.2 are taken as they are; the form is its own form', async (t) => {
  t.equal(saslPrep('\u{1f512} ok'), '\u{1f512} ok');
  for (const text of ['Stra\u00dfe', 'e\u0301', '\uff41', '\u00b9', 'x\u3000y', '\u{1f512}']) {
    const once = saslPrep(text);
    t.ok(once !== undefined && saslPrep(once) === once, text);
  }
});
