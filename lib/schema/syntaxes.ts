/**
 * LDAP syntaxes: the one table (RFC 4517 section 3.3 and those that other standards and products add).
 *
 * A syntax is judged by its octets alone; the checks are syntax-checks.ts. Every check is total and linear. An OID that is not here is
 * no syntax of ours; schema files may define more with X-SUBST (schema-builder.ts).
 */
import type { Syntax } from './syntax.js';
import * as check from './syntax-checks.js';

type Row = readonly [
  oid: string,
  description: string,
  isValid: (value: Uint8Array) => boolean,
  binary?: 'binary',
];

/** RFC 4517 section 3.3 and, with no current RFC, RFC 2252 section 6: last arc under 1.3.6.1.4.1.1466.115.121.1. */
const STANDARD: readonly Row[] = [
  ['1', 'ACI Item', check.isAnyText],
  ['2', 'Access Point', check.isAnyText],
  ['3', 'Attribute Type Description', check.isDescriptionOf('attributeTypes')],
  ['4', 'Audio', check.isAnything, 'binary'],
  ['5', 'Binary', check.isAnything, 'binary'],
  ['6', 'Bit String', check.isBitString],
  ['7', 'Boolean', check.isBoolean],
  ['8', 'Certificate', check.isDerSequence, 'binary'],
  ['9', 'Certificate List', check.isDerSequence, 'binary'],
  ['10', 'Certificate Pair', check.isDerSequence, 'binary'],
  ['11', 'Country String', check.isCountryString],
  ['12', 'DN', check.isDistinguishedName],
  ['13', 'Data Quality Syntax', check.isAnyText],
  ['14', 'Delivery Method', check.isDeliveryMethod],
  ['15', 'Directory String', check.isDirectoryString],
  ['16', 'DIT Content Rule Description', check.isDescriptionOf('dITContentRules')],
  ['17', 'DIT Structure Rule Description', check.isDescriptionOf('dITStructureRules')],
  ['19', 'DSA Quality Syntax', check.isAnyText],
  ['21', 'Enhanced Guide', check.isEnhancedGuide],
  ['22', 'Facsimile Telephone Number', check.isFacsimileNumber],
  ['23', 'Fax', check.isAnything, 'binary'],
  ['24', 'Generalized Time', check.isGeneralizedTime],
  ['25', 'Guide', check.isGuide],
  ['26', 'IA5 String', check.isIa5String],
  ['27', 'INTEGER', check.isInteger],
  ['28', 'JPEG', check.isAnything, 'binary'],
  ['29', 'Master And Shadow Access Points', check.isAnyText],
  ['30', 'Matching Rule Description', check.isDescriptionOf('matchingRules')],
  ['31', 'Matching Rule Use Description', check.isDescriptionOf('matchingRuleUse')],
  ['32', 'Mail Preference', check.isDirectoryString],
  ['33', 'MHS OR Address', check.isIa5String],
  ['34', 'Name And Optional UID', check.isNameAndOptionalUid],
  ['35', 'Name Form Description', check.isDescriptionOf('nameForms')],
  ['36', 'Numeric String', check.isNumericString],
  ['37', 'Object Class Description', check.isDescriptionOf('objectClasses')],
  ['38', 'OID', check.isOid],
  ['39', 'Other Mailbox', check.isOtherMailbox],
  ['40', 'Octet String', check.isAnything],
  ['41', 'Postal Address', check.isPostalAddress],
  ['42', 'Protocol Information', check.isAnyText],
  ['43', 'Presentation Address', check.isDirectoryString],
  ['44', 'Printable String', check.isPrintableString],
  ['45', 'SubtreeSpecification', check.isSubtreeSpecification],
  ['49', 'Supported Algorithm', check.isDerSequence, 'binary'],
  ['50', 'Telephone Number', check.isTelephoneNumber],
  ['51', 'Teletex Terminal Identifier', check.isTeletexTerminal],
  ['52', 'Telex Number', check.isTelexNumber],
  ['53', 'UTC Time', check.isUtcTime],
  ['54', 'LDAP Syntax Description', check.isDescriptionOf('ldapSyntaxes')],
  ['55', 'Modify Rights', check.isAnyText],
  ['56', 'LDAP Schema Definition', check.isAnyText],
  ['57', 'LDAP Schema Description', check.isAnyText],
  ['58', 'Substring Assertion', check.isSubstringAssertion],
];

