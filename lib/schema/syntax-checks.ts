/**
 * What octets each syntax allows (RFC 4517 section 3.3): one function a syntax, used by the table in syntaxes.ts.
 *
 * Invariants: total (false, never an exception), linear, no RegExp. Where a section's grammar and long practice differ, the comment says
 * which won.
 */
import { isHexDigit } from '../base/ascii.js';
import { isAscii, isUtf8, isUtf8InSteps, latin1, utf8Decode, utf8Encode } from '../base/bytes.js';
import { LdapError } from '../base/ldap-error.js';
import { LIMITS } from '../base/limits.js';
import type { Steps } from '../base/steps.js';
import { parseDn } from '../dn/dn-text.js';
import { isDerSequence } from './certificate-form.js';
import type { DescriptionKind } from './description.js';
import { isInteger } from './integer-form.js';
import { parseDescription } from './schema-parser.js';
import { readSubtreeSpecification } from './subtree-specification.js';
import { generalizedTimeForm, utcTimeForm } from './time-form.js';
import { authorizationForm, isBitString, isOid, uuidForm } from './value-forms.js';

export { isBitString, isDerSequence, isInteger, isOid };

type Check = (value: Uint8Array) => boolean;

const DOLLAR = 0x24;
const MAX_PARTS = 16;
const DELIVERY_METHODS: ReadonlySet<string> = new Set([
  'any',
  'mhs',
  'physical',
  'telex',
  'teletex',
  'g3fax',
  'g4fax',
  'ia5',
  'videotex',
  'telephone',
]);
/** RFC 4517 section 3.3.11. */
const FAX_PARAMETERS: ReadonlySet<string> = new Set([
  'twodimensional',
  'fineresolution',
  'unlimitedlength',
  'b4length',
  'a3width',
  'b4width',
  'uncompressed',
]);
/** RFC 4517 section 3.3.32. */
const TELETEX_PARAMETERS: ReadonlySet<string> = new Set(['graphic', 'control', 'misc', 'page', 'private']);

export const isAnything: Check = () => true;

/** Non-empty UTF-8: for syntaxes that have a name and no grammar that anyone checks. */
export const isAnyText: Check = (value) => value.length > 0 && isUtf8(value);

/** A check that anybody may ask for, in steps where it goes through all octets of a long text. */
export function* passesInSteps(check: Check, value: Uint8Array): Steps<boolean> {
  return check === isAnyText ? value.length > 0 && (yield* isUtf8InSteps(value)) : check(value);
}

/** Section 3.3.6. */
export const isDirectoryString: Check = isAnyText;

/** Section 3.3.15: may be empty. */
export const isIa5String: Check = isAscii;

/** Section 3.3.3: upper case only, for clients compare it as text; booleanMatch is not so strict with assertions. */
export const isBoolean: Check = (value) => {
  if (value.length !== 4 && value.length !== 5) return false;
  const text = latin1(value);
  return text === 'TRUE' || text === 'FALSE';
};

/** Section 3.3.4: two printable characters. */
export const isCountryString: Check = (value) => value.length === 2 && isPrintableString(value);

/** Section 3.3.29. */
export function isPrintableString(value: Uint8Array): boolean {
  if (value.length === 0) return false;
  for (let i = 0; i < value.length; i++) if (!isPrintable(value[i] as number)) return false;
  return true;
}

/** Section 3.3.23: digits and spaces. */
export const isNumericString: Check = (value) => {
  if (value.length === 0) return false;
  for (let i = 0; i < value.length; i++) {
    const c = value[i] as number;
    if (c !== 0x20 && (c < 0x30 || c > 0x39)) return false;
  }
  return true;
};

/** Section 3.3.31: a Printable String; ITU E.123 is not enforced, as everywhere. */
export const isTelephoneNumber: Check = isPrintableString;

/** Section 3.3.9. */
export const isDistinguishedName: Check = (value) => {
  if (value.length > LIMITS.dnBytes) return false;
  const text = utf8Decode(value);
  return text !== undefined && parses(text);
};

/** Section 3.3.21. */
export const isNameAndOptionalUid: Check = (value) => {
  const hash = value.lastIndexOf(0x23);
  if (hash >= 0 && isBitString(value.subarray(hash + 1))) return isDistinguishedName(value.subarray(0, hash));
  return isDistinguishedName(value);
};

export const isGeneralizedTime: Check = (value) => generalizedTimeForm(value) !== undefined;
export const isUtcTime: Check = (value) => utcTimeForm(value) !== undefined;
export const isUuid: Check = (value) => uuidForm(value) !== undefined;

/** Section 3.3.5: names of methods with '$' between. */
export const isDeliveryMethod: Check = (value) => {
  if (!isAscii(value)) return false;
  return latin1(value)
    .split('$')
    .every((part) => DELIVERY_METHODS.has(part.trim()));
};

