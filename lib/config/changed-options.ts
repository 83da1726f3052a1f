/** What differs between the configuration that a server runs with and the one that stands in its files now. */
import { OPTION_KEYS, type OptionKey, optionOf, type Settings } from './option-table.js';

export interface ChangedOptions {
  /** A running server takes them over. */
  readonly reloaded: readonly OptionKey[];
  /** They count from the next start. */
  readonly atNextStart: readonly OptionKey[];
}

/** Keys of the options with other values, in the order of the table. */
export function changedOptions(before: Settings, after: Settings): ChangedOptions {
  const changed = OPTION_KEYS.filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
  return {
    reloaded: changed.filter((key) => optionOf(key).reloads),
    atNextStart: changed.filter((key) => !optionOf(key).reloads),
  };
}

/** The settings in force after a running server has taken `after` over: its options that reload, all others as before. */
export function takenOver(before: Settings, after: Settings): Settings {
  const taken: Partial<Record<OptionKey, unknown>> = {};
  for (const key of changedOptions(before, after).reloaded) taken[key] = after[key];
  // Each value is of its key's type: it was taken from there.
  return { ...before, ...taken } as Settings;
}
