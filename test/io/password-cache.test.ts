/** Claims about remembered passwords: right ones only, for a fixed time, of this stored hash only, and one hash for equal questions at once. */
import t from 'tap';
import { utf8Encode } from '../../lib/base/bytes.js';
import { PasswordCache } from '../../lib/io/password-cache.js';
import type { PasswordHasher } from '../../lib/port/password-hasher.js';

const u = utf8Encode;

function counting(): PasswordHasher & { calls: number } {
  const hasher = {
    calls: 0,
    hash: async (password: Uint8Array) => u(`{T}${Buffer.from(password)}`),
    verify: async (password: Uint8Array, stored: Uint8Array | undefined) => {
      hasher.calls += 1;
      return stored !== undefined && Buffer.from(stored).toString() === `{T}${Buffer.from(password)}`;
    },
    isHashed: () => true,
  };
  return hasher;
}

function cacheOf(keepMs: number) {
  const hasher = counting();
  const clock = { nowMs: 0, monotonicMs: () => clock.nowMs, wallMs: () => 0, after: () => () => undefined };
  return { hasher, clock, cache: new PasswordCache(hasher, clock, keepMs) };
}

t.test('a right password is hashed once in the time, then again', async (t) => {
  const { hasher, clock, cache } = cacheOf(1000);
  t.equal(await cache.verify(u('a'), u('{T}a')), true);
  t.equal(await cache.verify(u('a'), u('{T}a')), true);
  t.equal(hasher.calls, 1);
  clock.nowMs = 999;
  t.equal(await cache.verify(u('a'), u('{T}a')), true);
  t.equal(hasher.calls, 1, 'use does not lengthen the time');
  clock.nowMs = 1000;
  t.equal(await cache.verify(u('a'), u('{T}a')), true);
  t.equal(hasher.calls, 2);
});

t.test('wrong passwords, other stored hashes and unknown users are never remembered', async (t) => {
  const { hasher, cache } = cacheOf(1000);
  t.equal(await cache.verify(u('a'), u('{T}a')), true);
  for (let i = 0; i < 2; i++) {
    t.equal(await cache.verify(u('b'), u('{T}a')), false);
    t.equal(await cache.verify(u('a'), u('{T}b')), false, 'the password was changed');
    t.equal(await cache.verify(u('a'), undefined), false);
    t.equal(await cache.verify(u('aa'), u('{T}')), false, 'the border between hash and password counts');
  }
  t.equal(hasher.calls, 9);
});

t.test('equal questions at once are one', async (t) => {
  const { hasher, cache } = cacheOf(1000);
  const answers = await Promise.all(Array.from({ length: 20 }, () => cache.verify(u('a'), u('{T}a'))));
  t.ok(answers.every((one) => one));
  t.equal(hasher.calls, 1);
});

t.test('0 turns it off', async (t) => {
  const { hasher, cache } = cacheOf(0);
  for (let i = 0; i < 3; i++) t.equal(await cache.verify(u('a'), u('{T}a')), true);
  t.equal(hasher.calls, 3);
});

t.test('a failure is everyone’s who waited and is not kept', async (t) => {
  const { hasher, cache } = cacheOf(1000);
  const verify = hasher.verify;
  hasher.verify = async () => {
    throw new Error('busy');
  };
  await t.rejects(cache.verify(u('a'), u('{T}a')), { message: 'busy' });
  hasher.verify = verify;
  t.equal(await cache.verify(u('a'), u('{T}a')), true);
});

t.test('what is remembered is bounded; the oldest goes first', async (t) => {
  const { hasher, cache } = cacheOf(1000);
  for (let i = 0; i <= 10_000; i++) await cache.verify(u(`${i}`), u(`{T}${i}`));
  const before = hasher.calls;
  await cache.verify(u('10000'), u('{T}10000'));
  await cache.verify(u('1'), u('{T}1'));
  t.equal(hasher.calls, before);
  await cache.verify(u('0'), u('{T}0'));
  t.equal(hasher.calls, before + 1);
});
