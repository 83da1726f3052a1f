/**
 * polyarch.yaml as `setup` writes it: the given options, grouped as the option table is, each with its help as a comment.
 *
 * Strings are written in double quotes with JSON escapes, which YAML reads the same.
 */

import { OPTION_KEYS, optionOf, type PartialSettings } from './option-table.js';
import { splitKey } from './server-config.js';

const WIDTH = 110;

/** Text of a configuration file that holds exactly `settings`. */
export function configText(settings: PartialSettings): string {
  const lines = [
    '# Configuration of a Polyarch server. docs/reference-options.md lists every option with its default.',
  ];
  let group = '';
  for (const key of OPTION_KEYS) {
    const value = settings[key];
    if (value === undefined) continue;
    const [first, second] = splitKey(key);
    if (first !== group) lines.push('');
    if (second !== undefined && first !== group) lines.push(`${first}:`);
    group = first;
    const indent = second === undefined ? '' : '  ';
    for (const line of comment(optionOf(key).help, indent)) lines.push(line);
    lines.push(...valueLines(`${indent}${second ?? first}:`, value, `${indent}  `));
  }
  return `${lines.join('\n')}\n`;
}

function valueLines(head: string, value: unknown, indent: string): string[] {
  if (Array.isArray(value)) return [head, ...value.map((item) => `${indent}- ${scalar(item)}`)];
  if (typeof value !== 'object' || value === null) return [`${head} ${scalar(value)}`];
  const entries = Object.entries(value);
  if (entries.length === 0) return [`${head} {}`];
  return [
    head,
    ...entries.map(([name, item]) => {
      const shown = Array.isArray(item) ? `[${item.map(scalar).join(', ')}]` : scalar(item);
      return `${indent}${JSON.stringify(name)}: ${shown}`;
    }),
  ];
}

function scalar(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

function comment(help: string, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of help.split(' ')) {
    if (line !== '' && indent.length + line.length + word.length + 3 > WIDTH) {
      lines.push(`${indent}# ${line}`);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  if (line !== '') lines.push(`${indent}# ${line}`);
  return lines;
}
