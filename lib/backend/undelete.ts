/**
 * Bringing a deleted entry back: one change, and what the caller wants done in the same batch.
 *
 * Owns what an undelete is refused for. Until when one is accepted is promised to the other servers (replica/membership.ts), since they drop what nobody can bring back.
 */
import { LdapError } from '../base/ldap-error.js';
import type { EntryUuid } from '../change/change.js';
import { deathOf } from '../conflict/entry-life.js';
import { csnTimeMs } from '../csn/csn.js';
import type { Intent, ReadView, Written } from './backend.js';
import type { WritePath } from './write-path.js';

/**
 * Brings the entry back as its deletion found it: under its parent, or in lost+found where that is gone. `fromMs`: no entry that died before may come back any more.
 * `followUps`: further changes of the same batch. Rejects with LdapError noSuchObject, entryAlreadyExists (it lives), unwillingToPerform.
 */
export function undelete(
  writes: Pick<WritePath, 'submit' | 'stateOf'>,
  initiator: string,
  uuid: EntryUuid,
  fromMs: () => number,
  followUps: (view: ReadView) => readonly Intent[] = () => [],
): Promise<Written> {
  return writes.submit(initiator, (view) => {
    const state = writes.stateOf(uuid);
    if (state === undefined) throw new LdapError('noSuchObject', `No deleted entry has the UUID ${uuid}.`);
    const death = deathOf(state.life);
    if (death === undefined) throw new LdapError('entryAlreadyExists', `The entry ${uuid} is not deleted.`);
    if (csnTimeMs(death) < fromMs())
      throw new LdapError(
        'unwillingToPerform',
        'The entry was deleted too long ago; the option deletedEntries.keepDays says how long entries can come back.',
      );
    return [{ entry: uuid, body: { kind: 'undelete' } }, ...followUps(view)];
  });
}
