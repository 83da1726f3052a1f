/**
 * What is wrong with a command line, in our words: one sentence that names the slip, what was probably meant, and where the help is.
 *
 * Owns the reading of the parser's complaints, which are English sentences of yargs; those that it does not know are told as they are.
 */
import { nearestName } from '../config/nearest-name.js';

export interface CommandLine {
  /** The command words that were understood: [], ['start'], ['replication', 'status']. */
  readonly words: readonly string[];
  /** Whether these are a command, and not the beginning of one. */
  readonly isCommand: boolean;
  /** The word behind them, when it is no option. */
  readonly next: string | undefined;
  /** All that stands behind the words. */
  readonly given: readonly string[];
  /** What the command takes without an option's name, in the parser's form: `<setting..>`. */
  readonly takes: string | undefined;
  /** The options of that command, without dashes. */
  readonly options: readonly string[];
}

const DID_YOU_MEAN = /^Did you mean (\S+)\?$/;
const UNKNOWN = /^Unknown (?:argument|command)s?: (.*)$/;
const NO_VALUE = /^Not enough arguments following: (\S+)$/;
const REQUIRED = /^Missing required arguments?: (.*)$/;
const NO_WORD = /^Not enough non-option arguments: /;
const CHOICES = /Argument: (\S+), Given: "(.*)", Choices: (.*)$/;
const NO_COMMAND = /^name a command/;

/** The sentence for a complaint of the parser, without the pointer to the help. */
export function faultSentence(complaint: string, line: CommandLine): string {
  const meant = DID_YOU_MEAN.exec(complaint)?.[1];
  if (meant !== undefined)
    return `there is no command '${[...line.words, line.next].join(' ')}'; did you mean '${[...line.words, meant].join(' ')}'?`;
  const lacking = NO_VALUE.exec(complaint)?.[1];
  if (lacking !== undefined) return `the option ${dashed(lacking)} takes a value`;
  const required = REQUIRED.exec(complaint)?.[1];
  if (required !== undefined) return `${required.split(', ').map(dashed).join(', ')} must be given`;
  if (NO_WORD.test(complaint) && line.takes !== undefined)
    return `a ${line.takes.replace(/[^\w-]/g, '')} must be given`;
  const [, option, value, choices] = CHOICES.exec(complaint) ?? [];
  if (option !== undefined && choices !== undefined)
    return `${dashed(option)} takes one of ${choices.replaceAll('"', '')}; not "${value}"`;
  // Without a command the parser looks at no option: the first of them is what was meant.
  const flag = line.given.find((word) => word.startsWith('-'));
  if (NO_COMMAND.test(complaint) && flag !== undefined)
    return unknownSentence([flag.replace(/^-+/, '').replace(/=.*/, '')], line);
  const unknown = UNKNOWN.exec(complaint)?.[1];
  return unknown === undefined ? oneLine(complaint) : unknownSentence(unknown.split(', '), line);
}

function unknownSentence(names: readonly string[], line: CommandLine): string {
  if (line.next !== undefined && names.includes(line.next) && !line.isCommand)
    return `there is no command '${[...line.words, line.next].join(' ')}'`;
  const word = names.find((name) => line.given.includes(name));
  if (word !== undefined) return `'${word}' is no option, and no option takes it`;
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
