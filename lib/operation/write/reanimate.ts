/**
 * Bringing a deleted entry back over LDAP, as Active Directory's clients do: a modify with the show deleted control that deletes isDeleted and replaces distinguishedName.
 *
 * The new name may be the one that the entry had or another in the same naming context, and must be free. The entry's groups name it again (deleted-entries.ts).
 */
import type { ReadView } from '../../backend/backend.js';
import { placed } from '../../backend/tree/name-after.js';
import { utf8Decode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import type { EntryState } from '../../conflict/entry-state.js';
import type { Dn } from '../../dn/dn.js';
import { parentDn } from '../../dn/dn.js';
import { formatDn } from '../../dn/dn-text.js';
import { checkModifiedEntry } from '../../entry/check-entry.js';
import { checkPlacement } from '../../entry/check-placement.js';
import { renameEntry } from '../../entry/rename-entry.js';
import type { Modification, ModifyRequest } from '../../ldap/message.js';
import { dnKey } from '../../schema/dn-key.js';
import type { Domain } from '../directory.js';
import { noSuchObject, shown } from '../names.js';
import type { Answer, Operation } from '../operation.js';
import { isAlias } from '../search/aliases.js';
import type { ServerParts } from '../server-parts.js';
import { type DeletedTree, deletedTree } from '../trees/deleted-tree.js';
import { namedRdn } from './add.js';
import type { DeletedEntries, Elsewhere } from './deleted-entries.js';
import { entryPolicy } from './entry-policy.js';
import { initiatorOf } from './read-entry.js';
import { checkWritable, refuseToDo, writtenAnswer } from './writes.js';

/** Answers a modify of a deleted entry; undefined: it is none. Throws LdapError. */
export function reanimation(
  parts: ServerParts,
  operation: Operation,
  domain: Domain,
  dn: Dn,
): Promise<Answer> | undefined {
  const tree = operation.controls.showDeleted ? deletedTree(parts.schema, operation, domain) : undefined;
  if (tree === undefined || domain.deleted === undefined || !tree.covers(dn)) return undefined;
  return reanimate(parts, operation, domain, tree, domain.deleted, dn);
}

async function reanimate(
  parts: ServerParts,
  operation: Operation,
  domain: Domain,
  tree: DeletedTree,
  deleted: DeletedEntries,
  dn: Dn,
): Promise<Answer> {
  const reader = parts.policy.reader(operation.requester);
  const dead = tree.named(dn);
  if (dead === undefined) throw noSuchObject(domain.backend, dn, reader);
  if (operation.controls.assertion !== undefined)
    throw new LdapError('unwillingToPerform', 'Deleted entries take no assertion control.');
  const target = targetOf(parts, domain, (operation.message.request as ModifyRequest).modifications);
  const done = deleted.undelete({
    initiator: initiatorOf(operation),
    uuid: dead.state.uuid,
    place: (view, state) => placeAt(parts, view, deleted, state, target),
    last: operation.controls.noOp ? refuseToDo : undefined,
  });
  operation.release();
  const { written } = await done;
  return await writtenAnswer(parts, operation, 'modify', domain, written);
}

/** The name that the modifications ask for. Throws LdapError when they are anything but a reanimation. */
function targetOf(parts: ServerParts, domain: Domain, modifications: readonly Modification[]): Dn {
  let comes = false;
  let target: string | undefined;
  for (const { operation, attribute } of modifications) {
    const key = parts.schema.describe(attribute.description)?.key;
    const [value, ...more] = attribute.values;
    if (key === 'isdeleted' && operation === 'delete') comes = true;
    else if (
      key === 'distinguishedname' &&
      operation === 'replace' &&
      value !== undefined &&
      more.length === 0
    )
      target = utf8Decode(value);
    else throw notThis();
  }
  if (!comes || target === undefined) throw notThis();
  const route = parts.directory.route(target);
  if (route.kind !== 'domain' || route.domain !== domain) {
    throw new LdapError(
      'affectsMultipleDSAs',
      `${shown(route.dn)} lies outside the naming context ${shown(domain.baseText)}, in which the entry was.`,
    );
  }
  return route.dn;
}

function notThis(): LdapError {
  return new LdapError(
    'unwillingToPerform',
    'A deleted entry takes one modification only: delete isDeleted and replace distinguishedName by the name under which it comes back.',
  );
}

/** In the turn of the write; undefined: it comes back where it was. */
function placeAt(
  { schema, directory, settings }: Pick<ServerParts, 'schema' | 'directory' | 'settings'>,
  view: ReadView,
  deleted: DeletedEntries,
  state: EntryState,
  target: Dn,
): Elsewhere | undefined {
  const holder = view.byDn(target);
  if (holder !== undefined || directory.routeDn(target).kind !== 'domain')
    throw new LdapError('entryAlreadyExists', `The entry ${shown(target)} exists already.`);
  const isHome = dnKey(target) === dnKey(deleted.dnOf(state));
  const above = parentDn(target);
  if (target.rdns.length === view.baseDn.rdns.length && isHome) return undefined;
  const parent = above === undefined ? undefined : view.byDn(above);
  if (parent === undefined) {
    throw new LdapError(
      'noSuchObject',
      `The parent of ${shown(target)} does not exist.`,
      view.nearest(target)?.dnText ?? '',
    );
  }
  if (isAlias(parent)) {
    const reason = `${shown(parent.dn)} is an alias, which has no entries below it.`;
    throw new LdapError('aliasProblem', reason, formatDn(parent.dn));
  }
  checkWritable(parent);
  const rdn = namedRdn({ schema }, target);
  const before = deleted.attributesOf(state);
  if (isHome) {
    checkPlacement({ attributes: before, rdn: state.rdn }, placed(parent), schema);
    return undefined;
  }
  const { after, changes } = renameEntry(before, state.rdn, rdn, true, schema, state.attributes);
  checkPlacement({ attributes: after, rdn }, placed(parent), schema);
  checkModifiedEntry(before, after, changes, rdn, schema, entryPolicy({ settings }));
  const move = { kind: 'modifyDn', parent: parent.uuid, rdn, attributes: changes } as const;
  return { dn: target, attributes: after, move };
}