const OTHERS: readonly Row[] = [
  // RFC 2307 section 2.4.
  ['1.3.6.1.1.1.0.0', 'NIS Netgroup Triple', check.isNetgroupTriple],
  ['1.3.6.1.1.1.0.1', 'Boot Parameter', check.isBootParameter],
  // RFC 4523 section 2: assertions have no stored values, so their text is not judged here.
  ['1.3.6.1.1.15.1', 'X.509 Certificate Exact Assertion', check.isAnyText],
  ['1.3.6.1.1.15.2', 'X.509 Certificate Assertion', check.isAnyText],
  ['1.3.6.1.1.15.3', 'X.509 Certificate Pair Exact Assertion', check.isAnyText],
  ['1.3.6.1.1.15.4', 'X.509 Certificate Pair Assertion', check.isAnyText],
  ['1.3.6.1.1.15.5', 'X.509 Certificate List Exact Assertion', check.isAnyText],
  ['1.3.6.1.1.15.6', 'X.509 Certificate List Assertion', check.isAnyText],
  ['1.3.6.1.1.15.7', 'X.509 Algorithm Identifier', check.isAnyText],
  // X.509 attribute certificates and PKCS #8 keys, under the OIDs that OpenLDAP uses.
  ['1.3.6.1.4.1.4203.666.11.10.2.1', 'X.509 Attribute Certificate', check.isDerSequence, 'binary'],
  ['1.2.840.113549.1.8.1.1', 'PKCS#8 Private Key', check.isDerSequence, 'binary'],
  // RFC 4530 section 2.1.
  ['1.3.6.1.1.16.1', 'UUID', check.isUuid],
  // RFC 3112 section 3.1.
  ['1.3.6.1.4.1.4203.1.1.2', 'Authentication Password', check.isAuthPassword],
  // OpenLDAP's authorization rules, of dyngroup.schema.
  ['1.3.6.1.4.1.4203.666.2.7', 'OpenLDAP Authorization', check.isAuthorization],
  // OpenLDAP's change sequence numbers, and ours of 24 hex digits.
  ['1.3.6.1.4.1.4203.666.11.2.1', 'CSN', check.isCsn],
  ['1.3.6.1.4.1.4203.666.11.2.4', 'CSN SID', check.isAnyText],
  // OpenDJ's stored passwords: {SCHEME}value.
  ['1.3.6.1.4.1.26027.1.3.1', 'User Password', check.isAnything],
];

const BY_OID = new Map<string, Syntax>();
for (const [arc, ...rest] of STANDARD) add([`1.3.6.1.4.1.1466.115.121.1.${arc}`, ...rest]);
for (const row of OTHERS) add(row);

/** The syntax of an OID, or undefined where it is none of ours. */
export function syntax(oid: string): Syntax | undefined {
  return BY_OID.get(oid);
}

/** All syntaxes, for cn=schema. */
export function syntaxes(): readonly Syntax[] {
  return [...BY_OID.values()];
}

/** Whether values of the syntax are transferred with `;binary` only (RFC 4522 section 2, RFC 4523 section 2). */
export function needsBinaryTransfer(oid: string): boolean {
  switch (oid) {
    case '1.3.6.1.4.1.1466.115.121.1.8':
    case '1.3.6.1.4.1.1466.115.121.1.9':
    case '1.3.6.1.4.1.1466.115.121.1.10':
    case '1.3.6.1.4.1.1466.115.121.1.49':
      return true;
    default:
      return false;
  }
}

function add([oid, description, isValid, binary]: Row): void {
  BY_OID.set(oid, { oid, description, humanReadable: binary === undefined, isValid });
}
