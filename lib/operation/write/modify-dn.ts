/**
 * Modify DN (RFC 4511 section 4.9): rename, move, or both; a whole subtree follows its top entry, because names are derived from parents.
 */
import type { Intent, ReadView, StoredEntry } from '../../backend/backend.js';
import { placed } from '../../backend/tree/name-after.js';
import { equalBytes } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import { type Steps, whole } from '../../base/steps.js';
import type { NamedRdn } from '../../change/change.js';
import type { Dn } from '../../dn/dn.js';
import { childDn, parentDn } from '../../dn/dn.js';
import { formatDn, parseRdn } from '../../dn/dn-text.js';
import { checkModifiedEntry } from '../../entry/check-entry.js';
import { checkPlacement } from '../../entry/check-placement.js';
import { renameEntry } from '../../entry/rename-entry.js';
import type { ModifyDnRequest } from '../../ldap/message.js';
import type { Domain } from '../directory.js';
import { domainOf, noSuchObject, shown, targetEntry } from '../names.js';
import type { Answer, Operation } from '../operation.js';
import { isReferred } from '../referrals.js';
import { isAlias } from '../search/aliases.js';
import type { ServerParts } from '../server-parts.js';
import { namedRdn } from './add.js';
import { entryPolicy } from './entry-policy.js';
import { checkAssertionInSteps, checkWritable, submit, writtenAnswer } from './writes.js';

/** Renames or moves the entry and answers when the change is on disk. */
export async function modifyDn(parts: ServerParts, operation: Operation): Promise<Answer> {
  const request = operation.message.request as ModifyDnRequest;
  const { domain, dn } = domainOf(parts.directory, request.dn, operation.controls.manageDsaIt);
  const rdn = namedRdn(parts, { rdns: [parseRdn(request.newRdn)] });
  const superior =
    request.newSuperior === undefined ? undefined : superiorDn(parts, domain, request.newSuperior);
  const wish: Wish = { dn, request, rdn, superior };
  const written = await submit(operation, domain, (view) => {
    const steps = decide(parts, operation, domain, view, wish);
    // An assertion may go through many values.
    return operation.controls.assertion === undefined ? whole(steps) : steps;
  });
  return writtenAnswer(parts, operation, 'modifyDn', domain, written);
}

interface Wish {
  readonly dn: Dn;
  readonly request: ModifyDnRequest;
  readonly rdn: NamedRdn;
  readonly superior: Dn | undefined;
}

function superiorDn(parts: ServerParts, domain: Domain, text: string): Dn {
  const route = parts.directory.route(text);
  if (route.kind !== 'domain' || route.domain !== domain) {
    throw new LdapError(
      'affectsMultipleDSAs',
      `${shown(route.dn)} lies outside the naming context ${shown(domain.baseText)}; entries cannot move between contexts.`,
    );
  }
  return route.dn;
}

function* decide(
  parts: ServerParts,
  operation: Operation,
  domain: Domain,
  view: ReadView,
  wish: Wish,
): Steps<readonly Intent[]> {
  const { requester, controls } = operation;
  const reader = parts.policy.reader(requester);
  const entry = targetEntry(view, wish.dn, reader, controls.manageDsaIt);
  if (entry.dn.rdns.length === domain.baseDn.rdns.length) {
    throw new LdapError(
      'unwillingToPerform',
      `${shown(entry.dn)} is the base of a naming context and keeps its name.`,
    );
  }
  const moved = wish.superior === undefined ? undefined : newParent(view, entry, wish.superior, noSuch);
  if (moved !== undefined && view.hasReferrals && !controls.manageDsaIt && isReferred(view, moved)) {
    // RFC 3296 section 5.6.
    throw new LdapError('affectsMultipleDSAs', `${shown(moved.dn)} is held by another server.`);
  }
  parts.policy.checkRename(requester, entry, moved);
  checkWritable(entry);
  yield* checkAssertionInSteps(parts, operation, reader, entry);
  checkNameFree(parts, view, entry, wish);
  const oldRdn = entry.state.rdn;
  const { deleteOldRdn } = wish.request;
  const { stored, state } = entry;
  const { after, changes } = renameEntry(
    stored,
    oldRdn,
    wish.rdn,
    deleteOldRdn,
    parts.schema,
    state.attributes,
  );
  checkPlacement({ attributes: after, rdn: wish.rdn }, placed(moved ?? view.parent(entry)), parts.schema);
  checkModifiedEntry(entry.stored, after, changes, wish.rdn, parts.schema, entryPolicy(parts));
  const stays = sameSpelling(oldRdn, wish.rdn);
  if (stays && moved === undefined) return [];
  return [
    {
      entry: entry.uuid,
      body: {
        kind: 'modifyDn',
        parent: moved?.uuid,
        rdn: stays ? undefined : wish.rdn,
        attributes: stays ? [] : changes,
      },
    },
  ];

  function noSuch(dn: Dn): LdapError {
    return noSuchObject(view, dn, reader);
  }
}

/** The entry to move to; undefined when the parent stays. */
function newParent(
  view: ReadView,
  entry: StoredEntry,
  superior: Dn,
  noSuch: (dn: Dn) => LdapError,
): StoredEntry | undefined {
  const parent = view.byDn(superior);
  if (parent === undefined) {
    throw new LdapError(
      'noSuchObject',
      `The new parent ${shown(superior)} does not exist.`,
      noSuch(superior).matchedDn,
    );
  }
  if (isAlias(parent)) {
    throw new LdapError(
      'aliasProblem',
      `${shown(parent.dn)} is an alias, which has no entries below it.`,
      formatDn(parent.dn),
    );
  }
  checkWritable(parent);
  for (let above: StoredEntry | undefined = parent; above !== undefined; above = view.parent(above)) {
    if (above.uuid !== entry.uuid) continue;
    throw new LdapError('unwillingToPerform', `${shown(entry.dn)} cannot move below itself.`);
  }
  return parent.uuid === entry.state.parent ? undefined : parent;
}

function checkNameFree(parts: ServerParts, view: ReadView, entry: StoredEntry, wish: Wish): void {
  const above = wish.superior ?? parentDn(entry.dn);
  if (above === undefined) return;
  const name = childDn(above, parseRdn(wish.request.newRdn));
  const holder = view.byDn(name);
  if (holder !== undefined && holder.uuid !== entry.uuid) {
    throw new LdapError('entryAlreadyExists', `The entry ${shown(name)} exists already.`);
  }
  const route = parts.directory.routeDn(name);
  if (route.kind !== 'domain' || route.domain.backend.baseDn.rdns.length === name.rdns.length) {
    throw new LdapError('entryAlreadyExists', `${shown(name)} is the name of another naming context.`);
  }
}

/** Octet for octet: a new spelling of the same name is a change. */
function sameSpelling(a: NamedRdn, b: NamedRdn): boolean {
  return (
    a.avas.length === b.avas.length &&
    a.avas.every((ava, i) => {
      const other = b.avas[i];
      return other !== undefined && other.key === ava.key && equalBytes(other.value, ava.value);
    })
  );
}
