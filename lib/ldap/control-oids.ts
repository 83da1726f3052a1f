/**
 * Object identifiers of controls, extended operations and features: the one table, by name.
 *
 * That an OID stands here does not mean that the server supports it: operation/ publishes in the root DSE what it really serves.
 */

/** Our own arc; `.3` controls, `.4` extended operations, `.5` intermediate responses. */
const OWN_ARC = '2.25.106979801653467080826045286574582475051';

/** Request and response controls. Source of each name: its RFC or the vendor that owns the arc. */
export const CONTROL_OIDS = {
  /** RFC 3296. */
  manageDsaIt: '2.16.840.1.113730.3.4.2',
  /** RFC 2696. */
  pagedResults: '1.2.840.113556.1.4.319',
  /** RFC 4527. */
  preRead: '1.3.6.1.1.13.1',
  postRead: '1.3.6.1.1.13.2',
  /** RFC 4528. */
  assertion: '1.3.6.1.1.12',
  /** Microsoft; draft-armijo-ldap-treedelete. */
  treeDelete: '1.2.840.113556.1.4.805',
  /** RFC 3672. */
  subentries: '1.3.6.1.4.1.4203.1.10.1',
  /** RFC 2891. */
  sortRequest: '1.2.840.113556.1.4.473',
  sortResponse: '1.2.840.113556.1.4.474',
  /** RFC 4370. */
  proxiedAuthorization: '2.16.840.1.113730.3.4.18',
  /** Its first version: draft-weltman-ldapv3-proxy-04. */
  proxiedAuthorizationV1: '2.16.840.1.113730.3.4.12',
  /** draft-behera-ldap-password-policy. */
  passwordPolicy: '1.3.6.1.4.1.42.2.27.8.5.1',
  /** Netscape: password expired and password expiring responses. */
  passwordExpired: '2.16.840.1.113730.3.4.4',
  passwordExpiring: '2.16.840.1.113730.3.4.5',
  /** Sun; OpenDS. */
  accountUsability: '1.3.6.1.4.1.42.2.27.9.5.8',
  /** Sun; OpenDJ, 389-ds. */
  effectiveRights: '1.3.6.1.4.1.42.2.27.9.5.2',
  /** RFC 3829. */
  authorizationIdentityRequest: '2.16.840.1.113730.3.4.16',
  authorizationIdentityResponse: '2.16.840.1.113730.3.4.15',
  /** RFC 3876. */
  matchedValues: '1.2.826.0.1.3344810.2.3',
  /** Microsoft. */
  permissiveModify: '1.2.840.113556.1.4.1413',
  /** Microsoft: no continuation references. */
  domainScope: '1.2.840.113556.1.4.1339',
  /** Microsoft: deleted entries are found. */
  showDeleted: '1.2.840.113556.1.4.417',
  /** draft-zeilenga-ldap-relax. */
  relax: '1.3.6.1.4.1.4203.666.5.12',
  /** draft-zeilenga-ldap-noop. */
  noOp: '1.3.6.1.4.1.4203.666.5.2',
  /** draft-ietf-ldapext-psearch. */
  persistentSearch: '2.16.840.1.113730.3.4.3',
  entryChange: '2.16.840.1.113730.3.4.7',
  /** RFC 4533. */
  syncRequest: '1.3.6.1.4.1.4203.1.9.1.1',
  syncState: '1.3.6.1.4.1.4203.1.9.1.2',
  syncDone: '1.3.6.1.4.1.4203.1.9.1.3',
  /** OpenDJ: where to go on in cn=changelog. */
  changelogCookie: '1.3.6.1.4.1.26027.1.5.4',
  /** RFC 6171. */
  dontUseCopy: '1.3.6.1.1.22',
  /** draft-ietf-ldapext-ldapv3-vlv-09. */
  virtualListRequest: '2.16.840.1.113730.3.4.9',
  virtualListResponse: '2.16.840.1.113730.3.4.10',
  /** draft-masarati-ldap-deref. */
  dereference: '1.3.6.1.4.1.4203.666.5.16',
  /** draft-wahl-ldap-session-tracking-control. */
  sessionTracking: '1.3.6.1.4.1.21008.108.63.1',
  /** Ours: the CSN of the change that a write made; wait until a change is here (docs/assurance.md). */
  changeCsn: `${OWN_ARC}.3.1`,
  waitForCsn: `${OWN_ARC}.3.2`,
  /** Ours: the answer to a write waits until other servers have it. */
  assured: `${OWN_ARC}.3.3`,
  /** Netscape: stored attributes alone, computed ones alone. */
  realAttributesOnly: '2.16.840.1.113730.3.4.17',
  virtualAttributesOnly: '2.16.840.1.113730.3.4.19',
} as const;

/** Intermediate responses. */
export const INTERMEDIATE_OIDS = {
  /** RFC 4533 section 2.5. */
  syncInfo: '1.3.6.1.4.1.4203.1.9.1.4',
  /** Ours: how far an administration command is, and a part of its result. */
  administrationProgress: `${OWN_ARC}.5.1`,
  administrationPart: `${OWN_ARC}.5.2`,
} as const;

export type ControlName = keyof typeof CONTROL_OIDS;

/** Extended operations and unsolicited notifications. */
export const EXTENDED_OIDS = {
  /** RFC 4511 section 4.14. */
  startTls: '1.3.6.1.4.1.1466.20037',
  /** RFC 4511 section 4.4.1. */
  noticeOfDisconnection: '1.3.6.1.4.1.1466.20036',
  /** RFC 3062. */
  passwordModify: '1.3.6.1.4.1.4203.1.11.1',
  /** RFC 4532. */
  whoAmI: '1.3.6.1.4.1.4203.1.11.3',
  /** RFC 3909. */
  cancel: '1.3.6.1.1.8',
  /** Ours: commands of an administrator (docs/protocol.md). */
  administration: `${OWN_ARC}.4.1`,
} as const;

export type ExtendedName = keyof typeof EXTENDED_OIDS;

/** Features for supportedFeatures of the root DSE. */
export const FEATURE_OIDS = {
  /** RFC 4525. */
  modifyIncrement: '1.3.6.1.1.14',
  /** RFC 3673. */
  allOperationalAttributes: '1.3.6.1.4.1.4203.1.5.1',
  /** RFC 4529. */
  attributesByObjectClass: '1.3.6.1.4.1.4203.1.5.2',
  /** RFC 4526. */
  absoluteFilters: '1.3.6.1.4.1.4203.1.5.3',
  /** RFC 3866. */
  languageTags: '1.3.6.1.4.1.4203.1.5.4',
  languageRanges: '1.3.6.1.4.1.4203.1.5.5',
} as const;

export type FeatureName = keyof typeof FEATURE_OIDS;
