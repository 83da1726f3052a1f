/**
 * The controls of a request, decoded before anything is done (RFC 4511 section 4.1.11).
 *
 * A control that we know with a value that is wrong is protocolError, whatever its criticality; one that we do not know is only noted. Which controls
 * an operation supports is its own decision (operation/request-controls.ts).
 */
import { LdapError } from '../base/ldap-error.js';
import type { Filter } from '../filter/filter.js';
import { CONTROL_OIDS } from './control-oids.js';
import { decodeAssertion } from './controls/assertion.js';
import { type AssuredRequest, decodeAssured } from './controls/assured.js';
import { decodeWaitForCsn, type WaitForCsn } from './controls/change-csn.js';
import { decodeChangelogCookie } from './controls/changelog-cookie.js';
import { decodeSyncRequest, type SyncRequest } from './controls/content-sync.js';
import { type DereferenceSpec, decodeDereference } from './controls/dereference.js';
import { decodeEffectiveRights, type EffectiveRightsRequest } from './controls/effective-rights.js';
import { decodeMatchedValues } from './controls/matched-values.js';
import { decodePagedResults, type PagedResults } from './controls/paged-results.js';
import { decodePersistentSearch, type PersistentSearchRequest } from './controls/persistent-search.js';
import {
  decodeProxiedAuthorization,
  decodeProxiedAuthorizationV1,
} from './controls/proxied-authorization.js';
import { decodeReadRequest } from './controls/read-entry.js';
import { decodeSessionTracking, type SessionTracking } from './controls/session-tracking.js';
import { decodeSortRequest, type SortKey } from './controls/sort.js';
import { decodeSubentries } from './controls/subentries.js';
import { decodeVirtualListRequest, type VirtualListRequest } from './controls/virtual-list.js';
import type { Control } from './message.js';

/** What is present, by name. Absent ones are undefined or false. */
export interface RequestControls {
  readonly manageDsaIt: boolean;
  readonly treeDelete: boolean;
  readonly permissiveModify: boolean;
  readonly relax: boolean;
  readonly showDeleted: boolean;
  /** No continuation references. */
  readonly domainScope: boolean;
  readonly noOp: boolean;
  readonly dontUseCopy: boolean;
  /** The client understands the password policy response. */
  readonly passwordPolicy: boolean;
  /** Say of each entry whether its account can be used. */
  readonly accountUsability: boolean;
  /** Say of each entry what an identity may do with it. */
  readonly effectiveRights: EffectiveRightsRequest | undefined;
  /** The client wants the authorization identity response of a bind. */
  readonly authorizationIdentity: boolean;
  readonly paged: PagedResults | undefined;
  /** Attributes of the entry before and after the change. */
  readonly preRead: readonly string[] | undefined;
  readonly postRead: readonly string[] | undefined;
  readonly assertion: Filter | undefined;
  /** True: subentries alone are visible; false: they are not. */
  readonly subentries: boolean | undefined;
  readonly sort: readonly SortKey[] | undefined;
  /** authzId to act under. */
  readonly proxiedAuthorization: string | undefined;
  readonly matchedValues: readonly Filter[] | undefined;
  readonly virtualList: VirtualListRequest | undefined;
  readonly persistentSearch: PersistentSearchRequest | undefined;
  readonly sync: SyncRequest | undefined;
  /** Say which change this write made. */
  readonly changeCsn: boolean;
  readonly waitForCsn: WaitForCsn | undefined;
  readonly assured: AssuredRequest | undefined;
  /** Where to go on in cn=changelog, as text; '' from the beginning. */
  readonly changelogCookie: string | undefined;
  readonly dereference: readonly DereferenceSpec[] | undefined;
  readonly sessionTracking: SessionTracking | undefined;
  /** Stored attributes alone; computed ones alone. Both: nothing is left out. */
  readonly realAttributesOnly: boolean;
  readonly virtualAttributesOnly: boolean;
}

type Mutable = { -readonly [K in keyof RequestControls]: RequestControls[K] };

const NONE: RequestControls = Object.freeze(fresh());

