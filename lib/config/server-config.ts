/**
 * The configuration of one server: file, environment and flags made into one checked set of settings.
 *
 * Precedence: flag, environment variable, file, default. All faults of all sources are reported in one OperatorError CONFIG_INVALID. Reading files
 * and the environment is the shell's; this file is given what was read.
 */
import { type TObject, type TSchema, Type } from '@sinclair/typebox';
import { OperatorError } from '../base/operator-error.js';
import { checkShape } from './check-shape.js';
import {
  type ConfigDocument,
  type ConfigFault,
  type DocumentPath,
  formatFaults,
  valueAt,
} from './document.js';
import { nearestName } from './nearest-name.js';
import { optionFlag, optionVariable } from './option.js';
import { OPTION_KEYS, type OptionKey, optionOf, type Settings } from './option-table.js';
import { misreadText, parseOptionText } from './option-text.js';

/** What the shell has read. */
export interface ConfigSources {
  readonly document: ConfigDocument | undefined;
  /** POLYARCH_... variables; others are ignored. */
  readonly environment: ReadonlyMap<string, string>;
  /** Texts of the files that POLYARCH_..._FILE variables name, by variable name (with _FILE). */
  readonly secretFiles: ReadonlyMap<string, string>;
  /** Values of command-line flags, by option key. */
  readonly flags: ReadonlyMap<string, string>;
}

/** Sources that say nothing. */
export const NO_SOURCES: ConfigSources = {
  document: undefined,
  environment: new Map(),
  secretFiles: new Map(),
  flags: new Map(),
};

/** Variables of ours that are no options: the launcher and the commands read them. */
const COMMAND_VARIABLES = [
  'POLYARCH_PASSWORD',
  'POLYARCH_PASSWORD_FILE',
  'POLYARCH_BIND_DN',
  'POLYARCH_URL',
  'POLYARCH_DIR',
  'POLYARCH_BUILD',
  'POLYARCH_NODE_FLAGS',
  'POLYARCH_PROGRAM',
] as const;

/** The settings of a server; throws OperatorError CONFIG_INVALID with every fault. */
export function resolveConfig(sources: ConfigSources): Settings {
  const faults: string[] = [];
  const values = new Map<OptionKey, unknown>();
  for (const key of OPTION_KEYS) {
    const { preset } = optionOf(key);
    if (preset !== undefined) values.set(key, preset);
  }
  if (sources.document !== undefined) readDocument(sources.document, values, faults);
  readEnvironment(sources, values, faults);
  readFlags(sources.flags, values, faults);
  if (faults.length === 0) faults.push(...missing(values, sources.document));
  if (faults.length > 0) {
    // Each fault names its place: a line of the file, a variable or a flag.
    const them = faults.length === 1 ? 'it' : 'them';
    throw new OperatorError(
      'CONFIG_INVALID',
      `the configuration has ${count(faults.length)}; mend ${them} and start again`,
      faults,
    );
  }
  // Every key is set, or is one whose absence means something: the casts state what the loops above made true.
  return Object.fromEntries(OPTION_KEYS.map((key) => [key, values.get(key)])) as unknown as Settings;
}

/** Nested schema of polyarch.yaml, built from the option table. */
function documentSchema(): TObject {
  const groups = new Map<string, Record<string, TSchema>>();
  const top: Record<string, TSchema> = {};
  for (const key of OPTION_KEYS) {
    const [first, second] = splitKey(key);
    const schema = Type.Optional(optionOf(key).schema);
    if (second === undefined) top[first] = schema;
    else {
      const group = groups.get(first) ?? {};
      group[second] = schema;
      groups.set(first, group);
    }
  }
  for (const [name, properties] of groups)
    top[name] = Type.Optional(Type.Object(properties, { additionalProperties: false }));
  return Type.Object(top, { additionalProperties: false });
}

const SCHEMA = documentSchema();

function readDocument(document: ConfigDocument, values: Map<OptionKey, unknown>, out: string[]): void {
  const faults: ConfigFault[] = checkShape(SCHEMA, document.value);
  if (faults.length === 0) {
    for (const key of OPTION_KEYS) {
      const path = splitKey(key);
      const value = valueAt(document.value, path);
      if (value === undefined) continue;
      faults.push(...checkValue(key, value, path));
      values.set(key, value);
    }
  }
  out.push(...formatFaults(document, faults));
}

