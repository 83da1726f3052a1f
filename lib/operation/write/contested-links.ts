/**
 * Who names a name that two entries want (docs/conflicts.md, Links by name): members of groups and other references are names, so while the conflict lasts they mean the holder, whomever the client meant
 * that wrote them.
 *
 * Found by the equality indexes of the attributes that referential integrity keeps; nothing is searched, nothing guessed, nothing changed.
 */
import type { Backend } from '../../backend/backend.js';
import { withRows } from '../../backend/index/reverse-lookup.js';
import { DEFAULT_REFERENCE_ATTRIBUTES } from '../../backend/rules/reference-rules.js';
import { utf8Decode, utf8Encode } from '../../base/bytes.js';
import { LIMITS } from '../../base/limits.js';
import type { JournalLine } from '../../conflict/domain-view.js';
import { parseDn } from '../../dn/dn-text.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { Schema } from '../../schema/schema.js';

/** DNs of entries that name the contested name, and how many more there are. */
export interface ContestedLinks {
  readonly dns: readonly string[];
  readonly more: number;
}

const NONE: ContestedLinks = { dns: [], more: 0 };
const CONFLICT_KEY = 'ds-sync-conflict' as AttributeKey;
const REFERENCES = DEFAULT_REFERENCE_ATTRIBUTES.map((name) => name.toLowerCase() as AttributeKey);

/** Of a `name-conflict` line; of others none. Rejects with a StoreError. */
export async function contestedLinks(
  backend: Pick<Backend, 'byUuid' | 'holders' | 'holderCount'>,
  schema: Pick<Schema, 'dnKey'>,
  { kind, entry }: Pick<JournalLine, 'kind' | 'entry'>,
): Promise<ContestedLinks> {
  if (kind !== 'name-conflict') return NONE;
  const wanted = backend.byUuid(entry)?.attribute(CONFLICT_KEY)?.values[0];
  const key = wanted && schema.dnKey(parseDn(utf8Decode(wanted) ?? ''));
  if (key === undefined) return NONE;
  const normal = utf8Encode(key);
  return await withRows(() => linksTo(backend, normal));
}

/** Throws RowsAway. */
function linksTo(backend: Pick<Backend, 'holders' | 'holderCount'>, normal: Uint8Array): ContestedLinks {
  const dns = new Set<string>();
  let more = 0;
  for (const attribute of REFERENCES) {
    const count = backend.holderCount(attribute, normal);
    if (count === 0) continue;
    if (count > LIMITS.contestedLinks) more += count;
    else for (const holder of backend.holders(attribute, normal)) dns.add(holder.dnText);
  }
  const shown = [...dns].sort();
  return {
    dns: shown.slice(0, LIMITS.contestedLinks),
    more: more + Math.max(0, shown.length - LIMITS.contestedLinks),
  };
}
