/**
 * Options that say something about the data rather than about one server: a server that joins takes them over from the one that lets it in.
 */
import { checkShape } from './check-shape.js';
import {
  OPTION_KEYS,
  type OptionKey,
  optionOf,
  type PartialSettings,
  type Settings,
} from './option-table.js';

const SHARED: ReadonlySet<string> = new Set<OptionKey>([
  'admin.dn',
  'access.proxies',
  'changelog.enabled',
  'changelog.include',
  'changelog.includeForDeletes',
  'changelog.readers',
  'conflicts.keepDays',
  'deletedEntries.keepDays',
  'groups.memberAttributes',
  'groups.allowEmpty',
  'groups.dynamic',
  'passwords.defaultPolicy',
  'passwords.netscapeControls',
  'passwords.scram',
  'passwords.scramIterations',
  'references.attributes',
  'references.mustExist',
  'replication.evictAfterDays',
  'sasl.certificateAttribute',
  'uniqueness',
  'indexes',
]);

/** Those of them that are not as preset. */
export function sharedSettings(settings: Settings): PartialSettings {
  const shared: Partial<Record<OptionKey, unknown>> = {};
  for (const key of OPTION_KEYS) {
    if (!SHARED.has(key)) continue;
    if (JSON.stringify(settings[key]) !== JSON.stringify(optionOf(key).preset)) shared[key] = settings[key];
  }
  // Each value is of its key's type: it was taken from there.
  return shared as PartialSettings;
}

/** What another server sent as such settings: what is no shared option, or malformed, is left out. */
export function receivedSettings(value: unknown): PartialSettings {
  const taken: Partial<Record<OptionKey, unknown>> = {};
  if (typeof value !== 'object' || value === null) return {};
  for (const key of OPTION_KEYS) {
    if (!SHARED.has(key) || !Object.hasOwn(value, key)) continue;
    const one = (value as Partial<Record<OptionKey, unknown>>)[key];
    if (checkShape(optionOf(key).schema, one).length === 0) taken[key] = one;
  }
  return taken as PartialSettings;
}