/** Section 3.3.11: a telephone number and parameters with '$' between. */
export const isFacsimileNumber: Check = (value) => {
  const [number, ...parameters] = splitAt(value, DOLLAR);
  if (number === undefined || !isPrintableString(number)) return false;
  return parameters.every((p) => isAscii(p) && FAX_PARAMETERS.has(latin1(p).toLowerCase()));
};

/** Section 3.3.32: a terminal and `name:value` parameters with '$' between. */
export const isTeletexTerminal: Check = (value) => {
  const [terminal, ...parameters] = splitAt(value, DOLLAR);
  if (terminal === undefined || !isPrintableString(terminal)) return false;
  return parameters.every((p) => {
    const colon = p.indexOf(0x3a);
    return colon > 0 && TELETEX_PARAMETERS.has(latin1(p.subarray(0, colon)).toLowerCase());
  });
};

/** Section 3.3.33: number, country and answerback. */
export const isTelexNumber: Check = (value) => {
  const parts = splitAt(value, DOLLAR);
  return parts.length === 3 && parts.every(isPrintableString);
};

/** Section 3.3.27: `type$mailbox`. */
export const isOtherMailbox: Check = (value) => {
  const dollar = value.indexOf(DOLLAR);
  return dollar > 0 && isPrintableString(value.subarray(0, dollar)) && isAscii(value.subarray(dollar + 1));
};

/** Section 3.3.28: lines of UTF-8, none of them empty, '\' only as \24 or \5C. */
export const isPostalAddress: Check = (value) => {
  if (value[0] === DOLLAR) return false;
  for (let i = value.indexOf(DOLLAR); i >= 0; i = value.indexOf(DOLLAR, i + 1))
    if (i + 1 === value.length || value[i + 1] === DOLLAR) return false;
  return isPostalText(value);
};

/** The same with empty lines: such values were stored, and are to be found. */
export const isPostalText: Check = (value) => {
  if (!isAnyText(value)) return false;
  for (let i = value.indexOf(0x5c); i >= 0; i = value.indexOf(0x5c, i + 1)) {
    const pair = latin1(value.subarray(i + 1, i + 3)).toUpperCase();
    if (pair !== '24' && pair !== '5C') return false;
  }
  return true;
};

/** Section 3.3.30: a string with at least one '*', '\' only as \2A or \5C. */
export const isSubstringAssertion: Check = (value) => {
  if (!isAnyText(value) || !value.includes(0x2a)) return false;
  for (let i = 1; i < value.length; i++) if (value[i] === 0x2a && value[i - 1] === 0x2a) return false;
  for (let i = value.indexOf(0x5c); i >= 0; i = value.indexOf(0x5c, i + 1)) {
    const pair = latin1(value.subarray(i + 1, i + 3)).toUpperCase();
    if (pair !== '2A' && pair !== '5C') return false;
  }
  return true;
};

/** Section 3.3.14: `class#criteria`; criteria are terms with '&', '|', '!' and parentheses. */
export const isGuide: Check = (value) => {
  const parts = splitAt(value, 0x23).map(trim);
  const criteria = parts[parts.length - 1];
  if (criteria === undefined || parts.length > 2) return false;
  return (parts.length === 1 || isOid(parts[0] as Uint8Array)) && isCriteria(criteria);
};

/** Section 3.3.10: `class#criteria#subset`. */
export const isEnhancedGuide: Check = (value) => {
  const [name, criteria, subset, ...more] = splitAt(value, 0x23).map(trim);
  if (name === undefined || criteria === undefined || subset === undefined || more.length > 0) return false;
  const scope = latin1(subset);
  return isOid(name) && isCriteria(criteria) && ['baseobject', 'oneLevel', 'wholeSubtree'].includes(scope);
};

/** RFC 3672 section 2.1. */
export const isSubtreeSpecification: Check = (value) => readSubtreeSpecification(value) !== undefined;

/** RFC 2307 section 2.4: `(host,user,domain)`, each part possibly empty or '-'. */
export const isNetgroupTriple: Check = (value) => {
  if (!isAscii(value)) return false;
  const text = latin1(value).trim();
  if (!text.startsWith('(') || !text.endsWith(')')) return false;
  const inner = text.slice(1, -1);
  return inner.split(',').length === 3 && !inner.includes('(') && !inner.includes(')');
};

/** RFC 2307 section 2.4: `key=server:path`. */
export const isBootParameter: Check = (value) => {
  if (!isAscii(value)) return false;
  const text = latin1(value);
  const equals = text.indexOf('=');
  return equals > 0 && text.indexOf(':', equals + 1) > equals + 1;
};

/** RFC 3112 section 3.1: `scheme$info$value`. */
export const isAuthPassword: Check = (value) => {
  const [scheme, info, hash, ...more] = splitAt(value, DOLLAR).map(trim);
  if (scheme === undefined || info === undefined || hash === undefined || more.length > 0) return false;
  if (scheme.length === 0 || !isAscii(value)) return false;
  return scheme.every(
    (c) =>
      (c >= 0x30 && c <= 0x39) ||
      (c >= 0x41 && c <= 0x5a) ||
      c === 0x2d ||
      c === 0x2e ||
      c === 0x2f ||
      c === 0x5f,
  );
};

