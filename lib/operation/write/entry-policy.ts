/** What an operator lets local writes do beyond the schema's letter. */
import { type EntryPolicy, STRICT_POLICY } from '../../entry/check-entry.js';
import type { ServerParts } from '../server-parts.js';

const EMPTY_GROUPS: EntryPolicy = { ...STRICT_POLICY, emptyGroups: true };

/** The policy of entry checks for requests. */
export function entryPolicy({ settings }: Pick<ServerParts, 'settings'>): EntryPolicy {
  return settings.allowEmptyGroups ? EMPTY_GROUPS : STRICT_POLICY;
}
