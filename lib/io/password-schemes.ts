/**
 * Stored password values `{SCHEME}...`: reading them with a bound on their cost, checking a password against one, making new ones.
 *
 * Everything here is synchronous and slow on purpose: it runs in the threads of password-hashing.ts, except parseStored(), which only reads. An unknown scheme, a
 * malformed value and a cost above MAX_* are all the same: undefined, a wrong password. Clear text is no scheme.
 * Sources: RFC 2307 section 5.3, RFC 5803, RFC 8018, RFC 7914, RFC 9106, and the forms that OpenLDAP, 389-ds and OpenDJ write.
 */
import { createHash, pbkdf2Sync, scryptSync, timingSafeEqual } from 'node:crypto';
import { latin1, utf8Decode } from '../base/bytes.js';
import { parseScramKeys, type ScramKeys } from '../ldap/sasl/scram-keys.js';
import { md5Crypt } from './md5-crypt.js';
import { checkScram } from './scram-password.js';

/** Greatest costs that a stored value may ask of us. */
const MAX_ITERATIONS = 2_000_000;
const MAX_MEMORY_BYTES = 268_435_456;
const MAX_ARGON2_PASSES = 16;
const MAX_LANES = 16;
const MAX_BCRYPT_COST = 14;
const MAX_CRYPT_ROUNDS = 200_000;
const MAX_STORED_BYTES = 4096;

/** A stored value that can be checked at an acceptable cost. */
export type StoredPassword =
  | { readonly kind: 'digest'; readonly hash: string; readonly digest: Uint8Array; readonly salt: Uint8Array }
  | {
      readonly kind: 'pbkdf2';
      readonly hash: string;
      readonly iterations: number;
      readonly salt: Uint8Array;
      readonly key: Uint8Array;
    }
  | {
      readonly kind: 'scrypt';
      readonly logN: number;
      readonly r: number;
      readonly p: number;
      readonly salt: Uint8Array;
      readonly key: Uint8Array;
    }
  | StoredArgon2
  | { readonly kind: 'scram'; readonly keys: ScramKeys }
  | { readonly kind: 'bcrypt' | 'crypt' | 'md5crypt'; readonly text: string };

export interface StoredArgon2 {
  readonly kind: 'argon2';
  /** 0: Argon2d, 1: Argon2i, 2: Argon2id. */
  readonly variant: 0 | 1 | 2;
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
  readonly salt: Uint8Array;
  readonly key: Uint8Array;
}

/** The libraries that some schemes need; absent ones make their schemes wrong passwords. */
export interface HashLibraries {
  /** The raw key. Passwords are octets, not text. */
  readonly argon2: ((password: Uint8Array, stored: StoredArgon2) => Uint8Array) | undefined;
  readonly bcrypt: (password: string, hashed: string) => boolean;
  readonly crypt: (password: string, hashed: string) => boolean;
}

const DIGESTS = new Map<string, readonly [hash: string, salted: boolean]>([
  ['SHA', ['sha1', false]],
  ['SSHA', ['sha1', true]],
  ['SHA256', ['sha256', false]],
  ['SSHA256', ['sha256', true]],
  ['SHA384', ['sha384', false]],
  ['SSHA384', ['sha384', true]],
  ['SHA512', ['sha512', false]],
  ['SSHA512', ['sha512', true]],
  ['MD5', ['md5', false]],
  ['SMD5', ['md5', true]],
]);
const DIGEST_BYTES = new Map([
  ['md5', 16],
  ['sha1', 20],
  ['sha256', 32],
  ['sha384', 48],
  ['sha512', 64],
]);
const PBKDF2 = new Map<string, string>([
  ['PBKDF2', 'sha1'],
  ['PBKDF2-SHA1', 'sha1'],
  ['PBKDF2-SHA256', 'sha256'],
  ['PBKDF2-SHA512', 'sha512'],
  ['PBKDF2-HMAC-SHA256', 'sha256'],
  ['PBKDF2-HMAC-SHA512', 'sha512'],
]);

