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

/**
 * A table with a head. Cells are made safe for a terminal. `width`: characters of a line, that of the terminal when absent; a table that is wider would be broken there, so its
 * rows are told below each other, as facts without the empty cells. What goes to a file or a pipe has no width, nor has (0) a terminal that does not say.
 */
export function table(
  head: readonly string[],
  rows: readonly (readonly unknown[])[],
  width = process.stdout.columns,
): string {
  const cells = rows.map((row) => row.map((cell) => printable(String(cell ?? ''))));
  if (rows.length > 0 && width && tableWidth([head, ...cells]) > width)
    return cells
      .map((row) => facts(head.flatMap((name, i) => (row[i] ? [[name, row[i]]] : []))))
      .join('\n\n');
  const out = new Table({
    head: head.map((cell) => (useColour() ? pc.bold(cell) : cell)),
    style: { head: [], border: [] },
  });
  for (const row of cells) out.push(row);
  return out.toString();
}

/** Characters of a line of the table: each column has a border and a space on both sides, and one border closes the line. */
function tableWidth(rows: readonly (readonly string[])[]): number {
  const lengths = (cell: string): number => Math.max(...cell.split('\n').map((line) => line.length));
  const columns = rows[0]?.map((_, i) => Math.max(...rows.map((row) => lengths(row[i] ?? '')))) ?? [];
  return columns.reduce((sum, column) => sum + column + 3, 1);
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

/** What to do, as `health` says it (`polyarch stop --dir x; polyarch start --dir x`), with commands that can be pasted where the user stands. */
export function pasteableAdvice(advice: string, program = programName()): string {
  return advice
    .split('; ')
    .map((part) =>
      part.startsWith('polyarch ') ? `${program}${part.slice('polyarch'.length)}` : pasteable(part, program),
    )
    .join('; ');
}

/** The lines that tell of an error: one sentence with cause and next step, then every fault. */
export function errorLines(error: unknown): string[] {
  if (error instanceof OperatorError)
    return [`polyarch: ${pasteable(error.message)}`, ...error.faults.map((fault) => `  ${fault}`)];
  if (error instanceof LdapError)
    return [
      `polyarch: ${pasteable(error.message)} (LDAP result ${RESULT_CODES[error.result]}, ${error.result})`,
    ];
  if (error instanceof StoreError) return [`polyarch: ${error.message}${STORE_ADVICE[error.failure]}`];
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return [`polyarch: internal error, please report it: ${text}`];
}

function useColour(): boolean {
  return process.stdout.isTTY === true && pc.isColorSupported;
}
