/** What this server serves, by OID: the root DSE lists exactly what the code of this folder answers. */
import { CONTROL_OIDS, EXTENDED_OIDS, FEATURE_OIDS } from '../ldap/control-oids.js';
import type { LdapRequest } from '../ldap/message.js';

const { manageDsaIt, pagedResults, preRead, postRead, assertion, treeDelete, permissiveModify, subentries } =
  CONTROL_OIDS;

/**
 * Controls that mean something for each request. Any other critical control is unavailableCriticalExtension, any other control that is not
 * critical is ignored (RFC 4511 section 4.1.11). ManageDsaIT is taken everywhere: Java clients send it with everything.
 */
export const APPLICABLE_CONTROLS: Readonly<Record<LdapRequest['kind'], ReadonlySet<string>>> = {
  bind: new Set([manageDsaIt]),
  unbind: new Set(),
  abandon: new Set(),
  extended: new Set([manageDsaIt]),
  search: new Set([manageDsaIt, pagedResults, assertion, subentries]),
  compare: new Set([manageDsaIt, assertion]),
  add: new Set([manageDsaIt, postRead, assertion]),
  delete: new Set([manageDsaIt, preRead, assertion, treeDelete]),
  modify: new Set([manageDsaIt, preRead, postRead, assertion, permissiveModify]),
  modifyDn: new Set([manageDsaIt, preRead, postRead, assertion]),
};

export const SUPPORTED_CONTROLS: readonly string[] = [
  ...new Set(Object.values(APPLICABLE_CONTROLS).flatMap((oids) => [...oids])),
].sort();

/** StartTLS is listed besides, where the listener has a certificate. */
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
];
