/**
 * Bringing a deleted entry back is one change. Owns what an undelete is refused for by the entry's own state.
 *
 * Until when one is accepted is promised to the other servers (replica/membership.ts), since they drop what nobody can bring back.
 */
import { LdapError } from '../base/ldap-error.js';
import type { EntryUuid } from '../change/change.js';
import { deathOf } from '../conflict/entry-life.js';
import type { EntryState } from '../conflict/entry-state.js';
import { csnTimeMs } from '../csn/csn.js';
import type { Intent } from './backend.js';
import type { WritePath } from './write-path.js';

/**
 * The entry as its deletion left it, for a decide function. `fromMs`: no entry that died before may come back any more. Throws LdapError noSuchObject, entryAlreadyExists
 * (it lives), unwillingToPerform.
 */
export function deadState(writes: Pick<WritePath, 'stateOf'>, uuid: EntryUuid, fromMs: number): EntryState {
  const state = writes.stateOf(uuid);
  if (state === undefined) throw new LdapError('noSuchObject', `No deleted entry has the UUID ${uuid}.`);
  const death = deathOf(state.life);
  if (death === undefined) throw new LdapError('entryAlreadyExists', `The entry ${uuid} is not deleted.`);
  if (csnTimeMs(death) < fromMs)
    throw new LdapError(
      'unwillingToPerform',
      'The entry was deleted too long ago; the option deletedEntries.keepDays says how long entries can come back.',
    );
  return state;
}

/** Brings the entry back as its deletion found it: under its parent, or in lost+found where that is gone. */
export function undeleteIntent(uuid: EntryUuid): Intent {
  return { entry: uuid, body: { kind: 'undelete' } };
}
