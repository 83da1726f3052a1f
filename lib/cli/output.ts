/**
 * What commands print: data to standard output (tables or JSON), words about the work to standard error.
 */
import Table from 'cli-table3';
import pc from 'picocolors';
import { LdapError } from '../base/ldap-error.js';
import { OperatorError } from '../base/operator-error.js';
import { RESULT_CODES } from '../base/result-code.js';
import { StoreError } from '../port/ordered-store.js';
import { programName } from './program-name.js';

/** One line to standard output. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** One line to standard error. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Prints `data` as one line of JSON, or by `show`. */
export function printData(data: unknown, json: boolean, show: () => string): void {
  say(json ? JSON.stringify(data) : show());
}

/** A table with a head. Cells are made safe for a terminal. */
export function table(head: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const out = new Table({
    head: head.map((cell) => (useColour() ? pc.bold(cell) : cell)),
    style: { head: [], border: [] },
  });
  for (const row of rows) out.push(row.map((cell) => printable(String(cell ?? ''))));
  return out.toString();
}

/** Name and value, one a line, names aligned. */
export function facts(pairs: readonly (readonly [string, unknown])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${printable(String(value ?? '-'))}`).join('\n');
}

/** Text without control characters: what a server or a file says must not move the cursor. */
export function printable(text: string): string {
  let out = '';
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    out +=
      (code < 0x20 && char !== '\n') || (code >= 0x7f && code < 0xa0)
        ? `\\x${code.toString(16).padStart(2, '0')}`
        : char;
  }
  return out;
}

const STORE_ADVICE: Readonly<Record<StoreError['failure'], string>> = {
  full: '; free some space and try again',
  damaged:
    '; the store is damaged: restore a backup, or make the server anew and let it copy the data from a peer',
  closed: '; try again',
  failed: '; look at the disk and the system log',
};

/** Command lines at the end of a sentence (`start it with: polyarch start ...`) as they can be pasted where the user stands. */
export function pasteable(sentence: string, program = programName()): string {
  return sentence.replaceAll(': polyarch ', `: ${program} `);
}

/** The lines that tell of an error: one sentence with cause and next step, then every fault. */
export function errorLines(error: unknown): string[] {
  if (error instanceof OperatorError)
    return [`polyarch: ${pasteable(error.message)}`, ...error.faults.map((fault) => `  ${fault}`)];
  if (error instanceof LdapError)
    return [`polyarch: ${error.message} (LDAP result ${RESULT_CODES[error.result]}, ${error.result})`];
  if (error instanceof StoreError) return [`polyarch: ${error.message}${STORE_ADVICE[error.failure]}`];
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return [`polyarch: internal error, please report it: ${text}`];
}

function useColour(): boolean {
  return process.stdout.isTTY === true && pc.isColorSupported;
}
