/**
 * Options as `polyarch config` shows and takes them: lines, and texts `KEY=VALUE` in the form of flags.
 *
 * The same for a running server, for one that is stopped, and for one over LDAP.
 */
import { OperatorError } from '../../base/operator-error.js';
import { nearestName } from '../../config/nearest-name.js';
import { optionValues } from '../../config/option-attributes.js';
import type { OptionSource } from '../../config/option-source.js';
import { OPTION_KEYS, type OptionKey, optionOf } from '../../config/option-table.js';
import { misreadText, parseOptionText } from '../../config/option-text.js';
import type { ConfigurationFacts, OptionEdit } from '../../operation/trees/config-entry.js';

/** One option. */
export interface ConfigLine {
  readonly option: OptionKey;
  /** Values as attributes of cn=config have them; undefined: a secret, which is not shown. */
  readonly values: readonly string[] | undefined;
  readonly source: OptionSource;
  /** Whether a running server takes another value over. */
  readonly live: boolean;
  /** The file says something else, which counts from the next start. */
  readonly pending: boolean;
}

/** The options of these keys. */
export function configLines(facts: ConfigurationFacts, keys: readonly OptionKey[]): readonly ConfigLine[] {
  return keys.map((option) => ({
    option,
    values: optionOf(option).secret ? undefined : optionValues(facts.settings[option]),
    source: facts.sourceOf(option),
    live: optionOf(option).reloads,
    pending: facts.pending.includes(option),
  }));
}

/** The options that a name means: one option, or a section with all of its own; all when nothing is named. Throws OperatorError COMMAND_INVALID. */
export function namedOptions(name: string | undefined): readonly OptionKey[] {
  if (name === undefined) return OPTION_KEYS;
  const found = OPTION_KEYS.filter((key) => key === name || key.startsWith(`${name}.`));
  if (found.length === 0) throw unknownOption(name);
  return found;
}

/** Reads `KEY=VALUE`; nothing after the sign takes the option out of the file. Throws OperatorError COMMAND_INVALID with every fault. */
export function parseEdits(texts: readonly string[]): readonly OptionEdit[] {
  const edits = new Map<OptionKey, unknown>();
  const faults: string[] = [];
  for (const text of texts) {
    const at = text.indexOf('=');
    const key = OPTION_KEYS.find((one) => one === text.slice(0, at));
    if (at < 0) faults.push(`"${text}" is not KEY=VALUE`);
    else if (key === undefined) faults.push(unknownOption(text.slice(0, at)).message);
    else if (edits.has(key)) faults.push(`${key} is given twice`);
    else if (optionOf(key).secret)
      faults.push(`${key} is a secret and has no place on a command line; edit polyarch.yaml`);
    else {
      const { form } = optionOf(key);
      const value = at === text.length - 1 ? undefined : parseOptionText(form, text.slice(at + 1));
      if (value === undefined && at < text.length - 1)
        faults.push(`${key}: ${misreadText(form, text.slice(at + 1))}`);
      else edits.set(key, value);
    }
  }
  if (faults.length > 0) throw new OperatorError('COMMAND_INVALID', 'nothing was changed', faults);
  return [...edits].map(([key, value]) => ({ key, value }));
}

function unknownOption(name: string): OperatorError {
  const near = nearestName(name, OPTION_KEYS);
  const hint = near === undefined ? 'see: polyarch config get' : `did you mean "${near}"?`;
  return new OperatorError('COMMAND_INVALID', `there is no option "${name}"; ${hint}`);
}
