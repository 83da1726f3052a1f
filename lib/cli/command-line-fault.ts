/**
 * What is wrong with a command line, in our words: one sentence that names the slip, what was probably meant, and where the help is.
 *
 * Owns the reading of the parser's complaints, which are English sentences of yargs; those that it does not know are told as they are.
 */
import { nearestName } from '../config/nearest-name.js';

export interface CommandLine {
  /** The command words that were understood: [], ['start'], ['replication', 'status']. */
  readonly words: readonly string[];
  /** The word behind them, when it is no option. */
  readonly next: string | undefined;
  /** The options of that command, without dashes; none where the words are no command yet. */
  readonly options: readonly string[];
}

const DID_YOU_MEAN = /^Did you mean (\S+)\?$/;
const UNKNOWN = /^Unknown (?:argument|command)s?: (.*)$/;
const NO_VALUE = /^Not enough arguments following: (\S+)$/;
const REQUIRED = /^Missing required arguments?: (.*)$/;

/** The sentence for a complaint of the parser, without the pointer to the help. */
export function faultSentence(complaint: string, line: CommandLine): string {
  const meant = DID_YOU_MEAN.exec(complaint)?.[1];
  if (meant !== undefined)
    return `there is no command '${[...line.words, line.next].join(' ')}'; did you mean '${[...line.words, meant].join(' ')}'?`;
  const lacking = NO_VALUE.exec(complaint)?.[1];
  if (lacking !== undefined) return `the option ${dashed(lacking)} takes a value`;
  const required = REQUIRED.exec(complaint)?.[1];
  if (required !== undefined) return `${required.split(', ').map(dashed).join(', ')} must be given`;
  const unknown = UNKNOWN.exec(complaint)?.[1];
  return unknown === undefined ? oneLine(complaint) : unknownSentence(unknown.split(', '), line);
}

function unknownSentence(names: readonly string[], line: CommandLine): string {
  if (line.next !== undefined && names.includes(line.next))
    return line.options.length === 0
      ? `there is no command '${[...line.words, line.next].join(' ')}'`
      : `'${line.next}' is no option, and no option takes it`;
  // The parser names an option twice: as it was written, and in camel case.
  const twice = new Set(names.map(camelCase).filter((camel, at) => camel !== names[at]));
  return names
    .filter((name) => !twice.has(name))
    .map((name) => {
      const near = nearestName(name, line.options);
      return `there is no option ${dashed(name)}${near === undefined ? '' : `; did you mean ${dashed(near)}?`}`;
    })
    .join(', ');
}

function camelCase(name: string): string {
  return name.replace(/-+(.)/g, (_, letter: string) => letter.toUpperCase());
}

function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}

function oneLine(text: string): string {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .join('; ');
}
