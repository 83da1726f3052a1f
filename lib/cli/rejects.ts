/**
 * Records that an import refuses: told on standard error, and kept in a file so that they can be mended and imported again.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { unwritable } from '../io/files.js';
import type { LdifItem } from '../ldif/ldif-record.js';
import { note, printable } from './output.js';

/** Refusals told one by one; the file of rejects holds all. */
const MAX_TOLD = 100;

export class Rejects {
  readonly #source: string;
  readonly #path: string | undefined;
  #file: number | undefined;
  #count = 0;

  /** `source`: name of the LDIF file. `path`: of the file of rejects, made when there is one to write. */
  constructor(source: string, path: string | undefined) {
    this.#source = source;
    this.#path = path;
  }

  get count(): number {
    return this.#count;
  }

  add(item: LdifItem, reason: string): void {
    this.#count += 1;
    if (this.#count <= MAX_TOLD) note(printable(`${this.#source}:${item.line}: ${reason}`));
    else if (this.#count === MAX_TOLD + 1) note('more records are refused and not told one by one');
    if (this.#path !== undefined) this.#keep(this.#path, item, reason);
  }

  #keep(path: string, item: LdifItem, reason: string): void {
    try {
      this.#file ??= openSync(path, 'w', 0o600);
      writeSync(this.#file, `# line ${item.line}: ${printable(reason).replaceAll('\n', ' ')}\n`);
      for (const line of item.source) {
        writeSync(this.#file, line);
        writeSync(this.#file, '\n');
      }
      writeSync(this.#file, '\n');
    } catch (error) {
      throw unwritable(path, error);
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}
