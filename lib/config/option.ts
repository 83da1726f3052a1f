/**
 * What an option is: one row of the option table, and the names that follow from its key.
 *
 * Owns the row's form and the derived flag, environment variable and type. The rows are in option-table.ts.
 */
import { type Static, type TSchema, Type } from '@sinclair/typebox';

/** One option. `S` describes the value as it stands in the file. */
export interface Option<S extends TSchema = TSchema> {
  readonly schema: S;
  /** undefined: must be given, or is computed by the server (the help says which). */
  readonly preset: Static<S> | undefined;
  readonly required: boolean;
  /** Never shown; also read from the file that POLYARCH_..._FILE names. */
  readonly secret: boolean;
  /** Further check of a single value: one clause that says what is wrong, or undefined. */
  readonly check: ((text: string) => string | undefined) | undefined;
  /** A running server takes another value over when it is told to read its configuration again (SIGHUP); others need a restart. */
  readonly reloads: boolean;
  /** Changed on the machine alone, never over the network: who may write to the directory need not be one who may run commands here. */
  readonly onlyHere: boolean;
  /** What kind of text the flag and the environment variable take. */
  readonly form: OptionForm;
  /** One or two sentences. */
  readonly help: string;
}

export type OptionForm = 'text' | 'integer' | 'boolean' | 'choice' | 'list' | 'map' | 'lists';

interface Extra<T> {
  readonly preset?: T;
  readonly required?: boolean;
  readonly secret?: boolean;
  readonly reloads?: boolean;
  readonly onlyHere?: boolean;
  readonly check?: (text: string) => string | undefined;
}

function option<S extends TSchema>(
  form: OptionForm,
  schema: S,
  help: string,
  extra: Extra<Static<S>>,
): Option<S> {
  const { preset, required = false, secret = false, reloads = false, onlyHere = false, check } = extra;
  return { form, schema, help, preset, required, secret, reloads, onlyHere, check };
}

/** A string. */
export function text(help: string, extra: Extra<string> = {}) {
  return option('text', Type.String({ minLength: 1, maxLength: 4096 }), help, extra);
}

/** A whole number within bounds, both inclusive. */
export function integer(help: string, minimum: number, maximum: number, extra: Extra<number> = {}) {
  return option('integer', Type.Integer({ minimum, maximum }), help, extra);
}

/** true or false. */
export function flag(help: string, extra: Extra<boolean> = {}) {
  return option('boolean', Type.Boolean(), help, extra);
}

/** One of a few words. */
export function choice<const T extends readonly string[]>(
  help: string,
  words: T,
  extra: Extra<T[number]> = {},
) {
  const schema = Type.Unsafe<T[number]>({ type: 'string', enum: [...words] });
  return option('choice', schema, help, extra);
}

/** A list of strings; on the command line and in the environment joined by `;`. */
export function list(help: string, extra: Extra<string[]> = {}) {
  return option(
    'list',
    Type.Array(Type.String({ minLength: 1, maxLength: 4096 }), { maxItems: 1000 }),
    help,
    extra,
  );
}

/** Name -> string; on the command line and in the environment `name=value` joined by `;`. */
export function map(help: string, extra: Extra<Record<string, string>> = {}) {
  return option(
    'map',
    Type.Record(Type.String(), Type.String({ minLength: 1, maxLength: 4096 })),
    help,
    extra,
  );
}

/** Name -> list of words; on the command line and in the environment `name=word,word` joined by `;`. */
export function lists<const T extends readonly string[]>(
  help: string,
  words: T,
  extra: Extra<Record<string, T[number][]>> = {},
) {
  const word = Type.Unsafe<T[number]>({ type: 'string', enum: [...words] });
  return option('lists', Type.Record(Type.String(), Type.Array(word, { maxItems: 20 })), help, extra);
}

/** `limits.idleSeconds` -> `limits-idle-seconds`. */
export function optionFlag(key: string): string {
  return words(key).join('-');
}

/** `limits.idleSeconds` -> `POLYARCH_LIMITS_IDLE_SECONDS`. */
export function optionVariable(key: string): string {
  return `POLYARCH_${words(key).join('_').toUpperCase()}`;
}

function words(key: string): string[] {
  // MiB is one word.
  const plain = key.replace('MiB', 'Mib');
  return plain
    .replace(/([a-z0-9])([A-Z])/g, '$1.$2')
    .toLowerCase()
    .split('.');
}
