/** cn=lost+found: the derived container of entries whose parent was deleted on another server (replication-model.md section 5). It has no record. */
import { utf8Encode } from '../../base/bytes.js';
import type { EntryUuid, NamedRdn } from '../../change/change.js';
import { rdnKeyOf } from '../../change/named-rdn.js';
import { type EntryState, LOST_AND_FOUND_UUID } from '../../conflict/entry-state.js';
import { type Csn, ZERO_CSN } from '../../csn/csn.js';
import type { Attribute } from '../../entry/entry.js';
import type { AttributeKey } from '../../schema/attribute-type.js';

const LOST_RDN: NamedRdn = {
  avas: [
    {
      key: 'cn' as AttributeKey,
      name: 'cn',
      value: utf8Encode('lost+found'),
      equality: 'caseIgnoreMatch',
    },
  ],
};
/** Key of that. */
export const LOST_KEY = rdnKeyOf(LOST_RDN);

const attribute = (name: string, ...texts: string[]): [AttributeKey, Attribute] => [
  name.toLowerCase() as AttributeKey,
  { name, values: texts.map(utf8Encode) },
];

/** The state that the derived container shows. */
export function lostAndFoundState(base: EntryUuid): EntryState {
  const stamp = { csn: ZERO_CSN as Csn, by: '' };
  return {
    uuid: LOST_AND_FOUND_UUID,
    created: stamp,
    modified: stamp,
    preserved: {},
    life: [],
    parent: base,
    parentCsn: ZERO_CSN,
    rdn: LOST_RDN,
    rdnCsn: ZERO_CSN,
    rdnSince: ZERO_CSN,
    claimCsn: ZERO_CSN,
    place: { parent: base, conflict: false },
    merged: false,
    attributes: new Map([
      attribute('objectClass', 'top', 'applicationProcess'),
      attribute('cn', 'lost+found'),
      attribute('description', 'Entries whose parent was deleted on another server'),
    ]),
  };
}
