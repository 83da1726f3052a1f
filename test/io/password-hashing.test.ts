/** Claims about password hashing: stored values of other systems are understood, costs are bounded, nothing but the right password passes. */
import t from 'tap';
import { utf8Decode, utf8Encode } from '../../lib/base/bytes.js';
import { LIMITS } from '../../lib/base/limits.js';
import { PasswordHashing } from '../../lib/io/password-hashing.js';
import { checkPassword, hashScrypt, parseStored } from '../../lib/io/password-schemes.js';

const u = utf8Encode;
const PASSWORD = u('correct horse ä');

/** The password above under every scheme, made with Python's hashlib and crypt(3), independent of our code. */
const STORED = [
  '{SHA}4Lc+MsssgfipbTS7SkbRs/dRLuk=',
  '{SSHA}cAWkTL8ngXPhwGWNzj1P9A7J4VJzYWx0c2FsdA==',
  '{ssha}cAWkTL8ngXPhwGWNzj1P9A7J4VJzYWx0c2FsdA==',
  '{SSHA256}NFeDQsQjbW7y6ziL/WU6AmmBeasWpQMNqHiTWSJv6b1zYWx0c2FsdA==',
  '{SSHA384}auHq7Fhnba0ikqIEzwD9B7+KzshXdZHugKR+L+ATWj0scMj+b0iWlqWxFsCT/k6pc2FsdHNhbHQ=',
  '{SSHA512}WSsCB6WBk1Vo48EVm0yXRNqV+DYK1zkQoyh0Rx5Xu1G9GXshTNbS8Nl82LbpvCHh1Q+HV/aGDb2LtzcN+8BuwHNhbHRzYWx0',
  '{SMD5}kd+9nsT9CQu3bPWaBtMAinNhbHRzYWx0',
  '{MD5}s5UCc0ch88GxoLrZrLoEaA==',
  '{PBKDF2}1000$c2FsdHNhbHQ$YJ6syXchD59rkrl..joth2pB8cI',
  '{PBKDF2-SHA1}1000$c2FsdHNhbHQ$YJ6syXchD59rkrl..joth2pB8cI',
  '{PBKDF2-SHA256}1000$c2FsdHNhbHQ$JTli/xnn3k.sR7kLUmk8ValO6s4BhvJSbhgVb9.5jJo',
  '{PBKDF2-SHA512}1000$c2FsdHNhbHQ$lK9hnjQ8tW1d2hFkb1D.1ZNEO6M3e.P2UVczHAOPsV2OJrU6MslN7VZxxa1BuNsIX2HmuiRWH85Zu07vTRXnIQ',
  '{PBKDF2}1000:YJ6syXchD59rkrl++joth2pB8cJzYWx0c2FsdA==',
  '{PBKDF2-HMAC-SHA256}1000:JTli/xnn3k+sR7kLUmk8ValO6s4BhvJSbhgVb9+5jJpzYWx0c2FsdA==',
  '{PBKDF2-HMAC-SHA512}1000:lK9hnjQ8tW1d2hFkb1D+1ZNEO6M3e+P2UVczHAOPsV2OJrU6MslN7VZxxa1BuNsIX2HmuiRWH85Zu07vTRXnIXNhbHRzYWx0',
  '{PBKDF2_SHA256}AAAD6Hh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHjE6SW84oOMM/q6Iz/+YKGaEKoXxcCq5KYqsa6ptsZwwsqCKGWrMdy5YBY0qc3EeywTCWqMbeUL2vknA/sTSZ69Eyo7IInXyE6hXr66wds+yT+kjJtIAiKln4Vaq2gif/HW3U04/5fhy2FTsGtkoPTME5btyH5BDHp92DdJp0yo6PVyMyzu0Mo5l/Tw6Zkbgd+vlOEXRUgHUjB24qenxeR0E9RZkeD1qz9lRUjcdDTGahczvaNO4aUIPHV3P8x294R4K50WoS+MGd81GeRGxaR2jGcGxGrFGS35N/7I+FLlOZS1kuNvJB4kCnofaOd5O3ZU6ZBI7DKKMtowvLwzn05N',
  '{CRYPT}$1$saltsalt$2uanLcrOYVhZ7IvZy8yEc.',
  '{CRYPT}$5$saltstring$jMO2sY1l1Yml1TX98W38vcDoej7oc77JvTYBFdFPM1B',
  '{CRYPT}$6$rounds=1000$saltstring$jM1ynKJVN.NP8e/pelS1GtFXY2Nt1JkCMa5ph9eB51Ym1X2d85UpJ2w4Dr1RWgwDzSWNtOM9TUTyPWHxrzj1j/',
  '{CRYPT}$6$saltstring$I5B7bv50D9KQCT8mPUywRFNswwFTqZ3SlkR/wxt.PCWQy96VeLu30A2OfXCago772FSzldha0VgORWJF5lDOE.',
  '{CRYPT}$2b$04$abcdefghijklmnopqrstuu960j13X6kQlzbqdzgQcooaqGRvuvICC',
  '{BCRYPT}$2y$04$abcdefghijklmnopqrstuu960j13X6kQlzbqdzgQcooaqGRvuvICC',
  '{SCRYPT}$scrypt$ln=10,r=8,p=1$c2FsdHNhbHQ$uF9S6d5KEpMJR2OqcK0D8+a3pCzgWmIaVfLGbHAG2Lo',
  '{SCRAM-SHA-256}4096:c2FsdHNhbHRzYWx0c2FsdA==$azRZI/MgtuyVrJmhbfwlQ0cMsNAq077z8tGQnpGrtrU=:/iGn/Caz0/1oh0CzoecOKq1eZGmX+qTaPlqo1DHNsg0=',
  '{scram-sha-256}4096,c2FsdHNhbHRzYWx0c2FsdA==,azRZI/MgtuyVrJmhbfwlQ0cMsNAq077z8tGQnpGrtrU=,/iGn/Caz0/1oh0CzoecOKq1eZGmX+qTaPlqo1DHNsg0=',
  '{ARGON2}$argon2id$v=19$m=64,t=1,p=1$ajtoarHkfaVX7w+9zajqlg$RHH3PzWScUynU/uED7IqQya+4H362jw1FPPvkMuQGFM',
];

