/**
 * Port PasswordHasher: Argon2id where its library loads, scrypt otherwise, or the keys of SCRAM where these are wanted, in a few threads of their own.
 *
 * Owns the threads and the queue; the schemes are password-schemes.ts, the thread is password-worker.ts. Threads start when they are first needed and never keep the process
 * alive. The queue is first come, first served, and bounded: beyond it the answer is LdapError busy. A thread that dies fails its one job and is replaced.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { utf8Encode } from '../base/bytes.js';
import { LdapError } from '../base/ldap-error.js';
import { LIMITS } from '../base/limits.js';
import type { PasswordHasher } from '../port/password-hasher.js';
import { parseStored } from './password-schemes.js';

/** What a thread is asked; `password` is its own copy. */
export type PasswordJob =
  | { readonly kind: 'hash'; readonly password: Uint8Array }
  | { readonly kind: 'verify'; readonly password: Uint8Array; readonly stored: Uint8Array | undefined };

/** What a thread answers. */
export type PasswordReply =
  | { readonly hashed: string }
  | { readonly matches: boolean }
  | { readonly failure: string };

/** What a thread is started with. */
export interface PasswordThread {
  readonly scramIterations: number | undefined;
}

interface Pending {
  readonly job: PasswordJob;
  resolve(reply: PasswordReply): void;
  reject(error: Error): void;
}

interface Thread {
  readonly worker: Worker;
  current: Pending | undefined;
}

export interface PasswordHashingOptions {
  /** Threads; the number of cores when absent. */
  readonly threads?: number;
  /** Jobs that wait for a thread. */
  readonly queueLength?: number;
  /** New hashes are the keys of SCRAM-SHA-256 with so many iterations, where the password allows it. */
  readonly scramIterations?: number | undefined;
}

export class PasswordHashing implements PasswordHasher {
  readonly #maxThreads: number;
  readonly #maxQueue: number;
  readonly #given: PasswordThread;
  readonly #threads = new Set<Thread>();
  readonly #queue: Pending[] = [];
  #closed = false;

  constructor(options: PasswordHashingOptions = {}) {
    this.#maxThreads = Math.max(1, options.threads ?? Math.min(8, availableParallelism()));
    this.#maxQueue = options.queueLength ?? 1024;
    this.#given = { scramIterations: options.scramIterations };
  }

  /** Rejects with LdapError constraintViolation (too long) or busy. */
  async hash(password: Uint8Array): Promise<Uint8Array> {
    if (password.length > LIMITS.passwordBytes) {
      throw new LdapError(
        'constraintViolation',
        `a password may have ${LIMITS.passwordBytes} octets (limit passwordBytes)`,
      );
    }
    const reply = await this.#run({ kind: 'hash', password: Uint8Array.from(password) });
    if ('hashed' in reply) return utf8Encode(reply.hashed);
    throw new LdapError('other', 'the password could not be hashed');
  }

  /** Rejects only with LdapError busy. A password above the bound is wrong, after the usual work. */
  async verify(password: Uint8Array, stored: Uint8Array | undefined): Promise<boolean> {
    const tooLong = password.length > LIMITS.passwordBytes;
    const reply = await this.#run({
      kind: 'verify',
      password: Uint8Array.from(tooLong ? password.subarray(0, LIMITS.passwordBytes) : password),
      stored: tooLong || stored === undefined ? undefined : Uint8Array.from(stored),
    });
    return 'matches' in reply && reply.matches;
  }

  isHashed(stored: Uint8Array): boolean {
    return parseStored(stored) !== undefined;
  }

  /** Ends the threads; what waits is rejected with LdapError unavailable. */
  async close(): Promise<void> {
    this.#closed = true;
    const error = new LdapError('unavailable', 'the server is stopping');
    for (const pending of this.#queue.splice(0)) pending.reject(error);
    const threads = [...this.#threads];
    this.#threads.clear();
    for (const thread of threads) thread.current?.reject(error);
    await Promise.all(threads.map((thread) => thread.worker.terminate()));
  }

  #run(job: PasswordJob): Promise<PasswordReply> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(new LdapError('unavailable', 'the server is stopping'));
        return;
      }
      if (this.#queue.length >= this.#maxQueue) {
        reject(new LdapError('busy', 'too many password checks wait; try again later'));
        return;
      }
      this.#queue.push({ job, resolve, reject });
      this.#dispatch();
    });
  }

  #dispatch(): void {
    for (const thread of this.#threads) {
      if (this.#queue.length === 0) return;
      if (thread.current === undefined) this.#give(thread);
    }
    while (this.#queue.length > 0 && this.#threads.size < this.#maxThreads) this.#give(this.#startThread());
  }

  #give(thread: Thread): void {
    const pending = this.#queue.shift();
    thread.current = pending;
    if (pending === undefined) {
      thread.worker.unref();
      return;
    }
    thread.worker.ref();
    thread.worker.postMessage(pending.job);
  }

  #startThread(): Thread {
    const worker = new Worker(new URL('./password-worker.js', import.meta.url), { workerData: this.#given });
    const thread: Thread = { worker, current: undefined };
    this.#threads.add(thread);
    worker.on('message', (reply: PasswordReply) => {
      const done = thread.current;
      thread.current = undefined;
      this.#give(thread);
      done?.resolve(reply);
    });
    let failure = 'the thread ended';
    worker.on('error', (error) => {
      failure = error.message;
    });
    worker.on('exit', () => {
      if (!this.#threads.delete(thread)) return;
      thread.current?.reject(new LdapError('other', `the password thread failed: ${failure}`));
      if (!this.#closed) this.#dispatch();
    });
    return thread;
  }
}
