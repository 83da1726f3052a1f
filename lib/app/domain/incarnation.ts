/**
 * The incarnation of a replica: a name for this life of its data directory, changed when the directory turns out to be an older copy (replication-model.md section 2).
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { readSmallFile, writeFileAtomic } from '../../io/files.js';
import type { ServerFiles } from '../server-files.js';

export class Incarnation {
  readonly #file: string;
  #current: string;

  private constructor(file: string, current: string) {
    this.#file = file;
    this.#current = current;
  }

  /** Reads the file of the directory; makes it on the first start. */
  static async open(files: ServerFiles): Promise<Incarnation> {
    const file = join(files.dir, 'incarnation');
    const bytes = await readSmallFile(file);
    const known = bytes === undefined ? '' : Buffer.from(bytes).toString('utf8').trim();
    if (/^[0-9a-f-]{36}$/.test(known)) return new Incarnation(file, known);
    const made = new Incarnation(file, '');
    await made.renew();
    return made;
  }

  get current(): string {
    return this.#current;
  }

  /** A new one, on disk when it resolves. */
  async renew(): Promise<void> {
    const next = randomUUID();
    await writeFileAtomic(this.#file, `${next}\n`);
    this.#current = next;
  }
}
