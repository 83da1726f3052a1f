/**
 * Passwords in clear in LDIF records are hashed before the records go further; hashes that we understand stay.
 */
import { must } from '../../base/assert.js';
import { asBuffer } from '../../base/bytes.js';
import type { LdifItem } from '../../ldif/ldif-record.js';
import type { PasswordHasher } from '../../port/password-hasher.js';

/** Attributes whose passwords wait for a thread at once: the hasher's queue is bounded. */
const AT_ONCE = 128;

/** Puts hashes in the place of clear passwords, in the records themselves. */
export async function clearPasswords(items: readonly LdifItem[], hasher: PasswordHasher): Promise<void> {
  let work: Promise<void>[] = [];
  for (const item of items) {
    if (item.kind !== 'record') continue;
    const { record } = item;
    const attributes =
      record.kind === 'content'
        ? record.attributes
        : record.change.kind === 'add'
          ? record.change.attributes
          : [];
    for (const { description, values } of attributes)
      if (isPassword(description)) work.push(hashAll(values as Uint8Array[], hasher));
    if (work.length < AT_ONCE) continue;
    await Promise.all(work);
    work = [];
  }
  await Promise.all(work);
}

/** userPassword by its name or OID, with whatever options. */
function isPassword(description: string): boolean {
  // Most are told by their first character.
  const first = description.charCodeAt(0);
  if (first !== 0x75 && first !== 0x55 && first !== 0x32) return false;
  const semicolon = description.indexOf(';');
  const name = (semicolon < 0 ? description : description.slice(0, semicolon)).toLowerCase();
  return name === 'userpassword' || name === '2.5.4.35';
}

async function hashAll(values: Uint8Array[], hasher: PasswordHasher): Promise<void> {
  for (let at = 0; at < values.length; at++) {
    const value = must(values[at], 'within bounds');
    // What has the form of a hash is never hashed again: an unknown scheme simply matches no password.
    if (!hasher.isHashed(value) && !looksHashed(value)) values[at] = await hasher.hash(value);
  }
}

function looksHashed(value: Uint8Array): boolean {
  return /^\{[A-Za-z0-9-]{1,32}\}/.test(asBuffer(value.subarray(0, 40)).toString('latin1'));
}
