/**
 * A thread that hashes and checks passwords, one at a time, for password-hashing.ts. Started by name.
 *
 * Everything runs synchronously in this thread: libuv's pool, which the store needs, is not used.
 */
import { randomBytes } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import type { Algorithm } from '@node-rs/argon2';
import { compareSync } from 'bcryptjs';
import { verify as verifyCrypt } from 'unixcrypt';
import { must } from '../base/assert.js';
import { toHex, utf8Encode } from '../base/bytes.js';
import { reasonOf } from '../base/thrown.js';
import type { PasswordJob, PasswordReply, PasswordThread } from './password-hashing.js';
import { checkPassword, type HashLibraries, hashScrypt, parseStored } from './password-schemes.js';
import { hashScram } from './scram-password.js';

const port = must(parentPort, 'password-worker runs as a worker thread');
const { scramIterations } = workerData as PasswordThread;

/** RFC 9106 and OWASP: 19 MiB, two passes. */
const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 } as const;

type Argon2 = typeof import('@node-rs/argon2');

async function loadArgon2(): Promise<Argon2 | undefined> {
  try {
    return await import('@node-rs/argon2');
  } catch {
    return undefined;
  }
}

const argon2 = await loadArgon2();
const libraries: HashLibraries = {
  argon2:
    argon2 === undefined
      ? undefined
      : (password, stored) =>
          argon2.hashRawSync(password, {
            algorithm: stored.variant as Algorithm,
            memoryCost: stored.memoryKib,
            timeCost: stored.passes,
            parallelism: stored.lanes,
            outputLen: stored.key.length,
            salt: stored.salt,
          }),
  bcrypt: compareSync,
  crypt: verifyCrypt,
};

function hash(password: Uint8Array): string {
  const keys =
    scramIterations === undefined ? undefined : hashScram(password, randomBytes(16), scramIterations);
  if (keys !== undefined) return keys;
  if (argon2 === undefined) return hashScrypt(password, randomBytes(16));
  return `{ARGON2}${argon2.hashSync(password, ARGON2)}`;
}

/** Work like that of a real check, for a user or a hash that does not exist. */
const dummy = parseStored(Buffer.from(hash(utf8Encode(toHex(randomBytes(16))))));

function verify(password: Uint8Array, stored: Uint8Array | undefined): boolean {
  const parsed = stored === undefined ? undefined : parseStored(stored);
  if (parsed !== undefined) {
    try {
      return checkPassword(password, parsed, libraries);
    } catch {
      return false;
    }
  }
  if (dummy !== undefined) checkPassword(password, dummy, libraries);
  return false;
}

port.on('message', (job: PasswordJob) => {
  let reply: PasswordReply;
  try {
    reply =
      job.kind === 'hash' ? { hashed: hash(job.password) } : { matches: verify(job.password, job.stored) };
  } catch (error) {
    reply = { failure: reasonOf(error) };
  }
  job.password.fill(0);
  port.postMessage(reply);
});
