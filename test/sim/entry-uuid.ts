/** Entries of simulated histories have numbers; the base is 1. */
import type { EntryUuid } from '../../lib/change/change.js';

/** An entry number as a UUID. */
export function entryUuid(number: number): EntryUuid {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}` as EntryUuid;
}
