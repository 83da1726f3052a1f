/**
 * Starts a server as a process of its own and waits until it is ready.
 *
 * Owns the process's start and its first message; what it prints goes to the log file in its directory. A supervised child stops when its parent is
 * gone, a detached one does not.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { must } from '../../base/assert.js';
import { OperatorError } from '../../base/operator-error.js';
import { serverFiles } from '../server-files.js';
import { isServerMessage, type ServerMessage } from './process-messages.js';

/** A server process that could not start: what it said. */
export class ChildFailed extends Error {
  override readonly name = 'ChildFailed';
  readonly lines: readonly string[];
  readonly exitCode: number;

  constructor(lines: readonly string[], exitCode: number) {
    super(lines.join('\n'));
    this.lines = lines;
    this.exitCode = exitCode;
  }
}

export interface ChildServer {
  readonly process: ChildProcess;
  /** Resolves when it serves; rejects with ChildFailed. */
  readonly ready: Promise<void>;
  /** Resolves with a clause that says how it ended. */
  readonly ended: Promise<string>;
}

/** Forks this program's `start` for the server in `dir`, in a session of its own so that a terminal's Ctrl-C is not sent to it too. */
export function startChildServer(
  dir: string,
  mode: 'supervised' | 'detached',
  args: readonly string[] = [],
): ChildServer {
  const files = serverFiles(dir);
  let log: number;
  try {
    log = openSync(files.log, 'a', 0o600);
  } catch (error) {
    throw new OperatorError(
      'DATA_DIR_MISSING',
      `cannot write ${files.log}: ${(error as Error).message}`,
      [],
      { cause: error },
    );
  }
  const child = fork(
    must(process.argv[1], 'a program runs this'),
    ['start', '--dir', files.dir, '--parent', mode, ...args],
    {
      stdio: ['ignore', log, log, 'ipc'],
      detached: true,
      env: { ...process.env, UV_THREADPOOL_SIZE: process.env.UV_THREADPOOL_SIZE ?? '8' },
      execArgv: process.execArgv,
    },
  );
  closeSync(log);
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
    child.once('error', (error) => resolve(error.message));
  });
  const ready = new Promise<void>((resolve, reject) => {
    child.on('message', (message: unknown) => {
      if (!isServerMessage(message)) return;
      if (message.kind === 'ready') resolve();
      else reject(failedBy(message));
    });
    void ended.then((how) =>
      reject(
        new ChildFailed(
          [`polyarch: the server in ${files.dir} ended before it was ready (${how}); see ${files.log}`],
          80,
        ),
      ),
    );
  });
  ready.catch(() => {});
  return { process: child, ready, ended };
}

function failedBy(message: ServerMessage & { kind: 'failed' }): ChildFailed {
  return new ChildFailed(message.lines, message.exitCode);
}
