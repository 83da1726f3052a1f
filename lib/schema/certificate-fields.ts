/**
 * What matching rules look at in X.509 certificates and revocation lists (RFC 5280 sections 4.1 and 5.1).
 *
 * Owns where the fields are. Names are DnKeys, times the form of generalizedTimeMatch as text, so that both compare as strings. Total: undefined for what
 * is no certificate or list.
 */
import { latin1, utf8Encode } from '../base/bytes.js';
import { decodeBerValue } from '../dn/ber-value.js';
import {
  BIT_STRING,
  childrenOf,
  type Element,
  elementAt,
  GENERALIZED_TIME,
  INTEGER,
  OBJECT_IDENTIFIER,
  OCTET_STRING,
  oidText,
  readName,
  SEQUENCE,
  UTC_TIME,
} from './der.js';
import { dnKey } from './dn-key.js';
import { generalizedTimeForm } from './time-form.js';

const EXPLICIT_VERSION = 0xa0;
const CERTIFICATE_EXTENSIONS = 0xa3;
const LIST_EXTENSIONS = 0xa0;
const MAX_FIELDS = 16;
const MAX_EXTENSIONS = 100;
const MAX_NUMBER_OCTETS = 40;

export interface CertificateFields {
  /** Decimal. */
  readonly serial: string;
  readonly issuer: string;
  readonly subject: string;
  readonly notBefore: string;
  readonly notAfter: string;
  /** OID of the algorithm of the subject's key. */
  readonly algorithm: string;
  readonly subjectKeyIdentifier: Uint8Array | undefined;
  /** Numbers of the bits that are set; undefined without the extension. */
  readonly keyUsage: ReadonlySet<number> | undefined;
}

export interface RevocationFields {
  readonly issuer: string;
  readonly thisUpdate: string;
  readonly nextUpdate: string | undefined;
  /** CRL number. */
  readonly number: bigint | undefined;
}

/** The fields of a certificate. */
export function readCertificate(der: Uint8Array): CertificateFields | undefined {
  const fields = signedFields(der);
  if (fields === undefined) return undefined;
  const from = fields[0]?.tag === EXPLICIT_VERSION ? 1 : 0;
  const [serial, , issuer, validity, subject, key] = fields.slice(from);
  const times = validity?.tag === SEQUENCE ? childrenOf(der, validity, 2) : undefined;
  const algorithm = key?.tag === SEQUENCE ? elementAt(der, key.start, key.end) : undefined;
  const oid = algorithm?.tag === SEQUENCE ? elementAt(der, algorithm.start, algorithm.end) : undefined;
  const extensions = readExtensions(
    der,
    fields.find((one) => one.tag === CERTIFICATE_EXTENSIONS),
  );
  const found = {
    serial: integerText(der, serial),
    issuer: nameText(der, issuer),
    subject: nameText(der, subject),
    notBefore: timeText(der, times?.[0]),
    notAfter: timeText(der, times?.[1]),
    algorithm: oid?.tag === OBJECT_IDENTIFIER ? oidText(der.subarray(oid.start, oid.end)) : undefined,
  };
  const { serial: number, issuer: by, subject: of, notBefore, notAfter, algorithm: id } = found;
  if (number === undefined || by === undefined || of === undefined || id === undefined) return undefined;
  if (notBefore === undefined || notAfter === undefined || extensions === undefined) return undefined;
  return {
    serial: number,
    issuer: by,
    subject: of,
    notBefore,
    notAfter,
    algorithm: id,
    subjectKeyIdentifier: octetsIn(extensions.get('2.5.29.14')),
    keyUsage: bitsIn(extensions.get('2.5.29.15')),
  };
}

