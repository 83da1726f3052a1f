/**
 * The command that the operator has run for each alert (`alerts.command`): one at a time, with the alert as one line of JSON on its standard input.
 *
 * Bounded: runs an hour, time of one run, alerts that wait. What is left out is counted, and the next run is told how many (`leftOut`). A command that fails is logged, and
 * nothing else: alerts stand in cn=alerts,cn=monitor whatever becomes of it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Clock } from '../../port/clock.js';
import type { Log } from '../../port/log.js';
import type { AlertChange } from '../monitor/alert-book.js';

/** Runs within an hour, milliseconds of one run, alerts that wait for their turn, characters of its complaints in the log. */
const RUNS_AN_HOUR = 120;
const HOUR_MS = 3_600_000;
const RUN_MS = 30_000;
const MAX_WAITING = 100;
const SHOWN_ERRORS = 1000;

/** What the command reads. */
export interface AlertMessage {
  readonly server: string;
  readonly event: 'raised' | 'cleared';
  readonly id: string;
  readonly code: string;
  readonly severity: string;
  readonly about: string;
  readonly what: string;
  readonly why: string;
  readonly advice: string;
  /** ISO 8601. */
  readonly since: string;
  readonly at: string;
}

/** A change of an alert as the command is told it. */
export function alertMessage(server: string, { event, alert }: AlertChange, nowMs: number): AlertMessage {
  const { id, code, severity, about, what, why, mend, firstMs } = alert;
  const [since, at] = [new Date(firstMs).toISOString(), new Date(nowMs).toISOString()];
  return { server, event, id, code, severity, about, what, why, advice: mend, since, at };
}

export class AlertCommand {
  readonly #command: string;
  readonly #log: Log;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #runMs: number;
  readonly #runsAnHour: number;
  #waiting: AlertMessage[] = [];
  #runs: number[] = [];
  #leftOut = 0;
  #child: ChildProcess | undefined;
  #stopped = false;
  #idle: Promise<void> = Promise.resolve();

  /** `command`: for the shell. */
  constructor(
    command: string,
    log: Log,
    clock: Pick<Clock, 'monotonicMs'>,
    runMs = RUN_MS,
    runsAnHour = RUNS_AN_HOUR,
  ) {
    this.#command = command;
    this.#log = log;
    this.#clock = clock;
    this.#runMs = runMs;
    this.#runsAnHour = runsAnHour;
  }

  /** Has the command run for these alerts, as far as its bounds allow. */
  tell(messages: readonly AlertMessage[]): void {
    for (const message of messages) {
      if (this.#waiting.length >= MAX_WAITING) this.#leftOut += 1;
      else this.#waiting.push(message);
    }
    if (this.#child === undefined) this.#idle = this.#runAll();
  }

  /** Resolves when no run is under way. */
  idle(): Promise<void> {
    return this.#idle;
  }

  /** Ends a run that is under way, and begins none any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiting = [];
    this.#end();
    await this.#idle;
  }

  async #runAll(): Promise<void> {
    for (
      let next = this.#waiting.shift();
      next !== undefined && !this.#stopped;
      next = this.#waiting.shift()
    ) {
      if (this.#mayRun()) await this.#run(next);
      else this.#leftOut += 1;
    }
  }

  #mayRun(): boolean {
    const nowMs = this.#clock.monotonicMs();
    this.#runs = this.#runs.filter((atMs) => nowMs - atMs < HOUR_MS);
    if (this.#runs.length >= this.#runsAnHour) return false;
    this.#runs.push(nowMs);
    return true;
  }

  #run(message: AlertMessage): Promise<void> {
    return new Promise((resolve) => {
      // A group of its own: whatever the shell has begun ends with it.
      const child = spawn(this.#command, {
        shell: true,
        detached: true,
        stdio: ['pipe', 'ignore', 'pipe'],
      });
      this.#child = child;
      let errors = '';
      let late = false;
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        if (errors.length < SHOWN_ERRORS) errors += text.slice(0, SHOWN_ERRORS - errors.length);
      });
      const timer = setTimeout(() => {
        late = true;
        this.#end();
      }, this.#runMs);
      const done = (why: string | undefined) => {
        clearTimeout(timer);
        this.#child = undefined;
        if (why !== undefined && !this.#stopped)
          this.#log.warn({ command: this.#command, errors: errors.trim() }, `the command for alerts ${why}`);
        resolve();
      };
      child.on('error', (error) => done(`could not be run: ${error.message}`));
      child.on('close', (code, signal) => {
        if (late) done(`took longer than ${this.#runMs / 1000} s and was ended`);
        else done(code === 0 ? undefined : `ended with ${code === null ? signal : `exit code ${code}`}`);
      });
      child.stdin.on('error', () => {
        // It reads nothing, which is its own business.
      });
      child.stdin.end(`${JSON.stringify({ ...message, leftOut: this.#leftOut })}\n`);
      this.#leftOut = 0;
    });
  }

  #end(): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It is gone already.
    }
  }
}
