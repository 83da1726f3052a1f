/**
 * The log: port Log on pino, JSON lines to standard output. pino is known here and nowhere else.
 *
 * Text fields are cut at MAX_TEXT characters, so that no client can make a line of megabytes; JSON escapes control characters.
 */
import { type DestinationStream, type Logger, pino } from 'pino';
import type { Log, LogFields } from '../port/log.js';

const MAX_TEXT = 4096;
const MAX_CAUSES = 5;
const STANDARD_OUTPUT = 1;
/** Of lines that cannot be written. */
const WAITING_OCTETS = 1_048_576;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent'];

/** A log whose least important events may become others while it is used, those of its children with them. */
export interface LevelledLog extends Log {
  setLevel(level: LogLevel): void;
}

/**
 * Where lines go, by number of an open file. A disk that is full, or any other fault of theirs, is no reason for a server to end: lines wait, WAITING_OCTETS of them at most, what is more is
 * left out.
 */
export function lineOutput(file: number): DestinationStream {
  const output = pino.destination({ dest: file, sync: true, maxLength: WAITING_OCTETS });
  output.on('error', () => {});
  return output;
}

/** `name`: of the server, on every line. `destination`: standard output when absent. */
export function makeLog(
  options: { readonly level: LogLevel; readonly name?: string },
  destination: DestinationStream = lineOutput(STANDARD_OUTPUT),
): LevelledLog {
  const settings = {
    // pino's children keep the level that they were made with, so levels are ours.
    level: 'debug',
    base: options.name === undefined ? {} : { server: options.name },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return new PinoLog(pino(settings, destination), { least: LEVELS.indexOf(options.level) });
}

/** A log that keeps nothing, for commands and tests. */
export function silentLog(): Log {
  return makeLog({ level: 'silent' });
}

class PinoLog implements LevelledLog {
  readonly #logger: Logger;
  /** Index into LEVELS; one object for a log and its children. */
  readonly #level: { least: number };

  constructor(logger: Logger, level: { least: number }) {
    this.#logger = logger;
    this.#level = level;
  }

  setLevel(level: LogLevel): void {
    this.#level.least = LEVELS.indexOf(level);
  }

  debug(fields: LogFields, message: string): void {
    this.#write('debug', 0, fields, message);
  }

  info(fields: LogFields, message: string): void {
    this.#write('info', 1, fields, message);
  }

  warn(fields: LogFields, message: string): void {
    this.#write('warn', 2, fields, message);
  }

  error(fields: LogFields, message: string): void {
    this.#write('error', 3, fields, message);
  }

  child(fields: LogFields): Log {
    return new PinoLog(this.#logger.child(bounded(fields)), this.#level);
  }

  #write(level: Exclude<LogLevel, 'silent'>, rank: number, fields: LogFields, message: string): void {
    if (rank >= this.#level.least) this.#logger[level](bounded(fields), message);
  }
}

/** The fields with long texts cut and errors told in full; the same object when there is neither. */
function bounded(fields: LogFields): LogFields {
  let cut: Record<string, unknown> | undefined;
  for (const name in fields) {
    const value: unknown = fields[name];
    const told = value instanceof Error ? errorFields(value, 0) : short(value);
    if (told === value) continue;
    cut ??= { ...fields };
    cut[name] = told;
  }
  return cut ?? fields;
}

function short(value: unknown): unknown {
  return typeof value === 'string' && value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}...` : value;
}

/** What an error says, where it came from and what caused it: JSON alone would leave that out. */
function errorFields(error: Error, depth: number): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  const fields: Record<string, unknown> = { ...error, name, message: short(message), stack: short(stack) };
  if (cause instanceof Error && depth < MAX_CAUSES) fields.cause = errorFields(cause, depth + 1);
  return fields;
}