/** Not understood, malformed, or above our bounds: all are a wrong password. */
const REFUSED = [
  '',
  'correct horse ä',
  '{}x',
  '{CLEARTEXT}correct horse ä',
  '{CLEAR}x',
  '{UNKNOWN}x',
  '{SSHA',
  '{SSHA}',
  '{SSHA}***',
  '{SHA}c2hvcnQ=',
  '{SHA}cAWkTL8ngXPhwGWNzj1P9A7J4VJzYWx0c2FsdA==',
  '{CRYPT}*',
  '{CRYPT}x',
  '{CRYPT}abhfCpXqd4GrI',
  '{CRYPT}$1$saltsalt$2uanLcrOYVhZ7IvZy8yEc',
  '{CRYPT}$y$j9T$abcdefgh$tqxA2tiWtAR18NvzIndUip67hw.mhwlMHpmUTMEnA02',
  '{CRYPT}$6$rounds=999999999$saltstring$jM1ynKJVN.NP8e/pelS1GtFXY2Nt1JkCMa5ph9eB51Ym1X2d85UpJ2w4Dr1RWgwDzSWNtOM9TUTyPWHxrzj1j/',
  '{BCRYPT}$2b$31$abcdefghijklmnopqrstuu960j13X6kQlzbqdzgQcooaqGRvuvICC',
  '{PBKDF2-SHA256}2000001$c2FsdHNhbHQ$JTli/xnn3k.sR7kLUmk8ValO6s4BhvJSbhgVb9.5jJo',
  '{PBKDF2-SHA256}1e3$c2FsdHNhbHQ$JTli/xnn3k.sR7kLUmk8ValO6s4BhvJSbhgVb9.5jJo',
  '{PBKDF2-SHA256}0$c2FsdHNhbHQ$JTli/xnn3k.sR7kLUmk8ValO6s4BhvJSbhgVb9.5jJo',
  '{PBKDF2-SHA256}1000$c2FsdHNhbHQ$',
  '{PBKDF2-SHA256}1000$$JTli/xnn3k.sR7kLUmk8ValO6s4BhvJSbhgVb9.5jJo',
  '{PBKDF2-SHA256}1000:AAAA',
  '{PBKDF2_SHA256}AAAA',
  '{SCRYPT}$scrypt$ln=30,r=8,p=1$c2FsdHNhbHQ$uF9S6d5KEpMJR2OqcK0D8+a3pCzgWmIaVfLGbHAG2Lo',
  '{SCRYPT}$scrypt$ln=10,r=8,p=1000$c2FsdHNhbHQ$uF9S6d5KEpMJR2OqcK0D8+a3pCzgWmIaVfLGbHAG2Lo',
  '{SCRYPT}$scrypt$r=8,ln=10,p=1$c2FsdHNhbHQ$uF9S6d5KEpMJR2OqcK0D8+a3pCzgWmIaVfLGbHAG2Lo',
  '{ARGON2}$argon2id$v=19$m=4194304,t=1,p=1$ajtoarHkfaVX7w+9zajqlg$RHH3PzWScUynU/uED7IqQya+4H362jw1FPPvkMuQGFM',
  '{ARGON2}$argon2id$v=19$m=64,t=1000,p=1$ajtoarHkfaVX7w+9zajqlg$RHH3PzWScUynU/uED7IqQya+4H362jw1FPPvkMuQGFM',
  '{ARGON2}$argon2id$v=16$m=64,t=1,p=1$ajtoarHkfaVX7w+9zajqlg$RHH3PzWScUynU/uED7IqQya+4H362jw1FPPvkMuQGFM',
  `{SSHA}${'A'.repeat(5000)}`,
];

const hasher = new PasswordHashing({ threads: 1 });
t.teardown(() => hasher.close());

