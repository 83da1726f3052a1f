/**
 * Operational attributes that are not stored but follow from an entry's state and place.
 *
 * RFC 3671 collectiveAttributeSubentries, RFC 4512 section 3.4 (creatorsName ... structuralObjectClass, governingStructureRule, subschemaSubentry), RFC 4530 entryUUID, RFC 5020 entryDN, X.501 hasSubordinates,
 * numSubordinates as other servers have it, entryCSN, ds-sync-conflict and ds-sync-schema-violation (replication-model.md sections 5 and 4).
 */
import { utf8Encode } from '../../base/bytes.js';
import type { EntryUuid } from '../../change/change.js';
import type { EntryState } from '../../conflict/entry-state.js';
import { type Csn, csnTimeMs } from '../../csn/csn.js';
import { toOpenLdapCsn } from '../../csn/openldap-csn.js';
import type { ServerState } from '../../csn/server-state.js';
import type { Attribute } from '../../entry/entry.js';
import type { AttributeKey } from '../../schema/attribute-type.js';

/** What the attributes follow from. */
export interface ComputedFacts {
  readonly uuid: EntryUuid;
  readonly dnBytes: Uint8Array;
  readonly state: EntryState;
  childCount(): number;
  structuralClass(): Attribute | undefined;
  /** Id of the DIT structure rule that governs the entry. */
  governingRule(): string | undefined;
  wantedDn(): string | undefined;
  /** What a merge left outside the schema. */
  schemaViolation(): string | undefined;
  /** DNs of the groups that name the entry. */
  memberOf(): readonly Uint8Array[];
  /** DNs of the collective subentries that are for the entry. */
  collectiveSubentries(): readonly Uint8Array[];
  etag(): Uint8Array;
  /** Number of the newest change here that touched the entry. */
  usn(): number;
  /** State of the domain, at its base entry. */
  contextState(): ServerState | undefined;
}

const TRUE = utf8Encode('TRUE');
const FALSE = utf8Encode('FALSE');
const SUBSCHEMA: Attribute = { name: 'subschemaSubentry', values: [utf8Encode('cn=schema')] };

const one = (name: string, value: Uint8Array): Attribute => ({ name, values: [value] });

/** GeneralizedTime (RFC 4517 section 3.3.13), UTC, whole seconds. */
export function generalizedTime(timeMs: number): string {
  const iso = new Date(timeMs).toISOString();
  return `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 10)}${iso.slice(11, 13)}${iso.slice(14, 16)}${iso.slice(17, 19)}Z`;
}

/** Octets of the time of a CSN; the last few are remembered, as neighbours share their second. */
const timeOf = (() => {
  const known = new Map<number, Uint8Array>();
  return (csn: Csn): Uint8Array => {
    const second = Math.floor(csnTimeMs(csn) / 1000);
    let bytes = known.get(second);
    if (bytes === undefined) {
      if (known.size >= 1000) known.clear();
      bytes = utf8Encode(generalizedTime(second * 1000));
      known.set(second, bytes);
    }
    return bytes;
  };
})();

const untouched = (state: EntryState): boolean => state.modified.csn === state.created.csn;

/** createTimestamp of a state. */
export function createTimestamp(state: EntryState): Uint8Array {
  const preserved = state.preserved.createTimestamp;
  return preserved === undefined ? timeOf(state.created.csn) : utf8Encode(preserved);
}

/** modifyTimestamp of a state: an imported one holds until the first change. */
export function modifyTimestamp(state: EntryState): Uint8Array {
  const preserved = state.preserved.modifyTimestamp;
  return preserved !== undefined && untouched(state) ? utf8Encode(preserved) : timeOf(state.modified.csn);
}

function modifiersName(state: EntryState): string {
  const preserved = state.preserved.modifiersName;
  return preserved !== undefined && untouched(state) ? preserved : state.modified.by;
}

const named = (name: string, text: string): Attribute | undefined =>
  text === '' ? undefined : one(name, utf8Encode(text));

function several(name: string, values: readonly Uint8Array[]): Attribute | undefined {
  return values.length === 0 ? undefined : { name, values };
}

/** Newest CSN of each origin, as OpenLDAP's consumers expect it at the base. */
function contextCsn(state: ServerState | undefined): Attribute | undefined {
  if (state === undefined || state.size === 0) return undefined;
  return { name: 'contextCSN', values: state.csns().map((csn) => utf8Encode(toOpenLdapCsn(csn))) };
}

/** Every computed attribute by its key. */
export const COMPUTED: ReadonlyMap<AttributeKey, (facts: ComputedFacts) => Attribute | undefined> = new Map(
  Object.entries<(facts: ComputedFacts) => Attribute | undefined>({
    entryuuid: (f) => one('entryUUID', utf8Encode(f.uuid)),
    entrydn: (f) => one('entryDN', f.dnBytes),
    createtimestamp: (f) => one('createTimestamp', createTimestamp(f.state)),
    creatorsname: (f) => named('creatorsName', f.state.preserved.creatorsName ?? f.state.created.by),
    modifytimestamp: (f) => one('modifyTimestamp', modifyTimestamp(f.state)),
    modifiersname: (f) => named('modifiersName', modifiersName(f.state)),
    structuralobjectclass: (f) => f.structuralClass(),
    governingstructurerule: (f) => named('governingStructureRule', f.governingRule() ?? ''),
    subschemasubentry: () => SUBSCHEMA,
    hassubordinates: (f) => one('hasSubordinates', f.childCount() > 0 ? TRUE : FALSE),
    numsubordinates: (f) => one('numSubordinates', utf8Encode(String(f.childCount()))),
    entrycsn: (f) => one('entryCSN', utf8Encode(toOpenLdapCsn(f.state.modified.csn))),
    contextcsn: (f) => contextCsn(f.contextState()),
    entryusn: (f) => one('entryUSN', utf8Encode(String(f.usn()))),
    etag: (f) => one('etag', f.etag()),
    memberof: (f) => several('memberOf', f.memberOf()),
    ismemberof: (f) => several('isMemberOf', f.memberOf()),
    collectiveattributesubentries: (f) => several('collectiveAttributeSubentries', f.collectiveSubentries()),
    'ds-sync-schema-violation': (f) => {
      const violation = f.schemaViolation();
      return violation === undefined ? undefined : one('ds-sync-schema-violation', utf8Encode(violation));
    },
    'ds-sync-conflict': (f) => {
      const wanted = f.wantedDn();
      return wanted === undefined ? undefined : one('ds-sync-conflict', utf8Encode(wanted));
    },
  }) as Iterable<readonly [AttributeKey, (facts: ComputedFacts) => Attribute | undefined]>,
);
