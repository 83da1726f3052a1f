/**
 * Where the value of an option comes from, and what a change of the file would therefore not do.
 */
import { valueAt } from './document.js';
import { optionFlag, optionVariable } from './option.js';
import { type OptionKey, optionOf } from './option-table.js';
import { type ConfigSources, splitKey } from './server-config.js';

/** One way in which an option is given. */
export type OptionSource = 'default' | 'file' | 'environment' | 'command line';

/** Where the value of an option comes from: the command line goes first, then the environment, then the file. */
export function optionSource(sources: ConfigSources, key: OptionKey): OptionSource {
  if (sources.flags.get(key) !== undefined) return 'command line';
  if (givenVariable(sources, key) !== undefined) return 'environment';
  return valueAt(sources.document?.value, splitKey(key)) === undefined ? 'default' : 'file';
}

/** One sentence for each option whose value does not come from the file, so that a change of the file would be in vain. */
export function givenElsewhere(sources: ConfigSources, keys: readonly OptionKey[]): readonly string[] {
  return keys.flatMap((key) => {
    if (sources.flags.get(key) !== undefined)
      return [`${key} was given on the command line (--${optionFlag(key)}): start the server without it`];
    const variable = givenVariable(sources, key);
    if (variable === undefined) return [];
    return [`${key} is given by the environment variable ${variable}: change or remove it there and restart`];
  });
}

function givenVariable({ environment, secretFiles }: ConfigSources, key: OptionKey): string | undefined {
  const variable = optionVariable(key);
  const text = environment.get(variable);
  // As resolveConfig() reads them: an empty text says nothing.
  if (text !== undefined) return text === '' ? undefined : variable;
  const fromFile = optionOf(key).secret ? secretFiles.get(`${variable}_FILE`)?.trim() : undefined;
  return fromFile === undefined || fromFile === '' ? undefined : `${variable}_FILE`;
}
