/**
 * The four messages of SCRAM (RFC 5802 sections 5 and 7): what a client's say, and how the server's are written.
 *
 * Owns the grammar only; who may come in is operation/bind/scram-exchange.ts. Invariants: what does not keep to the grammar is undefined, mandatory extensions
 * that nobody defined among it; linear in the message, which is bounded (LIMITS.saslBytes). Names are given as they stand, not prepared.
 */
import { fromBase64, toBase64, utf8Decode, utf8Encode } from '../../base/bytes.js';

/** What a client says of channel binding: it cannot, it thinks that the server cannot, or it binds to a type by name. */
export type ChannelBindingFlag =
  | { readonly kind: 'none' }
  | { readonly kind: 'serverCannot' }
  | { readonly kind: 'bound'; readonly type: string };

export interface ClientFirst {
  readonly binding: ChannelBindingFlag;
  /** Authorization identity; '' where there is none. */
  readonly authzid: string;
  readonly name: string;
  readonly nonce: string;
  /** The GS2 header, which the last message repeats. */
  readonly header: string;
  /** The message without the header: part of what is signed. */
  readonly bare: string;
}

export interface ClientFinal {
  /** The GS2 header and the data of the channel that the client is bound to. */
  readonly channel: Uint8Array;
  readonly nonce: string;
  readonly proof: Uint8Array;
  /** Part of what is signed. */
  readonly withoutProof: string;
}

/** Reads client-first-message. */
export function readClientFirst(message: Uint8Array): ClientFirst | undefined {
  const text = utf8Decode(message);
  if (text === undefined || text.includes('\0')) return undefined;
  const flagEnd = text.indexOf(',');
  const headerEnd = flagEnd < 0 ? -1 : text.indexOf(',', flagEnd + 1);
  if (headerEnd < 0) return undefined;
  const binding = readFlag(text.slice(0, flagEnd));
  const authzid = readAuthzid(text.slice(flagEnd + 1, headerEnd));
  const bare = text.slice(headerEnd + 1);
  const [nameText = '', nonceText = '', ...extensions] = bare.split(',');
  if (binding === undefined || authzid === undefined || !extensions.every(isAttribute)) return undefined;
  const name = nameText.startsWith('n=') ? readSaslName(nameText.slice(2)) : undefined;
  const nonce = readNonce(nonceText);
  if (name === undefined || nonce === undefined) return undefined;
  return { binding, authzid, name, nonce, header: text.slice(0, headerEnd + 1), bare };
}

/** Reads client-final-message. */
export function readClientFinal(message: Uint8Array): ClientFinal | undefined {
  const text = utf8Decode(message);
  if (text === undefined || text.includes('\0')) return undefined;
  const proofAt = text.lastIndexOf(',p=');
  if (proofAt < 0) return undefined;
  const withoutProof = text.slice(0, proofAt);
  const [channelText = '', nonceText = '', ...extensions] = withoutProof.split(',');
  if (!channelText.startsWith('c=') || !extensions.every(isAttribute)) return undefined;
  const channel = fromBase64(channelText.slice(2));
  const nonce = readNonce(nonceText);
  const proof = fromBase64(text.slice(proofAt + 3));
  if (channel === undefined || nonce === undefined || proof === undefined) return undefined;
  return { channel, nonce, proof, withoutProof };
}

/** Text of server-first-message. `nonce`: the client's and the server's. */
export function formatServerFirst(nonce: string, salt: Uint8Array, iterations: number): string {
  return `r=${nonce},s=${toBase64(salt)},i=${iterations}`;
}

/** server-final-message of a success. */
export function formatServerFinal(signature: Uint8Array): Uint8Array {
  return utf8Encode(`v=${toBase64(signature)}`);
}

function readFlag(text: string): ChannelBindingFlag | undefined {
  if (text === 'n') return { kind: 'none' };
  if (text === 'y') return { kind: 'serverCannot' };
  return /^p=[A-Za-z0-9.-]{1,64}$/.test(text.slice(0, 70))
    ? { kind: 'bound', type: text.slice(2) }
    : undefined;
}

function readAuthzid(text: string): string | undefined {
  if (text === '') return '';
  const authzid = text.startsWith('a=') ? readSaslName(text.slice(2)) : undefined;
  return authzid === '' ? undefined : authzid;
}

/** A name in which `,` and `=` stand as `=2C` and `=3D`. */
function readSaslName(text: string): string | undefined {
  const [first = '', ...rest] = text.split('=');
  let name = first;
  for (const piece of rest) {
    const code = piece.slice(0, 2);
    if (code !== '2C' && code !== '3D') return undefined;
    name += (code === '2C' ? ',' : '=') + piece.slice(2);
  }
  return name;
}

function readNonce(text: string): string | undefined {
  if (!text.startsWith('r=') || text.length === 2) return undefined;
  for (let i = 2; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x21 || unit > 0x7e) return undefined;
  }
  return text.slice(2);
}

/** `a=value`: an extension that nobody has to know. */
function isAttribute(text: string): boolean {
  const unit = text.charCodeAt(0) | 0x20;
  return unit >= 0x61 && unit <= 0x7a && text[1] === '=' && text.length > 2;
}
