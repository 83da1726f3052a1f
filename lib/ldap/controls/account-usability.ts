/** The account usability control (Sun, as OpenDS published it): a search asks with it, without a value, and each entry's answer says whether its account can be used. */
import { contextConstructed, contextTag } from '../../ber/tags.js';
import { decodeValue, encodeValue } from '../value-codec.js';

export type AccountUsability =
  | {
      readonly kind: 'available';
      /** Until the password expires; -1: it does not. */
      readonly seconds: number;
    }
  | {
      readonly kind: 'unavailable';
      /** Locked, or outside of its time. */
      readonly inactive: boolean;
      /** The password must be changed first. */
      readonly reset: boolean;
      readonly expired: boolean;
      /** Binds that an expired password is good for; undefined: it is not expired. */
      readonly graceLeft: number | undefined;
      /** Until a lock ends by itself; undefined: it does not, or there is none. */
      readonly secondsBeforeUnlock: number | undefined;
    };

const AVAILABLE = contextTag(0);
const UNAVAILABLE = contextConstructed(1);
const INACTIVE = contextTag(0);
const RESET = contextTag(1);
const EXPIRED = contextTag(2);
const GRACE = contextTag(3);
const UNLOCK = contextTag(4);

/** The value of the response control. */
export function encodeAccountUsability(usability: AccountUsability): Uint8Array {
  return encodeValue((writer) => {
    if (usability.kind === 'available') {
      writer.integer(usability.seconds, AVAILABLE);
      return;
    }
    // The writer goes from the end to the beginning; what is FALSE is left out, as its default.
    const { inactive, reset, expired, graceLeft, secondsBeforeUnlock } = usability;
    if (secondsBeforeUnlock !== undefined) writer.integer(secondsBeforeUnlock, UNLOCK);
    if (graceLeft !== undefined) writer.integer(graceLeft, GRACE);
    if (expired) writer.boolean(true, EXPIRED);
    if (reset) writer.boolean(true, RESET);
    if (inactive) writer.boolean(true, INACTIVE);
    writer.wrap(UNAVAILABLE, 0);
  });
}

/** The inverse. Throws LdapError protocolError. */
export function decodeAccountUsability(value: Uint8Array | undefined): AccountUsability {
  return decodeValue('account usability response', value, (reader) => {
    if (reader.peekTag() === AVAILABLE) return { kind: 'available', seconds: reader.integer(AVAILABLE) };
    const outer = reader.enter(UNAVAILABLE);
    const flag = (tag: number): boolean => reader.peekTag() === tag && reader.boolean(tag);
    const count = (tag: number): number | undefined =>
      reader.peekTag() === tag ? reader.integer(tag) : undefined;
    const inactive = flag(INACTIVE);
    const reset = flag(RESET);
    const expired = flag(EXPIRED);
    const graceLeft = count(GRACE);
    const secondsBeforeUnlock = count(UNLOCK);
    reader.leaveExtensible(outer);
    return { kind: 'unavailable', inactive, reset, expired, graceLeft, secondsBeforeUnlock };
  });
}