const ARGON2_VARIANTS = new Map<string, 0 | 1 | 2>([
  ['argon2d', 0],
  ['argon2i', 1],
  ['argon2id', 2],
]);

/** What a stored value says, or undefined where it cannot be checked. Linear in its length, which is bounded. */
export function parseStored(stored: Uint8Array): StoredPassword | undefined {
  if (stored.length > MAX_STORED_BYTES || stored[0] !== 0x7b) return undefined;
  const text = latin1(stored);
  const close = text.indexOf('}');
  if (close < 2 || close > 32) return undefined;
  const scheme = text.slice(1, close).toUpperCase();
  const body = text.slice(close + 1);
  const digest = DIGESTS.get(scheme);
  if (digest !== undefined) return parseDigest(digest[0], digest[1], body);
  const hash = PBKDF2.get(scheme);
  if (hash !== undefined) return body.includes('$') ? parsePbkdf2(hash, body) : parseOpenDjPbkdf2(hash, body);
  switch (scheme) {
    case 'PBKDF2_SHA256':
      return parse389Pbkdf2(body);
    case 'CRYPT':
      return body.startsWith('$2') ? parseBcrypt(body) : parseCrypt(body);
    case 'BCRYPT':
      return parseBcrypt(body);
    case 'ARGON2':
    case 'ARGON2ID':
      return parseArgon2(body);
    case 'SCRYPT':
      return parseScrypt(body);
    case 'SCRAM-SHA-256': {
      const keys = parseScramKeys(text);
      return keys === undefined ? undefined : { kind: 'scram', keys };
    }
    default:
      return undefined;
  }
}

/** Whether the password matches. Slow. */
export function checkPassword(
  password: Uint8Array,
  stored: StoredPassword,
  libraries: HashLibraries,
): boolean {
  switch (stored.kind) {
    case 'digest':
      return same(createHash(stored.hash).update(password).update(stored.salt).digest(), stored.digest);
    case 'pbkdf2':
      return same(
        pbkdf2Sync(password, stored.salt, stored.iterations, stored.key.length, stored.hash),
        stored.key,
      );
    case 'scrypt':
      return same(
        scryptKey(password, stored.salt, stored.logN, stored.r, stored.p, stored.key.length),
        stored.key,
      );
    case 'argon2':
      return libraries.argon2 !== undefined && same(libraries.argon2(password, stored), stored.key);
    case 'scram':
      return checkScram(password, stored.keys);
    case 'md5crypt': {
      const made = md5Crypt(password, stored.text.split('$')[2] ?? '');
      return same(Buffer.from(made, 'latin1'), Buffer.from(stored.text, 'latin1'));
    }
    default: {
      const text = utf8Decode(password);
      if (text === undefined) return false;
      return (stored.kind === 'bcrypt' ? libraries.bcrypt : libraries.crypt)(text, stored.text);
    }
  }
}

/** Cost of new scrypt hashes: 32 MiB, about a tenth of a second. */
const NEW_SCRYPT = { logN: 15, r: 8, p: 1, keyBytes: 32 } as const;

/** A new `{SCRYPT}` value; `salt`: 16 random octets. Slow. */
export function hashScrypt(password: Uint8Array, salt: Uint8Array): string {
  const { logN, r, p, keyBytes } = NEW_SCRYPT;
  const key = scryptKey(password, salt, logN, r, p, keyBytes);
  return `{SCRYPT}$scrypt$ln=${logN},r=${r},p=${p}$${unpadded(salt)}$${unpadded(key)}`;
}

