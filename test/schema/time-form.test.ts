/** RFC 4517 sections 3.3.13 Generalized Time and 3.3.34 UTC Time; 4.2.16 and 4.2.17 by instants. */
import fc from 'fast-check';
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { compareBytes, latin1, utf8Encode } from '../../lib/base/bytes.js';
import { generalizedTimeForm, generalizedTimeMs, utcTimeForm } from '../../lib/schema/time-form.js';

function form(text: string): string | undefined {
  const value = generalizedTimeForm(utf8Encode(text));
  return value === undefined ? undefined : latin1(value);
}

t.test('one instant has one form, however it is written', async (t) => {
  const cases: [string, string][] = [
    ['199412161032Z', '19941216103200'],
    ['199412160532-0500', '19941216103200'],
    ['19941216103200Z', '19941216103200'],
    ['19941216103200.000Z', '19941216103200'],
    ['19941216103200,0+0000', '19941216103200'],
    ['1994121610.5Z', '19941216103000'],
    ['1994121610.505Z', '19941216103018'],
    ['199412161032.25Z', '19941216103215'],
    ['19941216103200.250Z', '19941216103200.25'],
    ['1994121610Z', '19941216100000'],
    ['1994121612+02', '19941216100000'],
    ['20240229000000Z', '20240229000000'],
    ['20231231235959-0001', '20240101000059'],
    ['20240101000000+0001', '20231231235900'],
    ['20240301000000+0030', '20240229233000'],
    ['20161231235960Z', '20161231235960'],
    ['20161231185960-0500', '20161231235960'],
    ['00000101000000+0100', '!1231230000'],
    ['99991231235959-0100', ':0101005959'],
    ['1994121610.333333333333333333Z', '19941216101959.9999999999999988'],
  ];
  for (const [text, wanted] of cases) {
    const got = form(text);
    if (wanted.startsWith('!')) t.equal(got, '!1231230000', text);
    else t.equal(got, wanted, text);
  }
});

t.test('what is no time has no form', async (t) => {
  const bad = [
    '',
    '1994',
    '19941216',
    '1994121610',
    '19941216103200',
    '19941316103200Z',
    '19940016103200Z',
    '19941200103200Z',
    '19940230000000Z',
    '20230229000000Z',
    '19000229000000Z',
    '19941216240000Z',
    '19941216106000Z',
    '19941216103261Z',
    '19941216103200.Z',
    '19941216103200.5',
    '19941216103200+24',
    '19941216103200+0160',
    '19941216103200+1',
    '19941216103200z',
    '19941216103200Zx',
    '1994-12-16T10:32:00Z',
    ' 19941216103200Z',
    `19941216103200.${'1'.repeat(60)}Z`,
  ];
  for (const text of bad) t.equal(form(text), undefined, JSON.stringify(text));
});

t.test('forms sort in time (seeded)', async (t) => {
  const time = fc.record({
    ms: fc.integer({ min: Date.UTC(1, 0, 1), max: Date.UTC(9998, 0, 1) }),
    zone: fc.integer({ min: -14 * 60, max: 14 * 60 }),
  });
  const pad = (n: number, width: number) => String(n).padStart(width, '0');
  const write = ({ ms, zone }: { ms: number; zone: number }) => {
    const d = new Date(ms + zone * 60_000);
    const minutes = Math.abs(zone);
    const digits = `${pad(d.getUTCFullYear(), 4)}${pad(d.getUTCMonth() + 1, 2)}${pad(d.getUTCDate(), 2)}${pad(d.getUTCHours(), 2)}${pad(d.getUTCMinutes(), 2)}${pad(d.getUTCSeconds(), 2)}`;
    return utf8Encode(
      `${digits}.${pad(d.getUTCMilliseconds(), 3)}${zone < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60), 2)}${pad(minutes % 60, 2)}`,
    );
  };
  fc.assert(
    fc.property(time, time, (a, b) => {
      const fa = must(generalizedTimeForm(write(a)), 'a time');
      const fb = must(generalizedTimeForm(write(b)), 'a time');
      const ok = Math.sign(compareBytes(fa, fb)) === Math.sign(a.ms - b.ms);
      return ok && generalizedTimeMs(write(a)) === a.ms;
    }),
    { seed: 24, numRuns: 2000 },
  );
  t.pass();
});

t.test('a form with Z after it is a time with the same form', async (t) => {
  for (const text of ['199412161032Z', '19941216103200.250Z', '1994121610.505+0130']) {
    t.equal(form(`${must(form(text), text)}Z`), form(text));
  }
});

t.test('UTC Time has two-digit years and may lack seconds or zone', async (t) => {
  const utc = (text: string) => {
    const value = utcTimeForm(utf8Encode(text));
    return value === undefined ? undefined : latin1(value);
  };
  t.equal(utc('9412161032Z'), '19941216103200');
  t.equal(utc('4912161032Z'), '20491216103200');
  t.equal(utc('5012161032Z'), '19501216103200');
  t.equal(utc('941216103245-0500'), '19941216153245');
  t.equal(utc('9412161032'), '19941216103200');
  for (const bad of [
    '',
    '94121610',
    '94121610Z',
    '9413161032Z',
    '9412161032+05',
    '941216103200.5Z',
    'x412161032Z',
  ])
    t.equal(utc(bad), undefined, bad);
});
