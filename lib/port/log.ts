/** Port: the server's log. One line, one event; fields are data, never values of attributes or credentials. */

export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A log whose every line carries `fields` too. */
  child(fields: LogFields): Log;
}
