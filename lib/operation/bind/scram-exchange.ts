/**
 * One SCRAM-SHA-256 exchange after the client's first message (RFC 5802 section 3): what was said so far, and whether the client's last message proves the password.
 *
 * Computes only; names, entries and answers are scram.ts. Invariants: an exchange is used for one last message; the work is the same for every account, and nothing is compared
 * octet by octet in a time that depends on where two differ.
 */
import { concatBytes, utf8Encode } from '../../base/bytes.js';
import type { ScramKeys } from '../../ldap/sasl/scram-keys.js';
import { type ClientFirst, formatServerFirst, readClientFinal } from '../../ldap/sasl/scram-message.js';
import type { Digests } from '../../port/digests.js';

export interface ScramExchange {
  readonly keys: ScramKeys;
  /** Both halves of it. */
  readonly nonce: string;
  /** What the client's last message must say of the channel. */
  readonly channel: Uint8Array;
  readonly clientFirstBare: string;
  readonly serverFirst: string;
}

/** The exchange that answers `first`. `serverNonce`: printable ASCII without a comma. `binding`: the channel's data, where the client binds to it. */
export function beginScram(
  first: ClientFirst,
  keys: ScramKeys,
  serverNonce: string,
  binding: Uint8Array | undefined,
): ScramExchange {
  const nonce = first.nonce + serverNonce;
  const header = utf8Encode(first.header);
  return {
    keys,
    nonce,
    channel: binding === undefined ? header : concatBytes([header, binding]),
    clientFirstBare: first.bare,
    serverFirst: formatServerFirst(nonce, keys.salt, keys.iterations),
  };
}

/** What a last message comes to: `signature` proves to the client that the server has the keys. */
export type ScramVerdict =
  | { readonly kind: 'proved'; readonly signature: Uint8Array }
  | { readonly kind: 'wrong' | 'otherChannel' | 'malformed' };

/** Checks client-final-message. */
export function finishScram(exchange: ScramExchange, message: Uint8Array, digests: Digests): ScramVerdict {
  const { keys, nonce, channel, clientFirstBare, serverFirst } = exchange;
  const final = readClientFinal(message);
  if (final === undefined || final.proof.length !== keys.storedKey.length) return { kind: 'malformed' };
  const signed = utf8Encode(`${clientFirstBare},${serverFirst},${final.withoutProof}`);
  const clientKey = exclusiveOr(final.proof, digests.hmacSha256(keys.storedKey, signed));
  const proves = sameOctets(digests.sha256(clientKey), keys.storedKey);
  const signature = digests.hmacSha256(keys.serverKey, signed);
  // The proof covers both, so whoever is told of the channel knows the password.
  if (!proves || final.nonce !== nonce) return { kind: 'wrong' };
  return sameOctets(final.channel, channel) ? { kind: 'proved', signature } : { kind: 'otherChannel' };
}

function exclusiveOr(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((octet, at) => octet ^ (b[at] ?? 0));
}

function sameOctets(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (const [at, octet] of a.entries()) difference |= octet ^ (b[at] ?? 0);
  return difference === 0;
}
