/** What this server serves, by OID: the root DSE lists exactly what the code of this folder answers. */
import { CONTROL_OIDS, EXTENDED_OIDS, FEATURE_OIDS } from '../ldap/control-oids.js';
import type { LdapRequest } from '../ldap/message.js';

const C = CONTROL_OIDS;

/** ManageDsaIT: Java clients send it with everything. Session tracking speaks of the client, not of the operation. */
const OF_CLIENTS = [C.manageDsaIt, C.sessionTracking];
/** Password policy: `-e ppolicy` of the OpenLDAP tools sends it with everything. */
const EVERYWHERE = [...OF_CLIENTS, C.waitForCsn, C.passwordPolicy];
/** About the change that a write makes. */
const CHANGE = [C.changeCsn, C.assured];
const PROXIED = [C.proxiedAuthorization, C.proxiedAuthorizationV1];
const WRITE = [...EVERYWHERE, ...CHANGE, ...PROXIED, C.assertion, C.noOp];

/**
 * Controls that mean something for each request. Any other critical control is unavailableCriticalExtension, any other control that is not
 * critical is ignored (RFC 4511 section 4.1.11).
 */
export const APPLICABLE_CONTROLS: Readonly<Record<LdapRequest['kind'], ReadonlySet<string>>> = {
  bind: new Set([...EVERYWHERE, C.authorizationIdentityRequest]),
  unbind: new Set(),
  abandon: new Set(),
  extended: new Set([...EVERYWHERE, ...PROXIED]),
  search: new Set([
    ...EVERYWHERE,
    ...PROXIED,
    C.pagedResults,
    C.assertion,
    C.subentries,
    C.sortRequest,
    C.virtualListRequest,
    C.matchedValues,
    C.dereference,
    C.realAttributesOnly,
    C.virtualAttributesOnly,
    C.dontUseCopy,
    C.persistentSearch,
    C.syncRequest,
    C.accountUsability,
    C.effectiveRights,
    C.changelogCookie,
    C.showDeleted,
    C.domainScope,
  ]),
  compare: new Set([...EVERYWHERE, ...PROXIED, C.assertion, C.dontUseCopy]),
  add: new Set([...WRITE, C.postRead, C.relax]),
  delete: new Set([...WRITE, C.preRead, C.treeDelete]),
  modify: new Set([...WRITE, C.preRead, C.postRead, C.permissiveModify, C.relax, C.showDeleted]),
  modifyDn: new Set([...WRITE, C.preRead, C.postRead]),
};

/** StartTLS and cancel belong to the connection, whoever's rights are asked for (RFC 4370 section 3). */
const CONNECTION_EXTENDED: ReadonlySet<string> = new Set(OF_CLIENTS);
const PASSWORD_MODIFY: ReadonlySet<string> = new Set([...EVERYWHERE, ...CHANGE, ...PROXIED]);

/** The controls that mean something for this request. */
export function applicableControls(request: LdapRequest): ReadonlySet<string> {
  if (request.kind === 'extended') {
    const { oid } = request;
    if (oid === EXTENDED_OIDS.startTls || oid === EXTENDED_OIDS.cancel) return CONNECTION_EXTENDED;
    if (oid === EXTENDED_OIDS.passwordModify) return PASSWORD_MODIFY;
  }
  return APPLICABLE_CONTROLS[request.kind];
}

export const SUPPORTED_CONTROLS: readonly string[] = [
  ...new Set(Object.values(APPLICABLE_CONTROLS).flatMap((oids) => [...oids])),
].sort();

/** StartTLS is listed besides, where the listener has a certificate, and administration, where it is served. */
export const SUPPORTED_EXTENSIONS: readonly string[] = [
  EXTENDED_OIDS.passwordModify,
  EXTENDED_OIDS.whoAmI,
  EXTENDED_OIDS.cancel,
];

export const SUPPORTED_FEATURES: readonly string[] = [
  FEATURE_OIDS.modifyIncrement,
  FEATURE_OIDS.allOperationalAttributes,
  FEATURE_OIDS.attributesByObjectClass,
  FEATURE_OIDS.absoluteFilters,
  FEATURE_OIDS.languageTags,
  FEATURE_OIDS.languageRanges,
];
