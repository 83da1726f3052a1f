/**
 * `polyarch start`: runs a server from its directory, in the foreground, or in the background with --detach.
 */
import type { Options } from 'yargs';
import { isRunning } from '../../app/control/control-client.js';
import { ChildFailed, startChildServer } from '../../app/process/child-server.js';
import { runServerProcess } from '../../app/process/server-process.js';
import { existingServer } from '../../app/server-files.js';
import { OperatorError } from '../../base/operator-error.js';
import { optionFlag } from '../../config/option.js';
import { OPTION_KEYS, type OptionKey, optionOf } from '../../config/option-table.js';
import { type Command, dirOption } from '../command.js';
import { exitCodeOf } from '../exit-code.js';
import { errorLines, note } from '../output.js';

/** Shown before those of the server, which are many. */
const group = 'Options:';

const ownOptions: Record<string, Options> = {
  dir: { ...dirOption.dir, group },
  detach: {
    group,
    type: 'boolean',
    default: false,
    describe: 'Run in the background; returns when the server is ready',
  },
  parent: { choices: ['supervised', 'detached'], hidden: true },
};

export const start: Command = {
  options: { ...ownOptions, ...tableOptions() },
  examples: [
    ['$0 start --dir /var/lib/polyarch', 'In the foreground; SIGTERM or Ctrl-C stops it'],
    [
      '$0 start --dir /var/lib/polyarch --detach',
      'In the background; its log is polyarch.log in the directory',
    ],
    [
      '$0 start --dir /var/lib/polyarch --log-level debug',
      'With an option of polyarch.yaml given on the command line',
    ],
  ],
  async run(args) {
    const dir = String(args.dir);
    const parent = args.parent === 'supervised' || args.parent === 'detached' ? args.parent : undefined;
    if (parent === undefined) await refuseRunning(dir);
    if (args.detach === true) return await detach(dir, flagArguments(args));
    return await runServerProcess(dir, givenFlags(args), parent, (error) => ({
      lines: errorLines(error),
      exitCode: exitCodeOf(error),
    }));
  },
};

function tableOptions(): Record<string, Options> {
  const options: Record<string, Options> = {};
  for (const key of OPTION_KEYS)
    options[optionFlag(key)] = {
      type: 'string',
      describe: optionOf(key).help,
      group: 'Options of the server:',
      requiresArg: true,
    };
  return options;
}

function givenFlags(args: Readonly<Record<string, unknown>>): Map<OptionKey, string> {
  const flags = new Map<OptionKey, string>();
  for (const key of OPTION_KEYS) {
    const value = args[optionFlag(key)];
    if (typeof value === 'string') flags.set(key, value);
  }
  return flags;
}

function flagArguments(args: Readonly<Record<string, unknown>>): string[] {
  return [...givenFlags(args)].flatMap(([key, value]) => [`--${optionFlag(key)}`, value]);
}

async function refuseRunning(dir: string): Promise<void> {
  const files = existingServer(dir);
  if (await isRunning(files))
    throw new OperatorError(
      'DATA_DIR_LOCKED',
      `the server in ${files.dir} runs already; see: polyarch status --dir ${dir}`,
    );
}

async function detach(dir: string, flags: readonly string[]): Promise<number | undefined> {
  const files = existingServer(dir);
  const child = startChildServer(dir, 'detached', flags);
  try {
    await child.ready;
  } catch (error) {
    if (!(error instanceof ChildFailed)) throw error;
    for (const line of error.lines) note(line);
    return error.exitCode;
  }
  child.process.disconnect();
  child.process.unref();
  note(`the server in ${files.dir} is ready (process ${child.process.pid}); its log is ${files.log}`);
  return undefined;
}
