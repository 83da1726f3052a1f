/**
 * The BER values that a name's text may hold after '#' (RFC 4514 section 2.4): one primitive element, turned into its LDAP octets.
 *
 * Owns just this much of X.690; messages are ber/. String types become their characters in UTF-8, BOOLEAN and INTEGER their LDAP text;
 * what has no LDAP string form keeps its whole encoding. Total: undefined for anything that is not exactly one definite-length element.
 */
import { utf8Encode } from '../base/bytes.js';

const BOOLEAN = 0x01;
const INTEGER = 0x02;
const OCTET_STRING = 0x04;
/** UTF8String, NumericString, PrintableString, IA5String, UTCTime, GeneralizedTime, VisibleString: their octets are UTF-8 already. */
const UTF8_LIKE: readonly number[] = [0x0c, 0x12, 0x13, 0x16, 0x17, 0x18, 0x1a];
const TELETEX_STRING = 0x14;
const UNIVERSAL_STRING = 0x1c;
const BMP_STRING = 0x1e;

/** The LDAP octets of one BER element, or undefined where `ber` is not exactly one. */
export function decodeBerValue(ber: Uint8Array): Uint8Array | undefined {
  const tag = ber[0];
  const first = ber[1];
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return undefined;
  let start = 2;
  let length = first;
  if (first >= 0x80) {
    const octets = first & 0x7f;
    if (octets === 0 || octets > 4 || ber.length < 2 + octets) return undefined;
    length = 0;
    for (let i = 0; i < octets; i++) length = length * 256 + (ber[2 + i] as number);
    start = 2 + octets;
  }
  if (start + length !== ber.length) return undefined;
  const content = ber.slice(start);
  if (tag === OCTET_STRING || UTF8_LIKE.includes(tag)) return content;
  if (tag === TELETEX_STRING) return utf8Encode(String.fromCharCode(...content));
  if (tag === BMP_STRING) return decodeWide(content, 2);
  if (tag === UNIVERSAL_STRING) return decodeWide(content, 4);
  if (tag === BOOLEAN) return length === 1 ? utf8Encode(content[0] === 0 ? 'FALSE' : 'TRUE') : undefined;
  if (tag === INTEGER) return decodeInteger(content);
  return ber;
}

/** BER of an OCTET STRING, definite form, shortest length. */
export function encodeBerOctets(value: Uint8Array): Uint8Array {
  const header = [OCTET_STRING];
  const n = value.length;
  if (n < 0x80) header.push(n);
  else if (n < 0x100) header.push(0x81, n);
  else if (n < 0x10000) header.push(0x82, n >> 8, n & 0xff);
  else header.push(0x84, n >>> 24, (n >>> 16) & 0xff, (n >>> 8) & 0xff, n & 0xff);
  const out = new Uint8Array(header.length + n);
  out.set(header);
  out.set(value, header.length);
  return out;
}

function decodeWide(content: Uint8Array, width: 2 | 4): Uint8Array | undefined {
  if (content.length % width !== 0) return undefined;
  let text = '';
  for (let i = 0; i < content.length; i += width) {
    let point = 0;
    for (let k = 0; k < width; k++) point = point * 256 + (content[i + k] as number);
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return undefined;
    text += String.fromCodePoint(point);
  }
  return utf8Encode(text);
}

/** Two's complement to decimal text. The name's bound keeps it to some kilobytes; 64 octets are beyond any use. */
function decodeInteger(content: Uint8Array): Uint8Array | undefined {
  if (content.length === 0 || content.length > 64) return undefined;
  let value = 0n;
  for (const octet of content) value = value * 256n + BigInt(octet);
  return utf8Encode(BigInt.asIntN(content.length * 8, value).toString());
}