/** The fields of a revocation list. */
export function readRevocationList(der: Uint8Array): RevocationFields | undefined {
  const fields = signedFields(der);
  if (fields === undefined) return undefined;
  const from = fields[0]?.tag === INTEGER ? 1 : 0;
  const [, issuer, first, second] = fields.slice(from);
  const by = nameText(der, issuer);
  const thisUpdate = timeText(der, first);
  const extensions = readExtensions(
    der,
    fields.find((one) => one.tag === LIST_EXTENSIONS),
  );
  if (by === undefined || thisUpdate === undefined || extensions === undefined) return undefined;
  const held = extensions.get('2.5.29.20');
  const number = held === undefined ? undefined : integerText(held, elementAt(held, 0, held.length));
  return {
    issuer: by,
    thisUpdate,
    nextUpdate: timeText(der, second),
    number: number === undefined ? undefined : BigInt(number),
  };
}

/** `20` or `19`, for the two digits of a UTCTime's year (RFC 5280 section 4.1.2.5.1). */
export function centuryOf(utcTime: string): string {
  return utcTime < '50' ? '20' : '19';
}

/** The fields of the part that is signed. */
function signedFields(der: Uint8Array): readonly Element[] | undefined {
  const whole = elementAt(der, 0, der.length);
  if (whole === undefined || whole.tag !== SEQUENCE || whole.end !== der.length) return undefined;
  const signed = elementAt(der, whole.start, whole.end);
  return signed === undefined || signed.tag !== SEQUENCE ? undefined : childrenOf(der, signed, MAX_FIELDS);
}

/** Contents of extensions by OID; none where there are no extensions. */
function readExtensions(
  der: Uint8Array,
  wrapper: Element | undefined,
): ReadonlyMap<string, Uint8Array> | undefined {
  const extensions = new Map<string, Uint8Array>();
  if (wrapper === undefined) return extensions;
  const sequence = elementAt(der, wrapper.start, wrapper.end);
  const list = sequence?.tag === SEQUENCE ? childrenOf(der, sequence, MAX_EXTENSIONS) : undefined;
  if (list === undefined) return undefined;
  for (const one of list) {
    const parts = childrenOf(der, one, 3);
    const oid = parts?.[0];
    const held = parts?.[parts.length - 1];
    if (oid?.tag !== OBJECT_IDENTIFIER || held?.tag !== OCTET_STRING) return undefined;
    const id = oidText(der.subarray(oid.start, oid.end));
    if (id !== undefined) extensions.set(id, der.subarray(held.start, held.end));
  }
  return extensions;
}

function integerText(der: Uint8Array, element: Element | undefined): string | undefined {
  if (element?.tag !== INTEGER || element.end - element.start > MAX_NUMBER_OCTETS) return undefined;
  const number = decodeBerValue(der.subarray(element.at, element.end));
  return number === undefined ? undefined : latin1(number);
}

function nameText(der: Uint8Array, element: Element | undefined): string | undefined {
  const rdns = element?.tag === SEQUENCE ? readName(der, element) : undefined;
  return rdns === undefined ? undefined : dnKey({ rdns });
}

function timeText(der: Uint8Array, element: Element | undefined): string | undefined {
  if (element === undefined || element.end - element.start > 32) return undefined;
  const text = latin1(der.subarray(element.start, element.end));
  const full =
    element.tag === UTC_TIME ? centuryOf(text) + text : element.tag === GENERALIZED_TIME ? text : '';
  const form = generalizedTimeForm(utf8Encode(full));
  return form === undefined ? undefined : latin1(form);
}

function octetsIn(extension: Uint8Array | undefined): Uint8Array | undefined {
  const element = extension === undefined ? undefined : elementAt(extension, 0, extension.length);
  return element?.tag === OCTET_STRING ? extension?.subarray(element.start, element.end) : undefined;
}

function bitsIn(extension: Uint8Array | undefined): ReadonlySet<number> | undefined {
  const element = extension === undefined ? undefined : elementAt(extension, 0, extension.length);
  if (extension === undefined || element?.tag !== BIT_STRING) return undefined;
  const bits = new Set<number>();
  // The first octet counts unused bits at the end; they are zero.
  for (let i = element.start + 1; i < element.end; i++) {
    for (let bit = 0; bit < 8; bit++)
      if (((extension[i] as number) & (0x80 >> bit)) !== 0) bits.add((i - element.start - 1) * 8 + bit);
  }
  return bits;
}
