/**
 * The command line: finds the command, reads its options, runs it, and turns what went wrong into lines and an exit code.
 *
 * Owns the one use of yargs. Commands are loaded when they are called, so that `--help` and completion stay quick.
 */
import { readFileSync } from 'node:fs';
import yargs, { type Argv, type Options } from 'yargs';
import { OperatorError } from '../base/operator-error.js';
import type { CommandEntry, CommandOptions } from './command.js';
import { faultSentence } from './command-line-fault.js';
import { COMMANDS, GROUPS } from './command-list.js';
import { EXIT_OK, exitCodeOf } from './exit-code.js';
import { errorLines, note } from './output.js';

/** Runs one command line (without node and script) and answers the exit code. */
export async function run(args: readonly string[]): Promise<number> {
  // What commands write (data, passwords' hashes, LDIF) is its owner's alone.
  process.umask(0o077);
  let code = EXIT_OK;
  const setCode = (value: number) => {
    code = value;
  };
  try {
    const words = commandWords(args);
    const named = COMMANDS.find(({ name }) => name === words.join(' '));
    const parser =
      named === undefined || asksParser(args)
        ? withAllCommands(base(args).demandCommand(1, 'name a command'), setCode)
        : withCommand(base(args.slice(words.length)), '$0', named, setCode);
    await parser.parseAsync();
  } catch (thrown) {
    // The parser throws some of its own complaints (an option without its value) instead of telling them to fail().
    const error =
      thrown instanceof Complaint || (thrown instanceof Error && thrown.name === 'YError')
        ? await wrongCommandLine(thrown.message, args)
        : thrown;
    for (const line of errorLines(error)) note(line);
    return exitCodeOf(error);
  }
  return code;
}

function base(args: readonly string[]): Argv {
  return yargs(joinDashes(args))
    .scriptName('polyarch')
    .usage('$0 <command>\n\nPolyarch Directory Server: an LDAPv3 directory whose every copy accepts writes.')
    .parserConfiguration({
      'dot-notation': false,
      'parse-positional-numbers': false,
    })
    .version(version())
    .alias('help', 'h')
    .recommendCommands()
    .strict()
    .exitProcess(false)
    .wrap(Math.min(100, process.stdout.columns ?? 80))
    .epilogue(
      'Exit codes: 0 success; 89 wrong command line; otherwise the LDAP result code of what failed. See docs/errors.md.',
    )
    .fail((message, error) => {
      if (error !== undefined && error !== null) throw error;
      throw new Complaint(message ?? 'the command line is wrong');
    });
}

/** What the parser does not take, in its own words. */
class Complaint extends Error {}

async function wrongCommandLine(complaint: string, args: readonly string[]): Promise<OperatorError> {
  const words = commandWords(args);
  const next = args[words.length];
  const entry = COMMANDS.find(({ name }) => name === words.join(' '));
  const sentence = faultSentence(complaint, {
    words,
    isCommand: entry !== undefined,
    next: next?.startsWith('-') === true ? undefined : next,
    given: args.slice(words.length),
    takes: entry?.takes,
    options: [...Object.keys((await entry?.load())?.options ?? {}), 'help', 'version'],
  });
  const help = ['polyarch', ...words, '--help'].join(' ');
  return new OperatorError(
    'COMMAND_INVALID',
    `${sentence}${sentence.endsWith('?') ? ' See' : '; see'}: ${help}`,
  );
}

/** `--file -` as one word: the parser takes a dash alone for an argument of its own. */
function joinDashes(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const before = joined[joined.length - 1];
    if (arg === '-' && before?.startsWith('--') === true && !before.includes('='))
      joined[joined.length - 1] = `${before}=-`;
    else joined.push(arg);
  }
  return joined;
}

/** Whether the parser itself answers: help, version, completion. A word after them may be a value; then the command is found the long way. */
function asksParser(args: readonly string[]): boolean {
  return args.some((arg) => /^(-h|--(no-)?(help|version|get-yargs-completions))(=|$)/.test(arg));
}

/** Every command under its name. Costs more than most commands do (measured: 0.1 s), because the parser makes the help of what it runs. */
function withAllCommands(parser: Argv, setCode: (code: number) => void): Argv {
  for (const group of new Set(COMMANDS.map(firstWord))) {
    const entry = COMMANDS.find(({ name }) => name === group);
    if (Object.hasOwn(GROUPS, group)) addGroup(parser, group, setCode);
    else if (entry !== undefined) withCommand(parser, group, entry, setCode);
  }
  return parser
    .completion('completion', 'Print a script for shell completion: polyarch completion >> ~/.bashrc')
    .example('$0 demo', 'Three servers with sample people, to try things out')
    .example(
      '$0 setup --dir DIR --base dc=acme,dc=com',
      'A server of your own; then: polyarch start --dir DIR',
    )
    .example('$0 replication status --help', 'Options and examples of a command');
}

