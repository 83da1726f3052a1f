/**
 * Command lines of our own tools: benchmarks, simulations, chaos runs.
 *
 * A tool declares its options, each with what it means. `--help` prints them. What is no option, or no value of one, is refused in one line and with exit code 2: a tool that ran with NaN would show nothing.
 */
import { parseArgs } from 'node:util';

const REFUSED = 2;
/** Longest name with its value that has its meaning in a column of the usage. */
const COLUMN = 34;

/** An option of one kind of value. */
export interface OptionForm<T> {
  /** Stands for the value in the usage; '' for a flag, which has none. */
  readonly value: string;
  readonly fallback: T;
  readonly about: string;
  /** What a value is, as in `a whole number`. */
  readonly is: string;
  /** undefined: the text is no such value. */
  read(text: string): T | undefined;
}

type Forms = Readonly<Record<string, OptionForm<unknown>>>;
type Values<F extends Forms> = { readonly [K in keyof F]: F[K] extends OptionForm<infer T> ? T : never };

/** A tool as its usage tells it. */
export interface Tool<Name extends string = string> {
  /** As it is called, without options. */
  readonly command: string;
  /** What it does. */
  readonly about: string;
  /** Options that may be given by their place. */
  readonly places?: readonly Name[];
}

export type CommandLine<V> =
  | { readonly kind: 'values'; readonly values: V }
  | { readonly kind: 'help' | 'fault'; readonly text: string };

/** A whole number, `least` or more. */
export function wholeNumber<F extends number | undefined>(
  fallback: F,
  about: string,
  least = 0,
): OptionForm<F | number> {
  const read = (text: string) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    return Number.isSafeInteger(value) && value >= least ? value : undefined;
  };
  return { value: 'N', fallback, about, is: `a whole number${least > 0 ? ` from ${least} on` : ''}`, read };
}

/** A number that may have a part behind the point. */
export function number(fallback: number, about: string): OptionForm<number> {
  const read = (text: string) => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined);
  return { value: 'X', fallback, about, is: 'a number', read };
}

/** Any text. `value`: what stands for it in the usage. */
export function text(fallback: string, value: string, about: string): OptionForm<string> {
  return { value, fallback, about, is: 'text', read: (given) => given };
}

/** One of some words. */
export function choice<const C extends string, F extends C | undefined>(
  words: readonly C[],
  fallback: F,
  about: string,
): OptionForm<F | C> {
  const read = (given: string) => words.find((word) => word === given);
  return { value: words.join('|'), fallback, about, is: `one of ${words.join(', ')}`, read };
}

/** Words with commas between; of `words`, where these are given. */
export function list(
  fallback: readonly string[],
  about: string,
  words?: readonly string[],
): OptionForm<readonly string[]> {
  const read = (given: string) => {
    const found = given.split(',').filter(Boolean);
    return words === undefined || found.every((one) => words.includes(one)) ? found : undefined;
  };
  const is = `a list of ${words?.join(', ') ?? 'words'}`;
  return { value: 'A,B', fallback, about: words === undefined ? about : `${about}: ${is}`, is, read };
}

/** Whole numbers with commas between. */
export function wholeNumbers(fallback: readonly number[], about: string): OptionForm<readonly number[]> {
  const read = (given: string) => (/^\d+(,\d+)*$/.test(given) ? given.split(',').map(Number) : undefined);
  return { value: 'N,N', fallback, about, is: 'a list of whole numbers', read };
}

/** Given or not. */
export function flag(about: string): OptionForm<boolean> {
  return { value: '', fallback: false, about, is: 'a flag', read: () => undefined };
}

/** What the arguments say. */
export function readCommandLine<F extends Forms>(
  tool: Tool<keyof F & string>,
  forms: F,
  args: readonly string[],
): CommandLine<Values<F>> {
  if (args.includes('--help')) return { kind: 'help', text: usageOf(tool, forms) };
  try {
    return { kind: 'values', values: valuesOf(tool, forms, args) };
  } catch (error) {
    if (error instanceof Refused) return { kind: 'fault', text: error.message };
    if (!isRefusalOfNode(error)) throw error;
    // Its first sentence says what is wrong; others say how else it could have been meant.
    return { kind: 'fault', text: error.message.split(/\. |\.?\n/)[0] ?? error.message };
  }
}

/** The values of this process's options; otherwise it ends here, with its usage or with what is wrong. */
export function commandLine<F extends Forms>(tool: Tool<keyof F & string>, forms: F): Values<F> {
  const found = readCommandLine(tool, forms, process.argv.slice(2));
  if (found.kind === 'values') return found.values;
  if (found.kind === 'help') process.stdout.write(found.text);
  else process.stderr.write(`${found.text} (--help tells more)\n`);
  process.exit(found.kind === 'help' ? 0 : REFUSED);
}

class Refused extends Error {}

function isRefusalOfNode(error: unknown): error is Error {
  return error instanceof Error && String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS');
}

function valuesOf<F extends Forms>(
  { places = [] }: Tool<keyof F & string>,
  forms: F,
  args: readonly string[],
): Values<F> {
  const options = Object.fromEntries(
    Object.entries(forms).map(([name, { value }]) => [
      name,
      { type: value === '' ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  const parsed = parseArgs({ args: [...args], options, strict: true, allowPositionals: places.length > 0 });
  const given = new Map<string, string | boolean>(
    Object.entries(parsed.values).filter((one): one is [string, string | boolean] => one[1] !== undefined),
  );
  for (const [at, word] of parsed.positionals.entries()) {
    const name = places[at];
    if (name === undefined) throw new Refused(`Unexpected argument '${word}'`);
    if (given.has(name)) throw new Refused(`${name} is given twice`);
    given.set(name, word);
  }
  const values = Object.entries(forms).map(([name, form]) => [name, readValue(name, form, given.get(name))]);
  return Object.fromEntries(values);
}

function readValue(name: string, form: OptionForm<unknown>, given: string | boolean | undefined): unknown {
  if (given === undefined) return form.fallback;
  if (typeof given === 'boolean') return given;
  const value = form.read(given);
  if (value === undefined) throw new Refused(`${name} is ${form.is}, not ${given}`);
  return value;
}

function usageOf({ command, about, places = [] }: Tool, forms: Forms): string {
  const heads = Object.entries(forms).map(([name, { value }]) => `  --${name} ${value}`.trimEnd());
  const width = Math.max(...heads.map((head) => head.length).filter((length) => length <= COLUMN));
  const lines = Object.values(forms).map((form, at) => {
    const { fallback } = form;
    const shown = fallback === undefined || fallback === false ? '' : String(fallback);
    return `${(heads[at] ?? '').padEnd(width)}  ${form.about}${shown === '' ? '' : ` (${shown})`}`;
  });
  const first = [command, '[options]', ...places.map((name) => `[${name}]`)].join(' ');
  return [first, '', about, '', ...lines, ''].join('\n');
}
