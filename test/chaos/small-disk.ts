/**
 * A disk that can be full, for one server of a chaos run: a tmpfs of so many MiB at the place of its directory, filled by a file beside the server's own and emptied again.
 *
 * Linux and root. What is mounted is unmounted when the run closes it, and when the process ends before.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, cpSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const FILLER = 'filler';
const PIECES = [1 << 20, 1 << 14, 1 << 12];

export class SmallDisk {
  readonly #dir: string;
  readonly #end = () => this.close();

  /** Mounts it, with what the directory holds. Throws where that is not allowed. */
  constructor(dir: string, mebibytes: number) {
    this.#dir = dir;
    const apart = `${dir}.apart`;
    renameSync(dir, apart);
    mkdirSync(dir, { mode: 0o700 });
    const done = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=0700`, 'tmpfs', dir]);
    if (done.status !== 0) throw new Error(`--disk needs Linux and root: ${String(done.stderr)}`);
    process.once('exit', this.#end);
    cpSync(apart, dir, { recursive: true, preserveTimestamps: true });
    rmSync(apart, { recursive: true });
  }

  /** Leaves no room. */
  fill(): void {
    const file = openSync(join(this.#dir, FILLER), 'a');
    for (const piece of PIECES)
      try {
        for (;;) if (writeSync(file, Buffer.alloc(piece)) < piece) break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    closeSync(file);
  }

  empty(): void {
    rmSync(join(this.#dir, FILLER), { force: true });
  }

  /** What was on it is gone. */
  close(): void {
    process.off('exit', this.#end);
    // Lazily: somebody may stand in it.
    spawnSync('umount', ['-l', this.#dir]);
  }
}
