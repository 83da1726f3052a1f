/**
 * Columns without lines, for screens that are looked at again and again: aligned, and never wider than asked for.
 *
 * What does not fit is cut where that costs least: columns that may shrink lose their widest cells' ends. Cells are made safe for a terminal.
 */
import { printable } from './output.js';

export interface Column {
  readonly head: string;
  readonly align?: 'right';
  /** It may be cut when the line is too long. */
  readonly shrinks?: true;
}

const GAP = 2;
/** A column that shrinks keeps so many characters. */
const LEAST = 6;

/** The head and one line a row, each behind `indent` spaces and at most `width` characters long. */
export function columns(
  head: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
  indent = 2,
): string[] {
  const cells = rows.map((row) => row.map((cell) => printable(cell)));
  const widths = head.map(({ head: title }, i) =>
    Math.max(title.length, ...cells.map((row) => row[i]?.length ?? 0)),
  );
  const room = (): number =>
    width - indent - GAP * (head.length - 1) - widths.reduce((sum, one) => sum + one, 0);
  while (room() < 0) {
    const widest = head.reduce<number | undefined>((best, { shrinks }, i) => {
      const own = widths[i] ?? 0;
      return shrinks && own > LEAST && own > (best === undefined ? 0 : (widths[best] ?? 0)) ? i : best;
    }, undefined);
    if (widest === undefined) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => {
        const text = cut(cell, widths[i] ?? 0);
        return head[i]?.align === 'right' ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0);
      })
      .join(' '.repeat(GAP));
  return [head.map(({ head: title }) => title), ...cells].map((row) =>
    `${' '.repeat(indent)}${line(row)}`.slice(0, width).trimEnd(),
  );
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

/** A sentence over as many lines as it takes, each behind `indent` spaces; words that are longer than a line are broken. */
export function wrapped(text: string, width: number, indent: number): string[] {
  const room = Math.max(1, width - indent);
  const lines: string[] = [];
  let line = '';
  for (const word of printable(text).split(' ')) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
    for (; line.length > room; line = line.slice(room)) lines.push(line.slice(0, room));
  }
  return [...lines, line].map((one) => `${' '.repeat(indent)}${one}`);
}
