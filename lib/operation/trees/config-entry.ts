/**
 * What cn=config is made of: the entry that shows a section of the option table, and who keeps the options (Configuration).
 *
 * Invariant: the value of a secret option is never in an entry.
 */
import {
  LIVE_ATTRIBUTE,
  OPTION_SECTIONS,
  type OptionSection,
  optionAttribute,
  optionValues,
  PENDING_ATTRIBUTE,
  SOURCE_ATTRIBUTE,
} from '../../config/option-attributes.js';
import type { OptionSource } from '../../config/option-source.js';
import { type OptionKey, optionOf, type Settings } from '../../config/option-table.js';
import type { Schema } from '../../schema/schema.js';
import { SUBSCHEMA_DN } from './root-dse.js';
import { type NamedEntry, type VirtualValues, virtualEntry } from './virtual-tree.js';

/** Another value of an option; undefined: as if the file did not name it. */
export interface OptionEdit {
  readonly key: OptionKey;
  readonly value: unknown;
}

/** What a server's options are now. */
export interface ConfigurationFacts {
  readonly settings: Settings;
  readonly sourceOf: (key: OptionKey) => OptionSource;
  /** Options of which the file says something else, which counts from the next start. */
  readonly pending: readonly OptionKey[];
}

/** Keeps the options, in force and in the file. */
export interface Configuration {
  facts(): ConfigurationFacts;
  /**
   * Changes options, one change at a time: `decide` is asked in its turn. `last` is called when all is checked and nothing is done yet. Resolves when the file is written and the values are in force.
   * Rejects with what `decide` and `last` throw, or an OperatorError: CONFIG_INVALID with all faults, COMMAND_INVALID, FILE_UNWRITABLE, DISK_FULL.
   */
  change(
    requester: string,
    decide: (facts: ConfigurationFacts) => readonly OptionEdit[],
    last?: () => void,
  ): Promise<void>;
}

/** The entry of a section. */
export function configEntry(
  schema: Schema,
  { name, objectClass, dn, keys }: OptionSection,
  { settings, sourceOf, pending }: ConfigurationFacts,
): NamedEntry {
  const user: Record<string, VirtualValues> = {
    objectClass: ['top', objectClass],
    cn: name ?? 'config',
  };
  for (const key of keys) if (!optionOf(key).secret) user[optionAttribute(key)] = optionValues(settings[key]);
  const below = name === undefined ? OPTION_SECTIONS.length - 1 : 0;
  return virtualEntry(schema, dn, user, {
    [SOURCE_ATTRIBUTE]: keys.map((key) => `${optionAttribute(key)}=${sourceOf(key)}`),
    [LIVE_ATTRIBUTE]: keys.filter(isChangeable).map(optionAttribute),
    [PENDING_ATTRIBUTE]: pending.filter((key) => keys.includes(key)).map(optionAttribute),
    structuralObjectClass: objectClass,
    hasSubordinates: below > 0 ? 'TRUE' : 'FALSE',
    numSubordinates: String(below),
    entryDN: dn,
    subschemaSubentry: SUBSCHEMA_DN,
  });
}

/** Whether an option may be changed over LDAP. */
export function isChangeable(key: OptionKey): boolean {
  const { reloads, onlyHere, secret } = optionOf(key);
  return reloads && !onlyHere && !secret;
}