function firstWord({ name }: CommandEntry): string {
  return name.split(' ')[0] ?? name;
}

/** One command; under the name `$0` it is what a command line without further words runs. */
function withCommand(parser: Argv, name: string, entry: CommandEntry, setCode: (code: number) => void): Argv {
  return parser.command(
    entry.takes === undefined ? name : `${name} ${entry.takes}`,
    entry.describe,
    async (sub: Argv) => {
      const command = await entry.load();
      for (const [line, does] of command.examples) sub.example(line, does);
      return sub.options(forParser(command.options)).showHelpOnFail(false);
    },
    async (args: Readonly<Record<string, unknown>>) => {
      const command = await entry.load();
      setCode((await command.run(completed(args, command.options))) ?? EXIT_OK);
    },
  );
}

/** Options as the parser gets them: whatever is no switch takes a value, and help shows no default that says "not given" (`completed` sets it). */
function forParser(options: CommandOptions): Record<string, Options> {
  return Object.fromEntries(
    Object.entries(options).map(([name, { default: preset, ...option }]) => [
      name,
      {
        ...option,
        ...(option.type === 'boolean' ? {} : { requiresArg: true }),
        ...(isAbsence(preset) ? {} : { default: preset }),
      },
    ]),
  );
}

function isAbsence(preset: unknown): boolean {
  return preset === undefined || preset === false || (Array.isArray(preset) && preset.length === 0);
}

/** What was given, and the defaults that the parser did not get. Options that are no lists and stand there twice: the last counts, as everywhere. Lists have all. */
function completed(
  args: Readonly<Record<string, unknown>>,
  options: CommandOptions,
): Readonly<Record<string, unknown>> {
  const complete = { ...args };
  for (const [name, option] of Object.entries(options)) {
    const value = args[name];
    if (value === undefined && option.default !== undefined) complete[name] = option.default;
    else if (option.array !== true && Array.isArray(value)) complete[name] = value.at(-1);
    if (Number.isNaN(complete[name]))
      throw new OperatorError('COMMAND_INVALID', `--${name} takes a whole number`);
  }
  return complete;
}

function addGroup(parser: Argv, group: string, setCode: (code: number) => void): void {
  const own = COMMANDS.find(({ name }) => name === group);
  parser.command(
    group,
    GROUPS[group] ?? '',
    async (sub: Argv) => {
      for (const entry of COMMANDS) {
        const [first, second] = entry.name.split(' ');
        if (first === group && second !== undefined) withCommand(sub, second, entry, setCode);
      }
      if (own === undefined)
        return sub
          .demandCommand(1, `name a command of ${group}: ${commandsOf(group).join(', ')}`)
          .recommendCommands()
          .strict();
      // The group's own name is a command too; its options are not those of the others.
      const command = await own.load();
      for (const [line, does] of command.examples) sub.example(line, does);
      const options = Object.entries(forParser(command.options)).map(
        ([name, option]) => [name, { ...option, global: false }] as const,
      );
      return sub.options(Object.fromEntries(options)).showHelpOnFail(false).strict();
    },
    async (args: Readonly<Record<string, unknown>>) => {
      if (own === undefined) return;
      const command = await own.load();
      setCode((await command.run(completed(args, command.options))) ?? EXIT_OK);
    },
  );
}

/** The second words of a group's commands. */
function commandsOf(group: string): string[] {
  return COMMANDS.filter(({ name }) => name.startsWith(`${group} `)).map(({ name }) =>
    name.slice(group.length + 1),
  );
}

/** The command words at the front of a command line. */
function commandWords(args: readonly string[]): string[] {
  const words: string[] = [];
  for (const arg of args) {
    if (arg.startsWith('-') || words.length === 2) break;
    const path = [...words, arg].join(' ');
    if (!COMMANDS.some((entry) => entry.name === path || entry.name.startsWith(`${path} `))) break;
    words.push(arg);
  }
  return words;
}

/** Version of the package, from the package.json above the compiled files. */
function version(): string {
  for (const up of ['../../package.json', '../../../package.json']) {
    try {
      const text = readFileSync(new URL(up, import.meta.url), 'utf8');
      return String((JSON.parse(text) as { version: unknown }).version);
    } catch {
      // Not at this height: the compiled files may lie one folder deeper than the sources.
    }
  }
  return 'unknown';
}
