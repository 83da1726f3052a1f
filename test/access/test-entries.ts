/** Entries and accounts in memory, for rules that look at nothing else. */
import type { SubjectEntry } from '../../lib/access/access-policy.js';
import type { AccountState } from '../../lib/access/account-state.js';
import { utf8Encode } from '../../lib/base/bytes.js';
import type { EntryUuid } from '../../lib/change/change.js';
import { parseDn } from '../../lib/dn/dn-text.js';
import type { Attribute, Attributes } from '../../lib/entry/entry.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';

/** An entry with these attributes alone. */
export function entryWith(attributes: Attributes, dn = '', uuid?: EntryUuid): SubjectEntry {
  return {
    dn: parseDn(dn),
    stored: attributes,
    attribute: (key) => attributes.get(key),
    computed: () => new Map(),
    ...(uuid === undefined ? {} : { uuid }),
  };
}

/** The same from text: names without options are their own keys in lower case. */
export function entryOf(
  values: Readonly<Record<string, readonly string[]>>,
  dn = '',
  uuid?: EntryUuid,
): SubjectEntry {
  const stored = new Map<AttributeKey, Attribute>();
  for (const [name, texts] of Object.entries(values))
    stored.set(name.toLowerCase() as AttributeKey, { name, values: texts.map(utf8Encode) });
  return entryWith(stored, dn, uuid);
}

/** An account that no policy has seen yet. */
export const UNTOUCHED: AccountState = {
  changedMs: undefined,
  lockedMs: undefined,
  failures: [],
  graceUses: [],
  history: [],
  reset: false,
  startMs: undefined,
  endMs: undefined,
  lastSuccessMs: undefined,
};
