/** RFC 4517 section 3.3.16 INTEGER, and the form that sorts (section 4.2.20 integerOrderingMatch). */
import fc from 'fast-check';
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { compareBytes, utf8Encode } from '../../lib/base/bytes.js';
import { integerOrderForm, isInteger } from '../../lib/schema/integer-form.js';
import { processorMs } from '../processor-time.js';

t.test('the grammar: digits, a minus, no leading zero, no minus zero', async (t) => {
  for (const good of ['0', '1', '-1', '10', '1321', '-9007199254740993', '9'.repeat(1000)])
    t.ok(isInteger(utf8Encode(good)), good.slice(0, 20));
  for (const bad of ['', '-', '-0', '00', '01', '-01', '+1', '1.0', ' 1', '1 ', '1e3', '0x1', '--1', '١'])
    t.notOk(isInteger(utf8Encode(bad)), bad);
});

t.test('forms sort as the numbers, of any length and sign', async (t) => {
  const integer = fc.oneof(
    fc.bigInt({ min: -1000n, max: 1000n }),
    fc.bigInt({ min: -(10n ** 300n), max: 10n ** 300n }),
  );
  const form = (n: bigint) => must(integerOrderForm(utf8Encode(n.toString())), 'an integer');
  fc.assert(
    fc.property(
      integer,
      integer,
      (a, b) => Math.sign(compareBytes(form(a), form(b))) === (a < b ? -1 : a > b ? 1 : 0),
    ),
    { seed: 16, numRuns: 3000 },
  );
  const steps = [
    -(10n ** 300n),
    -(10n ** 255n),
    -(10n ** 254n),
    -256n,
    -10n,
    -9n,
    -1n,
    0n,
    1n,
    9n,
    10n,
    255n,
    10n ** 254n,
    10n ** 255n,
    10n ** 256n,
  ];
  for (let i = 1; i < steps.length; i++)
    t.ok(compareBytes(form(steps[i - 1] as bigint), form(steps[i] as bigint)) < 0);
  t.equal(integerOrderForm(utf8Encode('x')), undefined);
});

t.test('a million digits cost a million steps', async (t) => {
  const big = utf8Encode(`-${'7'.repeat(1_000_000)}`);
  const ms = processorMs(() => t.equal(integerOrderForm(big)?.length, 1_000_005));
  t.ok(ms < 3000, `${ms} ms`);
});