t.test('the right password passes under every scheme, and no other does', async (t) => {
  const results = await Promise.all(
    STORED.map(async (stored) => ({
      stored,
      right: await hasher.verify(PASSWORD, u(stored)),
      wrong: await hasher.verify(u('correct horse a'), u(stored)),
      longer: await hasher.verify(u('correct horse ä\0x'), u(stored)),
      empty: await hasher.verify(u(''), u(stored)),
    })),
  );
  for (const { stored, right, wrong, longer, empty } of results) {
    t.equal(right, true, stored.slice(0, 40));
    t.same([wrong, longer, empty], [false, false, false]);
    t.equal(hasher.isHashed(u(stored)), true);
  }
});

t.test('what is unknown, malformed or too costly is a wrong password and no hash', async (t) => {
  for (const stored of REFUSED) t.equal(hasher.isHashed(u(stored)), false, stored.slice(0, 60));
  for (const stored of REFUSED.slice(0, 6)) t.equal(await hasher.verify(PASSWORD, u(stored)), false);
  t.equal(await hasher.verify(PASSWORD, undefined), false, 'no such user');
});

t.test('every stored value cut or changed anywhere is read or refused, never thrown at', async (t) => {
  for (const stored of STORED) {
    const bytes = u(stored);
    for (let i = 0; i < bytes.length; i++) {
      parseStored(bytes.subarray(0, i));
      for (const octet of [0x24, 0x2c, 0x30, 0x3d, 0x7d, 0xff]) {
        const changed = Uint8Array.from(bytes);
        changed[i] = octet;
        parseStored(changed);
      }
    }
  }
  t.pass('no throw');
});

t.test('a new hash is salted, of a strong scheme, and verifies; non-UTF-8 passwords work', async (t) => {
  for (const password of [PASSWORD, Uint8Array.of(0xff, 0, 0xfe)]) {
    const [one, two] = await Promise.all([hasher.hash(password), hasher.hash(password)]);
    t.match(utf8Decode(one), /^\{(ARGON2|SCRYPT)\}/);
    t.not(utf8Decode(one), utf8Decode(two));
    t.ok(hasher.isHashed(one));
    t.equal(await hasher.verify(password, one), true);
    t.equal(await hasher.verify(u('x'), two), false);
  }
  const scrypt = parseStored(u(hashScrypt(PASSWORD, u('0123456789abcdef'))));
  const libraries = { argon2: undefined, bcrypt: () => false, crypt: () => false };
  t.equal(scrypt !== undefined && checkPassword(PASSWORD, scrypt, libraries), true, 'the fallback scheme');
});

t.test(
  'keys of SCRAM are made where they are wanted and the password allows it (RFC 5802, RFC 4013)',
  async (t) => {
    const scram = new PasswordHashing({ threads: 1, scramIterations: 4096 });
    t.teardown(() => scram.close());
    const [one, two] = await Promise.all([scram.hash(PASSWORD), scram.hash(PASSWORD)]);
    t.match(utf8Decode(one), /^\{SCRAM-SHA-256\}4096:/);
    t.not(utf8Decode(one), utf8Decode(two));
    t.equal(await scram.verify(PASSWORD, one), true);
    t.equal(await scram.verify(u('correct\u00a0horse a\u0308'), one), true, 'another spelling of the same');
    t.equal(await scram.verify(u('correct horse a'), one), false);
    t.equal(await scram.verify(PASSWORD, undefined), false, 'no such user');
    for (const unfit of [Uint8Array.of(0xff, 0), u('bell\u0007'), u('\u200d')]) {
      const stored = await scram.hash(unfit);
      t.match(
        utf8Decode(stored),
        /^\{(ARGON2|SCRYPT)\}/,
        'no client could prove it: hashed as without SCRAM',
      );
      t.equal(await scram.verify(unfit, stored), true);
      t.equal(await scram.verify(unfit, one), false);
    }
  },
);

t.test('passwords above the bound are refused when set and wrong when tried', async (t) => {
  const long = new Uint8Array(LIMITS.passwordBytes + 1).fill(97);
  await t.rejects(hasher.hash(long), { name: 'LdapError', result: 'constraintViolation' });
  t.equal(await hasher.verify(long, u(STORED[1] ?? '')), false);
});

t.test('the queue is bounded: beyond it the answer is busy', async (t) => {
  const small = new PasswordHashing({ threads: 1, queueLength: 2 });
  const jobs = [1, 2, 3, 4, 5].map(() => small.verify(PASSWORD, u(STORED[1] ?? '')));
  const results = await Promise.allSettled(jobs);
  t.same(
    results.map((r) => (r.status === 'fulfilled' ? r.value : (r.reason as { result: string }).result)),
    [true, true, true, 'busy', 'busy'],
  );
  const waiting = small.verify(PASSWORD, undefined);
  const closing = small.close();
  await t.rejects(waiting, { name: 'LdapError', result: 'unavailable' });
  await closing;
  await t.rejects(small.hash(PASSWORD), { name: 'LdapError', result: 'unavailable' });
});
