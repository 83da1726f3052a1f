/**
 * Identifier octets of LDAP's protocol operations and filter choices (RFC 4511 sections 4.2-4.13 and appendix B).
 */
import { applicationConstructed, applicationTag, contextConstructed, contextTag } from '../ber/tags.js';

/** protocolOp tags. */
export const OP = {
  bindRequest: applicationConstructed(0),
  bindResponse: applicationConstructed(1),
  unbindRequest: applicationTag(2),
  searchRequest: applicationConstructed(3),
  searchEntry: applicationConstructed(4),
  searchDone: applicationConstructed(5),
  modifyRequest: applicationConstructed(6),
  modifyResponse: applicationConstructed(7),
  addRequest: applicationConstructed(8),
  addResponse: applicationConstructed(9),
  deleteRequest: applicationTag(10),
  deleteResponse: applicationConstructed(11),
  modifyDnRequest: applicationConstructed(12),
  modifyDnResponse: applicationConstructed(13),
  compareRequest: applicationConstructed(14),
  compareResponse: applicationConstructed(15),
  abandonRequest: applicationTag(16),
  searchReference: applicationConstructed(19),
  extendedRequest: applicationConstructed(23),
  extendedResponse: applicationConstructed(24),
  intermediateResponse: applicationConstructed(25),
} as const;

/** [0] Controls of an LDAPMessage. */
export const CONTROLS_TAG = contextConstructed(0);
/** [3] Referral of an LDAPResult. */
export const REFERRAL_TAG = contextConstructed(3);

/** Filter choices (RFC 4511 section 4.5.1). */
export const FILTER = {
  and: contextConstructed(0),
  or: contextConstructed(1),
  not: contextConstructed(2),
  equality: contextConstructed(3),
  substrings: contextConstructed(4),
  greaterOrEqual: contextConstructed(5),
  lessOrEqual: contextConstructed(6),
  present: contextTag(7),
  approx: contextConstructed(8),
  extensible: contextConstructed(9),
} as const;
