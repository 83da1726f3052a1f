/**
 * X.509 certificates of version 3, as DER: just what a topology needs (RFC 5280), on our own BER writer and Node's keys.
 *
 * P-256 keys, ECDSA with SHA-256. Owns the encoding; certificates.ts decides what is in a certificate and where it is kept.
 */
import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { isIP } from 'node:net';
import { fromHex } from '../base/bytes.js';
import { BerReader } from '../ber/ber-reader.js';
import { BerWriter } from '../ber/ber-writer.js';
import { contextConstructed, contextTag, TAG } from '../ber/tags.js';

const OID = 0x06;
const BIT_STRING = 0x03;
const UTF8_STRING = 0x0c;
const GENERALIZED_TIME = 0x18;
const UTC_TIME = 0x17;

const OIDS = {
  commonName: '2.5.4.3',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
  extendedKeyUsage: '2.5.29.37',
  subjectAltName: '2.5.29.17',
  subjectKeyId: '2.5.29.14',
  authorityKeyId: '2.5.29.35',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

export interface CertificateRequest {
  /** 16 random octets. */
  readonly serial: Uint8Array;
  /** Common names; at most 64 characters each. */
  readonly subject: string;
  readonly issuer: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly subjectKey: KeyObject;
  readonly issuerKey: KeyObject;
  /** A CA signs certificates and nothing else. */
  readonly authority: boolean;
  /** DNS names and IP addresses of the server. */
  readonly hosts: readonly string[];
}

/** A signed certificate in PEM form. */
export function makeCertificate(request: CertificateRequest): string {
  const tbs = toBeSigned(request);
  const signature = sign('sha256', tbs, request.issuerKey);
  const writer = new BerWriter(1024);
  bitString(writer, signature, 0);
  algorithm(writer);
  writer.raw(tbs);
  writer.wrap(TAG.sequence, 0);
  return pem('CERTIFICATE', writer.bytes());
}

function toBeSigned(request: CertificateRequest): Uint8Array {
  const writer = new BerWriter(1024);
  extensions(writer, request);
  writer.raw(createPublicKey(request.subjectKey).export({ type: 'spki', format: 'der' }));
  name(writer, request.subject);
  const validity = writer.length;
  time(writer, request.notAfterMs);
  time(writer, request.notBeforeMs);
  writer.wrap(TAG.sequence, validity);
  name(writer, request.issuer);
  algorithm(writer);
  const serial = Uint8Array.from(request.serial);
  serial[0] = ((serial[0] as number) & 0x7f) | 0x40;
  writer.octets(serial, TAG.integer);
  const version = writer.length;
  writer.integer(2);
  writer.wrap(contextConstructed(0), version);
  writer.wrap(TAG.sequence, 0);
  return writer.copySince(0);
}

/** Written last first, as everything here. */
function extensions(writer: BerWriter, request: CertificateRequest): void {
  const all = writer.length;
  extension(writer, OIDS.authorityKeyId, false, (w) => {
    w.octets(keyId(request.issuerKey), contextTag(0));
    w.wrap(TAG.sequence, 0);
  });
  extension(writer, OIDS.subjectKeyId, false, (w) => w.octets(keyId(request.subjectKey)));
  if (request.hosts.length > 0) {
    extension(writer, OIDS.subjectAltName, false, (w) => {
      for (const host of [...request.hosts].reverse()) {
        const address = addressOctets(host);
        if (address === undefined) w.text(host, contextTag(2));
        else w.octets(address, contextTag(7));
      }
      w.wrap(TAG.sequence, 0);
    });
  }
  if (!request.authority) {
    extension(writer, OIDS.extendedKeyUsage, false, (w) => {
      oid(w, OIDS.clientAuth);
      oid(w, OIDS.serverAuth);
      w.wrap(TAG.sequence, 0);
    });
  }
  // keyCertSign and cRLSign, or digitalSignature.
  extension(writer, OIDS.keyUsage, true, (w) =>
    request.authority ? bitString(w, Uint8Array.of(0x06), 1) : bitString(w, Uint8Array.of(0x80), 7),
  );
  extension(writer, OIDS.basicConstraints, true, (w) => {
    if (request.authority) w.boolean(true);
    w.wrap(TAG.sequence, 0);
  });
  writer.wrap(TAG.sequence, all);
  writer.wrap(contextConstructed(3), all);
}

function extension(
  writer: BerWriter,
  id: string,
  critical: boolean,
  value: (writer: BerWriter) => void,
): void {
  const inner = new BerWriter(128);
  value(inner);
  const mark = writer.length;
  writer.octets(inner.bytes());
  if (critical) writer.boolean(true);
  oid(writer, id);
  writer.wrap(TAG.sequence, mark);
}

function algorithm(writer: BerWriter): void {
  const mark = writer.length;
  oid(writer, OIDS.ecdsaWithSha256);
  writer.wrap(TAG.sequence, mark);
}

function name(writer: BerWriter, commonName: string): void {
  const mark = writer.length;
  writer.text(commonName, UTF8_STRING);
  oid(writer, OIDS.commonName);
  writer.wrap(TAG.sequence, mark);
  writer.wrap(TAG.set, mark);
  writer.wrap(TAG.sequence, mark);
}

/** RFC 5280 section 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050. */
function time(writer: BerWriter, ms: number): void {
  const digits = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  if (digits < '2050') writer.text(digits.slice(2), UTC_TIME);
  else writer.text(digits, GENERALIZED_TIME);
}

function bitString(writer: BerWriter, bits: Uint8Array, unused: number): void {
  const mark = writer.length;
  writer.raw(bits);
  writer.raw(Uint8Array.of(unused));
  writer.wrap(BIT_STRING, mark);
}

function oid(writer: BerWriter, text: string): void {
  const [first, second, ...rest] = text.split('.').map(Number);
  const octets: number[] = [];
  for (const arc of [(first ?? 0) * 40 + (second ?? 0), ...rest]) {
    const digits = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      digits.unshift((left % 128) | 0x80);
    octets.push(...digits);
  }
  writer.octets(Uint8Array.from(octets), OID);
}

/** RFC 5280 section 4.2.1.2, method 1: SHA-1 of the public key's bits. */
function keyId(key: KeyObject): Uint8Array {
  const reader = new BerReader(createPublicKey(key).export({ type: 'spki', format: 'der' }));
  reader.enter(TAG.sequence);
  reader.skip();
  return createHash('sha1').update(reader.octets(BIT_STRING).subarray(1)).digest();
}

/** Octets of an IP address, or undefined for a host name. */
function addressOctets(host: string): Uint8Array | undefined {
  const family = isIP(host);
  if (family === 0) return undefined;
  if (family === 4) return Uint8Array.from(host.split('.').map(Number));
  const [head = '', tail] = host.split('%')[0]?.split('::') ?? [];
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  const hex = [...front, ...new Array<string>(8 - front.length - back.length).fill('0000'), ...back].join('');
  return fromHex(hex);
}

/** Groups of an IPv6 text as four digits each; an IPv4 tail becomes two. */
function groups(text: string): string[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [group.padStart(4, '0')];
    const hex = group.split('.').map((n) => Number(n).toString(16).padStart(2, '0'));
    return [`${hex[0]}${hex[1]}`, `${hex[2]}${hex[3]}`];
  });
}

function pem(label: string, der: Uint8Array): string {
  const text = Buffer.from(der).toString('base64');
  const lines: string[] = [];
  for (let at = 0; at < text.length; at += 64) lines.push(text.slice(at, at + 64));
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