function readEnvironment(sources: ConfigSources, values: Map<OptionKey, unknown>, out: string[]): void {
  const known = new Set<string>(COMMAND_VARIABLES);
  for (const key of OPTION_KEYS) {
    const variable = optionVariable(key);
    known.add(variable);
    if (optionOf(key).secret) known.add(`${variable}_FILE`);
    const text = sources.environment.get(variable) ?? sources.secretFiles.get(`${variable}_FILE`)?.trim();
    if (text !== undefined && text !== '')
      readText(key, text, `environment variable ${variable}`, values, out);
  }
  for (const variable of sources.environment.keys()) {
    if (!variable.startsWith('POLYARCH_') || known.has(variable)) continue;
    const near = nearestName(variable, [...known]);
    if (near !== undefined) out.push(`environment variable ${variable} is unknown; did you mean "${near}"?`);
  }
}

function readFlags(flags: ReadonlyMap<string, string>, values: Map<OptionKey, unknown>, out: string[]): void {
  for (const key of OPTION_KEYS) {
    const text = flags.get(key);
    if (text !== undefined) readText(key, text, `flag --${optionFlag(key)}`, values, out);
  }
}

function readText(
  key: OptionKey,
  text: string,
  source: string,
  values: Map<OptionKey, unknown>,
  out: string[],
): void {
  const value = parseOptionText(optionOf(key).form, text);
  const faults =
    value === undefined
      ? [{ path: [], message: misreadText(optionOf(key).form, text) }]
      : checkShape(optionOf(key).schema, value).concat(checkValue(key, value, []));
  for (const fault of faults) out.push(`${source}: ${fault.message}`);
  if (faults.length === 0) values.set(key, value);
}

/** The option's own check, on each text that the value holds. */
function checkValue(key: OptionKey, value: unknown, path: DocumentPath): ConfigFault[] {
  const { check } = optionOf(key);
  if (check === undefined) return [];
  const faults: ConfigFault[] = [];
  const one = (text: unknown, at: DocumentPath) => {
    const message = typeof text === 'string' ? check(text) : undefined;
    if (message !== undefined) faults.push({ path: at, message });
  };
  if (Array.isArray(value)) for (const [index, text] of value.entries()) one(text, [...path, index]);
  else if (typeof value === 'object' && value !== null)
    for (const [name, text] of Object.entries(value)) one(text, [...path, name]);
  else one(value, path);
  return faults;
}

function missing(values: ReadonlyMap<OptionKey, unknown>, document: ConfigDocument | undefined): string[] {
  const name = document?.name ?? 'the configuration';
  const faults: string[] = [];
  for (const key of OPTION_KEYS) {
    const value = values.get(key);
    const absent = value === undefined || (key === 'domains' && Array.isArray(value) && value.length === 0);
    if (optionOf(key).required && absent)
      faults.push(
        `${name}: ${key} is missing; give it in the file, as --${optionFlag(key)} or as ${optionVariable(key)}`,
      );
  }
  return faults;
}

/** `limits.idleSeconds` -> ['limits', 'idleSeconds']. */
export function splitKey(key: OptionKey): [string] | [string, string] {
  const dot = key.indexOf('.');
  return dot < 0 ? [key] : [key.slice(0, dot), key.slice(dot + 1)];
}

/** Whether others can dial this server. One that runs a directory alone, or turned the listener off, dials others and replicates both ways on those links. */
export function listensForReplication(settings: Settings): boolean {
  return settings['server.runs'] !== 'directory' && settings['listen.replication'] !== 'none';
}

/** The address that others should use for a listener: the advertised one, else the listen address; undefined when it is off. */
export function advertisedAddress(
  settings: Settings,
  kind: 'ldap' | 'ldaps' | 'replication' | 'http',
): string | undefined {
  const listen = settings[`listen.${kind}`];
  if (kind === 'replication' && !listensForReplication(settings)) return undefined;
  // A broker has no entries to search.
  if ((kind === 'ldap' || kind === 'ldaps') && settings['server.runs'] === 'broker') return undefined;
  return listen === 'none' ? undefined : (settings[`advertise.${kind}`] ?? listen);
}

/** "1 fault", "3 faults". */
export function count(faults: number): string {
  return faults === 1 ? '1 fault' : `${faults} faults`;
}
