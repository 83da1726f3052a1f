/** Tells a story in every order of arrival, compares each with the oracle, and shows the end in words. */
import { latin1 } from '../../lib/base/bytes.js';
import { type Change, type EntryUuid, ROOT_UUID } from '../../lib/change/change.js';
import { formatNamedRdn } from '../../lib/change/named-rdn.js';
import { isAlive, LOST_AND_FOUND_UUID } from '../../lib/conflict/entry-state.js';
import { type Csn, csnReplica, csnTimeMs } from '../../lib/csn/csn.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { walkLattice } from './lattice.js';
import { MemoryDomain } from './memory-domain.js';

/** The domain after all changes; throws where an order of arrival differs. */
export function tell(setup: readonly Change[], changes: readonly Change[]): MemoryDomain {
  const domain = new MemoryDomain();
  for (const made of setup) if (!domain.apply(made)) throw new Error('setup waits');
  walkLattice(domain, setup, changes);
  const end = domain.clone();
  for (let waiting = [...changes]; waiting.length > 0; ) waiting = waiting.filter((made) => !end.apply(made));
  return end;
}

/** Sorted values of an attribute. */
export function values(domain: MemoryDomain, entry: EntryUuid, key: string): string[] {
  const attribute = domain.entries.get(entry)?.attributes.get(key as AttributeKey);
  return (attribute?.values ?? []).map(latin1).sort();
}

/** Where the DIT shows an entry: `cn=x,cn=base`, `?cn=x,...` under its conflict name, `lost+found` above; undefined when dead. */
export function shown(domain: MemoryDomain, entry: EntryUuid): string | undefined {
  const parts: string[] = [];
  for (let at = entry; at !== ROOT_UUID; ) {
    if (at === LOST_AND_FOUND_UUID) {
      parts.push('lost+found');
      break;
    }
    const state = domain.entries.get(at);
    if (state === undefined || !isAlive(state)) return undefined;
    parts.push(`${state.place.conflict ? '?' : ''}${formatNamedRdn(state.rdn)}`);
    at = state.place.parent;
  }
  return parts.join(',');
}

function at(csn: Csn | undefined): string {
  return csn === undefined ? 'the state' : `${csnTimeMs(csn)}.${csnReplica(csn)}`;
}

/** The journal in words: `value-lost 101.1 to 102.2 mail=x`. */
export function journal(domain: MemoryDomain): string[] {
  return [...domain.lines.values()]
    .map(({ kind, loser, winner, attribute, value }) => {
      const what = value === undefined ? (attribute ?? '') : `${attribute ?? ''}=${latin1(value)}`;
      return `${kind} ${at(loser)} to ${at(winner)} ${what}`.trim();
    })
    .sort();
}
