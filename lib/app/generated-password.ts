/**
 * Passwords that setup and the demo make: letters and digits only, so that they can be pasted into any command line.
 *
 * Letters and digits that people confuse are left out.
 */
import { randomInt } from 'node:crypto';

const ALPHABET = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';

/** A random password; each character has 5.8 bits. */
export function generatedPassword(length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) text += ALPHABET.charAt(randomInt(ALPHABET.length));
  return text;
}
