/**
 * From an entry's state to what the DIT shows: attributes with the values of the RDN, the mark of an entry that is displaced, who made it and when.
 *
 * Owns what follows from the state of one entry alone. The DN that a displaced entry wanted is the caller's to know; operational attributes
 * that need the schema or other entries are made elsewhere.
 */
import { must } from '../base/assert.js';
import { utf8Encode } from '../base/bytes.js';
import type { NamedAva } from '../change/change.js';
import { csnTimeMs } from '../csn/csn.js';
import type { Attribute, Attributes } from '../entry/entry.js';
import { findValue, valueKey } from '../entry/value-index.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import { equalityRule } from '../schema/equality-rules.js';
import type { EntryState, Stamp } from './entry-state.js';

/** Key and name of the attribute that shows the DN which a displaced entry wanted. */
const CONFLICT_ATTRIBUTE = 'ds-sync-conflict' as AttributeKey;

/** The last moment that generalizedTime can write. */
const MAX_TIME_MS = 253_402_300_799_999;

/** Who and when, as operational attributes show it (RFC 4512 section 3.4). */
export interface ShownStamps {
  readonly creatorsName: string;
  readonly createTimestamp: string;
  readonly modifiersName: string;
  readonly modifyTimestamp: string;
}

/** Whether the entry is shown elsewhere, or under another name, than its registers say: it is then marked with ds-sync-conflict. */
export function isDisplaced(state: EntryState): boolean {
  return state.place.conflict || state.place.parent !== state.parent;
}

/**
 * The attributes that the DIT shows: those of the state, the values of the RDN always among them (a value replaces another where `isSingle`
 * says that the attribute is single-valued), and ds-sync-conflict with `wantedDn` for a displaced entry. The state's own map when nothing is added.
 */
export function shownAttributes(
  state: EntryState,
  isSingle: (key: AttributeKey) => boolean,
  wantedDn: string | undefined,
): Attributes {
  let shown: Map<AttributeKey, Attribute> | undefined;
  for (const ava of state.rdn.avas) {
    const attribute = (shown ?? state.attributes).get(ava.key);
    if (holds(attribute, ava)) continue;
    shown ??= new Map(state.attributes);
    const others = attribute === undefined || isSingle(ava.key) ? [] : attribute.values;
    shown.set(ava.key, { name: attribute?.name ?? ava.name, values: [...others, ava.value] });
  }
  if (wantedDn !== undefined && isDisplaced(state)) {
    shown ??= new Map(state.attributes);
    shown.set(CONFLICT_ATTRIBUTE, { name: CONFLICT_ATTRIBUTE, values: [utf8Encode(wantedDn)] });
  }
  return shown ?? state.attributes;
}

/** Creator and modifier. What an import preserved holds until the entry is changed. */
export function shownStamps(state: EntryState): ShownStamps {
  const { created, modified, preserved } = state;
  const untouched = modified.csn === created.csn;
  return {
    creatorsName: preserved.creatorsName ?? created.by,
    createTimestamp: preserved.createTimestamp ?? stampTime(created),
    modifiersName: (untouched ? preserved.modifiersName : undefined) ?? modified.by,
    modifyTimestamp: (untouched ? preserved.modifyTimestamp : undefined) ?? stampTime(modified),
  };
}

/** generalizedTime of a stamp, in seconds (RFC 4517 section 3.3.13). */
export function stampTime(stamp: Stamp): string {
  const iso = new Date(Math.min(csnTimeMs(stamp.csn), MAX_TIME_MS)).toISOString();
  return `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 10)}${iso.slice(11, 13)}${iso.slice(14, 16)}${iso.slice(17, 19)}Z`;
}

function holds(attribute: Attribute | undefined, ava: NamedAva): boolean {
  if (attribute === undefined) return false;
  const rule = must(equalityRule(ava.equality), `equality rule ${ava.equality}`);
  return findValue(attribute, valueKey(ava.value, rule), rule) !== undefined;
}