function scryptKey(
  password: Uint8Array,
  salt: Uint8Array,
  logN: number,
  r: number,
  p: number,
  bytes: number,
): Uint8Array {
  return scryptSync(password, salt, bytes, { N: 2 ** logN, r, p, maxmem: 2 * MAX_MEMORY_BYTES });
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** base64(digest, salt). */
function parseDigest(hash: string, salted: boolean, body: string): StoredPassword | undefined {
  const bytes = base64(body);
  const length = DIGEST_BYTES.get(hash) ?? 0;
  if (bytes === undefined || bytes.length < length || bytes.length > length + 256) return undefined;
  if (!salted && bytes.length !== length) return undefined;
  return { kind: 'digest', hash, digest: bytes.subarray(0, length), salt: bytes.subarray(length) };
}

/** iterations$salt$key: OpenLDAP's pw-pbkdf2 (adapted base64) and newer 389-ds. */
function parsePbkdf2(hash: string, body: string): StoredPassword | undefined {
  const [count, saltText, keyText, ...rest] = body.split('$');
  if (count === undefined || saltText === undefined || keyText === undefined || rest.length > 0)
    return undefined;
  return pbkdf2(hash, count, base64(saltText), base64(keyText));
}

/** iterations:base64(key, 8 octets of salt): OpenDJ. */
function parseOpenDjPbkdf2(hash: string, body: string): StoredPassword | undefined {
  const colon = body.indexOf(':');
  const bytes = colon === -1 ? undefined : base64(body.slice(colon + 1));
  const length = DIGEST_BYTES.get(hash) ?? 0;
  if (bytes === undefined || bytes.length !== length + 8) return undefined;
  return pbkdf2(hash, body.slice(0, colon), bytes.subarray(length), bytes.subarray(0, length));
}

/** base64(4 octets of iterations, 64 of salt, 256 of key): older 389-ds. */
function parse389Pbkdf2(body: string): StoredPassword | undefined {
  const bytes = base64(body);
  if (bytes === undefined || bytes.length !== 324) return undefined;
  const iterations = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  return pbkdf2('sha256', String(iterations), bytes.subarray(4, 68), bytes.subarray(68));
}

function pbkdf2(
  hash: string,
  count: string,
  salt: Uint8Array | undefined,
  key: Uint8Array | undefined,
): StoredPassword | undefined {
  const iterations = decimal(count, MAX_ITERATIONS);
  if (iterations === undefined || iterations === 0 || salt === undefined || key === undefined)
    return undefined;
  const blocks = Math.ceil(key.length / (DIGEST_BYTES.get(hash) ?? 1));
  if (key.length < 16 || key.length > 256 || salt.length === 0 || blocks * iterations > MAX_ITERATIONS)
    return undefined;
  return { kind: 'pbkdf2', hash, iterations, salt, key };
}

/** $scrypt$ln=15,r=8,p=1$salt$key. */
function parseScrypt(body: string): StoredPassword | undefined {
  const [empty, name, parameters, saltText, keyText, ...rest] = body.split('$');
  if (
    empty !== '' ||
    name !== 'scrypt' ||
    saltText === undefined ||
    keyText === undefined ||
    rest.length > 0
  ) {
    return undefined;
  }
  const costs = costsOf(parameters ?? '', ['ln', 'r', 'p']);
  const salt = base64(saltText);
  const key = base64(keyText);
  if (costs === undefined || salt === undefined || key === undefined) return undefined;
  const [logN = 0, r = 0, p = 0] = costs;
  if (logN < 1 || logN > 24 || r < 1 || p < 1 || p > MAX_LANES) return undefined;
  if (128 * r * 2 ** logN > MAX_MEMORY_BYTES || 128 * r * 2 ** logN * p > 4 * MAX_MEMORY_BYTES)
    return undefined;
  if (key.length < 16 || key.length > 128 || salt.length === 0) return undefined;
  return { kind: 'scrypt', logN, r, p, salt, key };
}

/** $argon2id$v=19$m=19456,t=2,p=1$salt$key. */
function parseArgon2(body: string): StoredPassword | undefined {
  const parts = body.split('$');
  const [empty, name, version, parameters, saltText, keyText] = parts;
  if (parts.length !== 6 || empty !== '' || version !== 'v=19') return undefined;
  const variant = ARGON2_VARIANTS.get(name ?? '');
  const costs = costsOf(parameters ?? '', ['m', 't', 'p']);
  const salt = base64(saltText ?? '');
  const key = base64(keyText ?? '');
  if (variant === undefined || costs === undefined || salt === undefined || key === undefined)
    return undefined;
  const [memoryKib = 0, passes = 0, lanes = 0] = costs;
  if (lanes < 1 || lanes > MAX_LANES || memoryKib < 8 * lanes) return undefined;
  if (passes < 1 || passes > MAX_ARGON2_PASSES || salt.length < 8 || salt.length > 64) return undefined;
  if (key.length < 16 || key.length > 128 || memoryKib * 1024 > MAX_MEMORY_BYTES) return undefined;
  if (memoryKib * 1024 * passes > 4 * MAX_MEMORY_BYTES) return undefined;
  return { kind: 'argon2', variant, memoryKib, passes, lanes, salt, key };
}

/** $2b$12$ and 53 characters. */
function parseBcrypt(body: string): StoredPassword | undefined {
  if (body.length !== 60 || !['$2a$', '$2b$', '$2y$'].includes(body.slice(0, 4)) || body[6] !== '$')
    return undefined;
  const cost = decimal(body.slice(4, 6), MAX_BCRYPT_COST);
  return cost === undefined || cost < 4 ? undefined : { kind: 'bcrypt', text: `$2b$${body.slice(4)}` };
}

/** $1$, and $5$ and $6$ with rounds= or without. Other forms of crypt(3), yescrypt ($y$) among them, are refused. */
function parseCrypt(body: string): StoredPassword | undefined {
  const parts = body.split('$');
  if (parts[0] === '' && parts[1] === '1') {
    const [, , salt = '', hash = '', ...rest] = parts;
    const fits = salt.length >= 1 && salt.length <= 8 && hash.length === 22 && rest.length === 0;
    return fits ? { kind: 'md5crypt', text: body } : undefined;
  }
  if (parts[0] !== '' || (parts[1] !== '5' && parts[1] !== '6')) return undefined;
  const hasRounds = parts[2]?.startsWith('rounds=') === true;
  if (parts.length !== (hasRounds ? 5 : 4)) return undefined;
  if (hasRounds) {
    const rounds = decimal((parts[2] ?? '').slice(7), MAX_CRYPT_ROUNDS);
    if (rounds === undefined || rounds < 1000) return undefined;
  }
  if (parts.at(-1)?.length !== (parts[1] === '5' ? 43 : 86)) return undefined;
  return { kind: 'crypt', text: body };
}

/** The numbers of `a=1,b=2` in the order of `names`, or undefined. */
function costsOf(text: string, names: readonly string[]): number[] | undefined {
  const parts = text.split(',');
  if (parts.length !== names.length) return undefined;
  const costs: number[] = [];
  for (const [i, part] of parts.entries()) {
    const name = `${names[i]}=`;
    const cost = part.startsWith(name) ? decimal(part.slice(name.length), 2 ** 31) : undefined;
    if (cost === undefined) return undefined;
    costs.push(cost);
  }
  return costs;
}

/** A decimal number of up to `max`, or undefined. */
function decimal(text: string, max: number): number | undefined {
  if (text.length === 0 || text.length > 10) return undefined;
  for (let i = 0; i < text.length; i++)
    if ((text[i] as string) < '0' || (text[i] as string) > '9') return undefined;
  const value = Number(text);
  return value <= max ? value : undefined;
}

/** base64, padded or not, standard or with `.` for `+` (adapted base64); undefined where it is none. */
function base64(text: string): Uint8Array | undefined {
  const standard = text.replaceAll('.', '+').replaceAll('=', '');
  const bytes = Buffer.from(standard, 'base64');
  return unpadded(bytes) === standard ? bytes : undefined;
}

function unpadded(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replaceAll('=', '');
}
