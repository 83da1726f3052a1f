/**
 * What a server refuses of its own clients: an add of a UUID that names an entry here, alive or deleted. Of two servers that add one UUID at the same time neither can
 * know, and nothing is refused: docs/conflicts.md says what becomes of both.
 */
import { LdapError } from '../../base/ldap-error.js';
import type { EntryUuid } from '../../change/change.js';
import type { Intent } from '../backend.js';

/** The intents, when no add of theirs names a known entry. Throws LdapError entryAlreadyExists. */
export function checkFreeUuids(
  intents: readonly Intent[],
  rows: { idOf(uuid: EntryUuid): unknown },
): readonly Intent[] {
  for (const { entry, body } of intents) {
    if (body.kind !== 'add' || rows.idOf(entry) === undefined) continue;
    throw new LdapError(
      'entryAlreadyExists',
      `The entryUUID ${entry} names an entry that this server has already, or had and deleted; add the entry without entryUUID, or bring the deleted one back (polyarch undelete).`,
    );
  }
  return intents;
}