/** Who may act as whom, as OpenLDAP writes it (slapd.conf(5), authz-policy). */
export const isAuthorization: Check = (value) => authorizationForm(value) !== undefined;

/** Ours (24 hex digits), or OpenLDAP's `time#count#sid#mod`. */
export const isCsn: Check = (value) => {
  if (value.length > 64 || !isAscii(value)) return false;
  if (value.length === 24 && value.every(isHexDigit)) return true;
  const [time, ...counts] = splitAt(value, 0x23);
  if (time === undefined || counts.length !== 3) return false;
  return generalizedTimeForm(time) !== undefined && counts.every((c) => c.length > 0 && c.every(isHexDigit));
};

/** A description of the given kind (RFC 4512 section 4.1), read as leniently as schema files are. */
export function isDescriptionOf(kind: DescriptionKind): Check {
  return (value) => {
    if (value.length > LIMITS.schemaDescriptionBytes) return false;
    const text = utf8Decode(value);
    if (text === undefined) return false;
    const description = parseDescription(kind, text);
    if (typeof description === 'string') return false;
    return REQUIRED_FIELDS[kind].every((oneOf) => oneOf.some((field) => description.fields.has(field)));
  };
}

/** What a description cannot lack (RFC 4512 sections 4.1.1 to 4.1.7): of each list one. */
const REQUIRED_FIELDS: Readonly<Record<DescriptionKind, readonly (readonly string[])[]>> = {
  ldapSyntaxes: [],
  matchingRules: [['SYNTAX']],
  matchingRuleUse: [['APPLIES']],
  attributeTypes: [['SUP', 'SYNTAX']],
  objectClasses: [],
  nameForms: [['OC'], ['MUST']],
  dITContentRules: [],
  dITStructureRules: [['FORM']],
};

function parses(dn: string): boolean {
  try {
    parseDn(dn);
    return true;
  } catch (error) {
    if (error instanceof LdapError) return false;
    throw error;
  }
}

/**
 * The grammar of criteria by a stack-free walk: operands and operators alternate, parentheses balance.
 * An operand is `attribute$type`, `?true` or `?false`.
 */
function isCriteria(value: Uint8Array): boolean {
  const text = utf8Decode(value);
  if (text === undefined || text === '') return false;
  let depth = 0;
  let wantsOperand = true;
  for (let i = 0; i < text.length; ) {
    const c = text.charAt(i);
    if (c === ' ') i += 1;
    else if (wantsOperand && (c === '!' || c === '(')) {
      if (c === '(') depth += 1;
      if (depth > LIMITS.nesting) return false;
      i += 1;
    } else if (wantsOperand) {
      const end = operandEnd(text, i);
      if (!isOperand(text.slice(i, end))) return false;
      wantsOperand = false;
      i = end;
    } else if (c === ')') {
      depth -= 1;
      if (depth < 0) return false;
      i += 1;
    } else if (c === '&' || c === '|') {
      wantsOperand = true;
      i += 1;
    } else return false;
  }
  return depth === 0 && !wantsOperand;
}

function operandEnd(text: string, from: number): number {
  let end = from;
  while (end < text.length && !' &|()!'.includes(text.charAt(end))) end += 1;
  return end;
}

function isOperand(text: string): boolean {
  if (text === '?true' || text === '?false') return true;
  const dollar = text.indexOf('$');
  if (dollar < 1 || !isOid(utf8Encode(text.slice(0, dollar)))) return false;
  return ['EQ', 'SUBSTR', 'GE', 'LE', 'APPROX'].includes(text.slice(dollar + 1));
}

/** Parts between separators. No grammar here has more than MAX_PARTS; the last one then holds the rest, which no part may be. */
function splitAt(value: Uint8Array, separator: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let start = 0;
  for (
    let i = value.indexOf(separator);
    i >= 0 && parts.length < MAX_PARTS;
    i = value.indexOf(separator, start)
  ) {
    parts.push(value.subarray(start, i));
    start = i + 1;
  }
  parts.push(value.subarray(start));
  return parts;
}

function trim(value: Uint8Array): Uint8Array {
  let start = 0;
  let end = value.length;
  while (start < end && value[start] === 0x20) start += 1;
  while (end > start && value[end - 1] === 0x20) end -= 1;
  return value.subarray(start, end);
}

/** RFC 4517 section 3.2 PrintableCharacter. */
function isPrintable(c: number): boolean {
  return (
    (c >= 0x61 && c <= 0x7a) ||
    (c >= 0x41 && c <= 0x5a) ||
    (c >= 0x30 && c <= 0x39) ||
    c === 0x20 ||
    (c >= 0x27 && c <= 0x29) ||
    (c >= 0x2b && c <= 0x2f) ||
    c === 0x3a ||
    c === 0x3d ||
    c === 0x3f
  );
}
