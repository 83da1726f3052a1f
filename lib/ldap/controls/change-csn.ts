/**
 * Controls for reading what was written elsewhere: which change a write made, and wait until a change is here. Ours; values are text, so that a shell can pass them.
 *
 *   change CSN   request: no value; response: the CSN of the change, 24 hex digits
 *   wait for CSN request: CSNs and at most one `timeout=MILLISECONDS`, separated by spaces
 */
import { utf8Decode, utf8Encode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import { LIMITS } from '../../base/limits.js';

/** What to wait for. */
export interface WaitForCsn {
  /** As written: what is a CSN is for the operation to say. At least one. */
  readonly csns: readonly string[];
  /** undefined: as long as the server waits for anybody. */
  readonly timeoutMs: number | undefined;
}

const MAX_TIMEOUT_MS = 86_400_000;

/** The words of a control's value. Throws LdapError protocolError, which names the control by `what`. */
export function controlWords(what: string, value: Uint8Array | undefined): readonly string[] {
  const octets = value ?? new Uint8Array(0);
  const text = octets.length > LIMITS.controlWordBytes ? undefined : utf8Decode(octets);
  if (text === undefined)
    throw new LdapError(
      'protocolError',
      `the value of the ${what} control is no text of at most ${LIMITS.controlWordBytes} octets`,
    );
  return text.split(' ').filter((word) => word !== '');
}

/** The number in `timeout=NUMBER`, ms; undefined for any other word. Throws LdapError protocolError. */
export function timeoutWord(what: string, word: string): number | undefined {
  if (!word.startsWith('timeout=')) return undefined;
  const digits = word.slice(8);
  const timeoutMs = /^[0-9]{1,8}$/.test(digits) ? Number(digits) : Number.POSITIVE_INFINITY;
  if (timeoutMs <= MAX_TIMEOUT_MS) return timeoutMs;
  throw new LdapError(
    'protocolError',
    `the ${what} control takes timeout=MILLISECONDS, from 0 to ${MAX_TIMEOUT_MS}`,
  );
}

/** A request's value. Throws LdapError protocolError. */
export function decodeWaitForCsn(value: Uint8Array | undefined): WaitForCsn {
  const csns: string[] = [];
  let timeoutMs: number | undefined;
  for (const word of controlWords('wait for CSN', value)) {
    const given = timeoutWord('wait for CSN', word);
    if (given === undefined) csns.push(word);
    else if (timeoutMs === undefined) timeoutMs = given;
    else throw new LdapError('protocolError', 'the wait for CSN control has two timeouts');
  }
  if (csns.length === 0 || csns.length > LIMITS.replicas)
    throw new LdapError('protocolError', `the wait for CSN control takes 1 to ${LIMITS.replicas} CSNs`);
  return { csns, timeoutMs };
}

/** The inverse of decodeWaitForCsn(). */
export function encodeWaitForCsn({ csns, timeoutMs }: WaitForCsn): Uint8Array {
  return utf8Encode([...csns, ...(timeoutMs === undefined ? [] : [`timeout=${timeoutMs}`])].join(' '));
}
