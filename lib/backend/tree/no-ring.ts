/**
 * A local move never closes a ring through deleted entries: the fold would give it no effect (docs/conflicts.md, The tree), so it is refused instead of acknowledged.
 *
 * Whoever moves sees the tree that the DIT shows, where an entry below a deleted one stands in lost+found; its own place goes on above the deleted one, maybe up to the entry that moves.
 */
import { LdapError } from '../../base/ldap-error.js';
import { type EntryUuid, ROOT_UUID } from '../../change/change.js';
import { LOST_AND_FOUND_UUID } from '../../conflict/entry-state.js';
import type { Intent } from '../backend.js';

/** The intents, none of them such a move. `tree`: what the DIT shows; `stateOf`: entries, dead ones included. Throws LdapError unwillingToPerform. */
export function checkNoRing(
  intents: readonly Intent[],
  tree: { byUuid(entry: EntryUuid): { readonly dnText: string } | undefined },
  stateOf: (entry: EntryUuid) => { readonly parent: EntryUuid } | undefined,
): readonly Intent[] {
  for (const { entry, body } of intents) {
    if (body.kind !== 'modifyDn' || body.parent === undefined) continue;
    for (
      let above: EntryUuid | undefined = body.parent;
      above !== undefined && above !== ROOT_UUID && above !== LOST_AND_FOUND_UUID;
      above = stateOf(above)?.parent
    )
      if (above === entry) {
        const [name, parent] = [entry, body.parent].map((uuid) => tree.byUuid(uuid)?.dnText ?? uuid);
        throw new LdapError(
          'unwillingToPerform',
          `${name} cannot move below ${parent}, which has its own place below ${name}, under an entry that was deleted; move ${parent} elsewhere first.`,
        );
      }
  }
  return intents;
}
