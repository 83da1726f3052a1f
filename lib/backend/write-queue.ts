/**
 * The turns of the write path: one job at a time, in the order in which they were asked for, the first one at once.
 *
 * Owns the order, the bound on jobs that wait and the end; what a job does is write-path.ts. A job whose turn comes while the store takes no writes waits until
 * that is mended. Jobs answer for themselves: one that throws is a bug, and what it left behind is not trusted.
 */
import { LdapError } from '../base/ldap-error.js';
import { LIMITS } from '../base/limits.js';
import { asError } from '../base/thrown.js';
import type { GroupCommit } from './group-commit.js';

/** Work that ends at once, or a promise of its end. */
export type Job = () => void | Promise<void>;

export class WriteQueue {
  readonly #commit: Pick<GroupCommit, 'usable' | 'mend' | 'fail'>;
  readonly #jobs: Job[] = [];
  #busy = false;
  #closing = false;
  #idle: (() => void)[] = [];

  constructor(commit: Pick<GroupCommit, 'usable' | 'mend' | 'fail'>) {
    this.#commit = commit;
  }

  /** A job given now begins at once. */
  get idle(): boolean {
    return !this.#busy && !this.#closing && this.#jobs.length === 0 && this.#commit.usable;
  }

  /** Refuses new jobs; resolves when the running ones are done. */
  async close(): Promise<void> {
    this.#closing = true;
    if (this.#busy || this.#jobs.length > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Runs the job now, or when those before it are done. `reject`: who asked for it. */
  add(job: Job, reject: (error: Error) => void): void {
    if (this.#closing) {
      reject(new LdapError('unavailable', 'the server is stopping'));
    } else if (this.#jobs.length >= LIMITS.queuedWrites) {
      reject(new LdapError('busy', 'too many writes wait for their turn; try again'));
    } else if (this.#busy) {
      this.#jobs.push(guarded(job, reject));
    } else {
      this.#run(guarded(job, reject));
    }
  }

  /** Runs a job, and those that queued up while it waited for rows. */
  #run(first: Job): void {
    let job: Job | undefined = first;
    while (job !== undefined) {
      this.#busy = true;
      const waits = this.#commit.usable ? job() : this.#mended(job);
      if (waits instanceof Promise) {
        waits.then(
          () => this.#next(),
          (error: unknown) => this.#bug(error),
        );
        return;
      }
      this.#busy = false;
      job = this.#jobs.shift();
    }
    this.#rest();
  }

  /** Jobs answer for themselves: one that throws is a bug, and what it left behind is not trusted. */
  #bug(error: unknown): void {
    this.#commit.fail(asError(error));
    this.#next();
  }

  #next(): void {
    this.#busy = false;
    const job = this.#jobs.shift();
    if (job !== undefined) this.#run(job);
    else this.#rest();
  }

  #rest(): void {
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** After a refusal by the store: the job runs when the store takes writes again; otherwise it meets the refusal itself. */
  async #mended(job: Job): Promise<void> {
    await this.#commit.mend();
    await job();
  }
}

/** A job whose error reaches whoever asked for it. */
function guarded(job: Job, reject: (error: Error) => void): Job {
  const failed = (error: unknown) => reject(asError(error));
  return () => {
    try {
      const waits = job();
      return waits instanceof Promise ? waits.catch(failed) : undefined;
    } catch (error) {
      failed(error);
    }
  };
}
