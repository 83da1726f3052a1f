/**
 * The log: port Log on pino, JSON lines to standard output. pino is known here and nowhere else.
 *
 * Text fields are cut at MAX_TEXT characters, so that no client can make a line of megabytes; JSON escapes control characters.
 */
import { type DestinationStream, type Logger, pino } from 'pino';
import type { Log, LogFields } from '../port/log.js';

const MAX_TEXT = 4096;
const MAX_CAUSES = 5;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** `name`: of the server, on every line. `destination`: standard output when absent. */
export function makeLog(
  options: { readonly level: string; readonly name?: string },
  destination?: DestinationStream,
): Log {
  const settings = {
    level: options.level,
    base: options.name === undefined ? {} : { server: options.name },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return new PinoLog(destination === undefined ? pino(settings) : pino(settings, destination));
}

/** A log that keeps nothing, for commands and tests. */
export function silentLog(): Log {
  return makeLog({ level: 'silent' });
}

class PinoLog implements Log {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  debug(fields: LogFields, message: string): void {
    if (this.#logger.isLevelEnabled('debug')) this.#logger.debug(bounded(fields), message);
  }

  info(fields: LogFields, message: string): void {
    if (this.#logger.isLevelEnabled('info')) this.#logger.info(bounded(fields), message);
  }

  warn(fields: LogFields, message: string): void {
    this.#logger.warn(bounded(fields), message);
  }

  error(fields: LogFields, message: string): void {
    this.#logger.error(bounded(fields), message);
  }

  child(fields: LogFields): Log {
    return new PinoLog(this.#logger.child(bounded(fields)));
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