const READERS = new Map<string, (into: Mutable, control: Control) => void>([
  [CONTROL_OIDS.manageDsaIt, (into, control) => flag(into, 'manageDsaIt', control)],
  [CONTROL_OIDS.treeDelete, (into, control) => flag(into, 'treeDelete', control)],
  [CONTROL_OIDS.permissiveModify, (into, control) => flag(into, 'permissiveModify', control)],
  [CONTROL_OIDS.relax, (into, control) => flag(into, 'relax', control)],
  [CONTROL_OIDS.showDeleted, (into, control) => flag(into, 'showDeleted', control)],
  [CONTROL_OIDS.domainScope, (into, control) => flag(into, 'domainScope', control)],
  [CONTROL_OIDS.noOp, (into, control) => flag(into, 'noOp', control)],
  [CONTROL_OIDS.dontUseCopy, (into, control) => flag(into, 'dontUseCopy', control)],
  [CONTROL_OIDS.passwordPolicy, (into, control) => flag(into, 'passwordPolicy', control)],
  [CONTROL_OIDS.accountUsability, (into, control) => flag(into, 'accountUsability', control)],
  [
    CONTROL_OIDS.effectiveRights,
    (into, control) => once(into, 'effectiveRights', decodeEffectiveRights(control.value)),
  ],
  [
    CONTROL_OIDS.authorizationIdentityRequest,
    (into, control) => flag(into, 'authorizationIdentity', control),
  ],
  [CONTROL_OIDS.realAttributesOnly, (into, control) => flag(into, 'realAttributesOnly', control)],
  [CONTROL_OIDS.changeCsn, (into, control) => flag(into, 'changeCsn', control)],
  [CONTROL_OIDS.waitForCsn, (into, control) => once(into, 'waitForCsn', decodeWaitForCsn(control.value))],
  [CONTROL_OIDS.assured, (into, control) => once(into, 'assured', decodeAssured(control.value))],
  [CONTROL_OIDS.virtualAttributesOnly, (into, control) => flag(into, 'virtualAttributesOnly', control)],
  [CONTROL_OIDS.pagedResults, (into, control) => once(into, 'paged', decodePagedResults(control.value))],
  [CONTROL_OIDS.preRead, (into, control) => once(into, 'preRead', decodeReadRequest(control.value))],
  [CONTROL_OIDS.postRead, (into, control) => once(into, 'postRead', decodeReadRequest(control.value))],
  [
    CONTROL_OIDS.persistentSearch,
    (into, control) => once(into, 'persistentSearch', decodePersistentSearch(control.value)),
  ],
  [CONTROL_OIDS.syncRequest, (into, control) => once(into, 'sync', decodeSyncRequest(control.value))],
  [
    CONTROL_OIDS.changelogCookie,
    (into, control) => once(into, 'changelogCookie', decodeChangelogCookie(control.value)),
  ],
  [CONTROL_OIDS.assertion, (into, control) => once(into, 'assertion', decodeAssertion(control.value))],
  [CONTROL_OIDS.subentries, (into, control) => once(into, 'subentries', decodeSubentries(control.value))],
  [CONTROL_OIDS.sortRequest, (into, control) => once(into, 'sort', decodeSortRequest(control.value))],
  [
    CONTROL_OIDS.virtualListRequest,
    (into, control) => once(into, 'virtualList', decodeVirtualListRequest(control.value)),
  ],
  [CONTROL_OIDS.dereference, (into, control) => once(into, 'dereference', decodeDereference(control.value))],
  [
    CONTROL_OIDS.sessionTracking,
    (into, control) => once(into, 'sessionTracking', decodeSessionTracking(control.value)),
  ],
  [
    CONTROL_OIDS.matchedValues,
    (into, control) => once(into, 'matchedValues', decodeMatchedValues(control.value)),
  ],
  [CONTROL_OIDS.proxiedAuthorization, (into, control) => proxied(into, control, decodeProxiedAuthorization)],
  [
    CONTROL_OIDS.proxiedAuthorizationV1,
    (into, control) => proxied(into, control, decodeProxiedAuthorizationV1),
  ],
]);

/** Decodes all controls that we know. Throws LdapError protocolError or adminLimitExceeded. */
export function parseRequestControls(controls: readonly Control[]): RequestControls {
  if (controls.length === 0) return NONE;
  const into: Mutable = fresh();
  for (const control of controls) READERS.get(control.oid)?.(into, control);
  return into;
}

type FlagName = { [K in keyof Mutable]: Mutable[K] extends boolean ? K : never }[keyof Mutable];

/** Of a control without a value; some clients send an empty one. */
function flag(into: Mutable, name: FlagName, { value }: Control): void {
  if (value !== undefined && value.length > 0)
    throw new LdapError('protocolError', `the control for ${name} takes no value`);
  into[name] = true;
}

/** Either version: who does not know the control must not do the operation with the client's own rights. */
function proxied(into: Mutable, control: Control, decode: (value: Control['value']) => string): void {
  if (!control.critical)
    throw new LdapError('protocolError', 'the proxied authorization control must be critical (RFC 4370)');
  once(into, 'proxiedAuthorization', decode(control.value));
}

/** RFC 4511 section 4.1.11: the same control twice has no defined meaning. */
function once<K extends keyof Mutable>(into: Mutable, name: K, value: Mutable[K]): void {
  if (into[name] !== undefined)
    throw new LdapError('protocolError', `the control for ${name} is given twice`);
  into[name] = value;
}

function fresh(): Mutable {
  return {
    manageDsaIt: false,
    treeDelete: false,
    permissiveModify: false,
    relax: false,
    showDeleted: false,
    domainScope: false,
    noOp: false,
    dontUseCopy: false,
    passwordPolicy: false,
    accountUsability: false,
    effectiveRights: undefined,
    authorizationIdentity: false,
    paged: undefined,
    preRead: undefined,
    postRead: undefined,
    assertion: undefined,
    subentries: undefined,
    sort: undefined,
    proxiedAuthorization: undefined,
    matchedValues: undefined,
    virtualList: undefined,
    persistentSearch: undefined,
    sync: undefined,
    changeCsn: false,
    waitForCsn: undefined,
    assured: undefined,
    changelogCookie: undefined,
    dereference: undefined,
    sessionTracking: undefined,
    realAttributesOnly: false,
    virtualAttributesOnly: false,
  };
}
