/**
 * The form of a command: its options, examples and action. Each command is one file under commands/, loaded when it is called.
 */
import type { InferredOptionTypes, Options } from 'yargs';

export type CommandOptions = Readonly<Record<string, Options>>;

/** A loaded command, its argument types hidden. */
export interface Command {
  readonly options: CommandOptions;
  /** Command line and what it does. */
  readonly examples: readonly (readonly [string, string])[];
  /** Answers the exit code; undefined is 0. */
  run(args: Readonly<Record<string, unknown>>): Promise<number | undefined>;
}

/** Makes a command whose `run` sees its options typed. */
export function defineCommand<const O extends CommandOptions>(spec: {
  readonly options: O;
  readonly examples: readonly (readonly [string, string])[];
  run(args: InferredOptionTypes<{ -readonly [K in keyof O]: O[K] }>): Promise<number | undefined>;
}): Command {
  // yargs has checked and converted the arguments as the options say.
  return { ...spec, run: (args) => spec.run(args as Parameters<typeof spec.run>[0]) };
}

/** Where a command is found. */
export interface CommandEntry {
  /** Words of the command; `replication status` is two. */
  readonly name: string;
  /** Options that may stand without their names, in the parser's form: `[key]`, `<setting..>`. */
  readonly takes?: string;
  readonly describe: string;
  readonly load: () => Promise<Command>;
}

/** `--json`, the same everywhere. */
export const jsonOption = {
  json: { type: 'boolean', default: false, describe: 'Print JSON on standard output' },
} as const;

/** `--dir`, the same everywhere. */
export const dirOption = {
  dir: {
    type: 'string',
    default: process.env.POLYARCH_DIR ?? '.',
    describe: "The server's directory (or POLYARCH_DIR)",
  },
} as const;
