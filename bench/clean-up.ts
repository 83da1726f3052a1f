/**
 * What a benchmark must not leave behind, also when it is cut: processes, instances in system directories, scratch directories.
 *
 * What is registered goes in reverse order when the process ends, by itself or by a signal that it can hear. Nobody hears SIGKILL: what such an end leaves is found by name later (ds389.ts).
 */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Exit codes of shells: 128 and the number of the signal. */
const SIGNALS = [
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const;
/** Longest that a server may take to stop, ms. */
const STOP_MS = 30_000;

const works: (() => void)[] = [];

function runAll(): void {
  for (let work = works.pop(); work !== undefined; work = works.pop())
    try {
      work();
    } catch {
      // The others must go all the same.
    }
}

/** Registers synchronous work for the end of the process. The returned function forgets it. */
export function atEnd(work: () => void): () => void {
  if (works.length === 0) {
    process.once('exit', runAll);
    for (const [signal, code] of SIGNALS) process.once(signal, () => process.exit(code));
  }
  works.push(work);
  return () => {
    const at = works.indexOf(work);
    if (at >= 0) works.splice(at, 1);
  };
}

/** A process that does not outlive this one. */
export function watched(child: ChildProcess): ChildProcess {
  child.once(
    'exit',
    atEnd(() => child.kill('SIGKILL')),
  );
  return child;
}

/** A directory for the time of the benchmark, and what removes it sooner. */
export function scratch(): { readonly dir: string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'polyarch-bench-'));
  const remove = () => rmSync(dir, { recursive: true, force: true });
  const forget = atEnd(remove);
  return {
    dir,
    remove: () => {
      remove();
      forget();
    },
  };
}

/** Ends a child process and waits for it; by force when it does not go. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await gone;
  clearTimeout(force);
}
