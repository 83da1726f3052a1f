/**
 * Making a change once more as one of now: what a server that takes a copy of another's data does with changes of its own that nobody else has.
 *
 * The body is that of the first time: a net effect on an entry by its UUID. What no longer makes sense is refused, and the caller keeps it.
 */
import { LdapError } from '../base/ldap-error.js';
import { type Change, type ChangeBody, type EntryUuid, ROOT_UUID } from '../change/change.js';
import { isAlive, LOST_AND_FOUND_UUID } from '../conflict/entry-state.js';
import type { Written } from './backend.js';
import type { WritePath } from './write-path.js';

/** Submits the change again under a new CSN. Rejects with an LdapError that says why it cannot be. */
export function resubmit(
  writes: Pick<WritePath, 'submit' | 'stateOf'>,
  { initiator, entry, body }: Pick<Change, 'initiator' | 'entry' | 'body'>,
): Promise<Written> {
  return writes.submit(initiator, () => {
    check(writes, entry, body);
    return [{ entry, body }];
  });
}

function check(writes: Pick<WritePath, 'stateOf'>, entry: EntryUuid, body: ChangeBody): void {
  const state = writes.stateOf(entry);
  const parent = body.kind === 'add' || body.kind === 'modifyDn' ? body.parent : undefined;
  if (parent !== undefined && parent !== ROOT_UUID && parent !== LOST_AND_FOUND_UUID) {
    if (writes.stateOf(parent) === undefined)
      throw new LdapError('noSuchObject', `its parent ${parent} is not known any more`);
    if (body.kind === 'modifyDn' && isBelow(writes, parent, entry))
      throw new LdapError('unwillingToPerform', 'the entry would stand below itself');
  }
  if (body.kind === 'add') {
    if (state !== undefined) throw new LdapError('entryAlreadyExists', `the entry ${entry} exists`);
    return;
  }
  if (state === undefined) throw new LdapError('noSuchObject', `the entry ${entry} is not known any more`);
  if (isAlive(state) === (body.kind === 'undelete'))
    throw new LdapError(
      'noSuchObject',
      isAlive(state) ? 'the entry lives' : 'the entry was deleted meanwhile',
    );
}

function isBelow(writes: Pick<WritePath, 'stateOf'>, from: EntryUuid, above: EntryUuid): boolean {
  for (let at = writes.stateOf(from); at !== undefined; at = writes.stateOf(at.parent))
    if (at.uuid === above) return true;
  return false;
}
