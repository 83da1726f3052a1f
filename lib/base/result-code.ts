/**
 * LDAP result codes: the one table of name <-> number (RFC 4511 section 4.1.9 and appendix A; RFC 3909; RFC 4528; RFC 4370; virtual list view and no-op drafts).
 */

export const RESULT_CODES = {
  success: 0,
  operationsError: 1,
  protocolError: 2,
  timeLimitExceeded: 3,
  sizeLimitExceeded: 4,
  compareFalse: 5,
  compareTrue: 6,
  authMethodNotSupported: 7,
  strongerAuthRequired: 8,
  referral: 10,
  adminLimitExceeded: 11,
  unavailableCriticalExtension: 12,
  confidentialityRequired: 13,
  saslBindInProgress: 14,
  noSuchAttribute: 16,
  undefinedAttributeType: 17,
  inappropriateMatching: 18,
  constraintViolation: 19,
  attributeOrValueExists: 20,
  invalidAttributeSyntax: 21,
  noSuchObject: 32,
  aliasProblem: 33,
  invalidDNSyntax: 34,
  aliasDereferencingProblem: 36,
  inappropriateAuthentication: 48,
  invalidCredentials: 49,
  insufficientAccessRights: 50,
  busy: 51,
  unavailable: 52,
  unwillingToPerform: 53,
  loopDetect: 54,
  sortControlMissing: 60,
  offsetRangeError: 61,
  namingViolation: 64,
  objectClassViolation: 65,
  notAllowedOnNonLeaf: 66,
  notAllowedOnRDN: 67,
  entryAlreadyExists: 68,
  objectClassModsProhibited: 69,
  affectsMultipleDSAs: 71,
  virtualListViewError: 76,
  other: 80,
  canceled: 118,
  noSuchOperation: 119,
  tooLate: 120,
  cannotCancel: 121,
  assertionFailed: 122,
  authorizationDenied: 123,
  /** The cookie is of no use any more: begin without one (RFC 4533 section 2.6). */
  syncRefreshRequired: 4096,
  /** Everything was checked and nothing was done (draft-zeilenga-ldap-noop; OpenLDAP's number). */
  noOperation: 16_654,
} as const;

export type ResultName = keyof typeof RESULT_CODES;

const NAMES = new Map<number, ResultName>(
  Object.entries(RESULT_CODES).map(([name, code]) => [code, name as ResultName]),
);

/** The name of a code, or undefined for one that we do not know. */
export function resultName(code: number): ResultName | undefined {
  return NAMES.get(code);
}
