/**
 * Progress of long work on standard error: done, rate and time left; one line that is rewritten on a terminal, a plain line now and then elsewhere.
 */

/** Milliseconds between two showings, on a terminal and elsewhere. */
const TERMINAL_MS = 200;
const PLAIN_MS = 5000;

export class Progress {
  readonly #what: string;
  readonly #quiet: boolean;
  readonly #terminal: boolean;
  readonly #startMs: number;
  readonly #now: () => number;
  readonly #write: (text: string) => void;
  #shownMs: number;
  #trouble: string | undefined;

  /** `what`: the things counted, in the plural. */
  constructor(
    what: string,
    quiet: boolean,
    terminal = process.stderr.isTTY === true,
    write: (text: string) => void = (text) => void process.stderr.write(text),
    now: () => number = () => performance.now(),
  ) {
    this.#what = what;
    this.#quiet = quiet;
    this.#terminal = terminal;
    this.#write = write;
    this.#now = now;
    this.#startMs = now();
    this.#shownMs = this.#startMs;
  }

  /** `fraction`: share of the whole that is done (0 to 1), where it is known. */
  update(done: number, fraction?: number): void {
    if (this.#quiet) return;
    const now = this.#now();
    if (now - this.#shownMs < (this.#terminal ? TERMINAL_MS : PLAIN_MS)) return;
    this.#shownMs = now;
    const line = this.#line(done, now, fraction);
    this.#write(this.#terminal ? `\r\u001b[K${line}` : `${line}\n`);
  }

  /** A line of its own for what holds the work up, when it is another than before; undefined: nothing does. */
  trouble(text: string | undefined): void {
    if (text === this.#trouble) return;
    this.#trouble = text;
    if (text !== undefined && !this.#quiet) this.#write(`${this.#terminal ? '\r\u001b[K' : ''}${text}\n`);
  }

  /** The last line: what was done in all. */
  finish(done: number): void {
    if (this.#quiet) return;
    const now = this.#now();
    const line = `${done} ${this.#what} in ${seconds(now - this.#startMs)}, ${rate(done, now - this.#startMs)}/s`;
    this.#write(`${this.#terminal ? '\r\u001b[K' : ''}${line}\n`);
  }

  #line(done: number, now: number, fraction: number | undefined): string {
    const elapsed = now - this.#startMs;
    const line = `${done} ${this.#what}, ${rate(done, elapsed)}/s`;
    if (fraction === undefined || fraction <= 0) return line;
    const left = (elapsed * (1 - Math.min(1, fraction))) / fraction;
    return `${line}, ${Math.floor(Math.min(1, fraction) * 100)} %, ${seconds(left)} left`;
  }
}

function rate(done: number, elapsedMs: number): number {
  return elapsedMs <= 0 ? done : Math.round((done * 1000) / elapsedMs);
}

function seconds(ms: number): string {
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const whole = Math.round(ms / 1000);
  if (whole < 120) return `${whole} s`;
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
