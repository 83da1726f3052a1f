/** Modify (RFC 4511 section 4.6; increment: RFC 4525): all of the modifications or none. */
import type { AttributeAccess } from '../../access/access-policy.js';
import type { Intent, ReadView } from '../../backend/backend.js';
import { areLong, type Steps, whole } from '../../base/steps.js';
import { applyModificationsInSteps } from '../../entry/apply-modifications.js';
import { checkCollective, checkModifiedInSteps } from '../../entry/check-entry.js';
import { describeAttribute } from '../../entry/resolve-attribute.js';
import type { Modification, ModifyRequest } from '../../ldap/message.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import { judgeChange, wishOf, withState } from '../bind/password-change.js';
import type { Governing } from '../bind/password-policies.js';
import { hashModified, isPassword } from '../bind/password-storage.js';
import { domainOf, namedEntry } from '../names.js';
import type { Answer, Operation } from '../operation.js';
import { checkReferences, REF } from '../referrals.js';
import type { ServerParts } from '../server-parts.js';
import { reanimation } from './reanimate.js';
import { checkNotComputed, requestPolicy } from './relax.js';
import { checkAssertionInSteps, checkSubentryRoom, checkWritable, submit, writtenAnswer } from './writes.js';

/** Modifies the entry and answers when the change is on disk. */
export async function modify(parts: ServerParts, operation: Operation): Promise<Answer> {
  const request = operation.message.request as ModifyRequest;
  const { dn } = request;
  const known = parts.directory.entryOf(dn);
  if (known === undefined) {
    const route = parts.directory.route(dn);
    if (route.kind === 'virtual' && route.tree.modify !== undefined && route.tree.holds(route.dn))
      return await route.tree.modify(parts, operation);
  }
  const { domain, ...found } = known ?? domainOf(parts.directory, dn, operation.controls.manageDsaIt);
  const returns = 'dn' in found ? reanimation(parts, operation, domain, found.dn) : undefined;
  if (returns !== undefined) return await returns;
  let { modifications } = request;
  let policy: Governing | undefined;
  const accesses = modifications.map((one) => accessOf(parts, one));
  if (operation.controls.relax)
    checkNotComputed(
      parts.schema,
      modifications.map(({ attribute }) => attribute),
    );
  if (modifications.some((one) => isPassword(parts, one.attribute.description))) {
    // Hashing is work: nobody without the right to the change may cause it.
    const entry = namedEntry(domain.backend, dn, parts.policy.reader(operation.requester), true);
    parts.policy.checkModify(operation.requester, entry, accesses);
    policy = await judgeChange(parts, operation, domain, entry, wishOf(parts, modifications));
    modifications = await hashModified(parts, operation, modifications, entry);
  }
  const long =
    operation.controls.assertion !== undefined ||
    areLong(modifications.map(({ attribute }) => attribute.values));
  const written = await submit(operation, domain, (view) => {
    const decision = decide(parts, operation, view, { dn, modifications, accesses, policy });
    return long ? decision : whole(decision);
  });
  return writtenAnswer(parts, operation, 'modify', domain, written);
}

/** A modify with its passwords hashed. */
interface DecidedModify {
  readonly dn: string;
  readonly modifications: readonly Modification[];
  readonly accesses: readonly AttributeAccess[];
  /** Of a password that changes. */
  readonly policy: Governing | undefined;
}

function accessOf(parts: ServerParts, modification: Modification): AttributeAccess {
  const { key } = describeAttribute(modification.attribute.description, parts.schema);
  return { key: key as AttributeKey, operation: modification.operation };
}

function* decide(
  parts: ServerParts,
  operation: Operation,
  view: ReadView,
  { dn, modifications, accesses, policy }: DecidedModify,
): Steps<readonly Intent[]> {
  const { requester, controls } = operation;
  const reader = parts.policy.reader(requester);
  const entry = namedEntry(view, dn, reader, controls.manageDsaIt);
  parts.policy.checkModify(requester, entry, accesses);
  checkWritable(entry);
  yield* checkAssertionInSteps(parts, operation, reader, entry);
  // Decoded once for the decision and for the fold.
  const { rdn } = entry.state;
  const before = entry.stored;
  checkCollective(before, modifications, parts.schema);
  const permissive = controls.permissiveModify;
  const { after, changes } = yield* applyModificationsInSteps(before, modifications, parts.schema, {
    permissive,
  });
  if (changes.length === 0) return [];
  yield* checkModifiedInSteps(before, after, changes, rdn, parts.schema, requestPolicy(parts, operation));
  checkSubentryRoom(parts, view, before, after);
  for (const { key, add } of changes) if (key === REF) checkReferences(add);
  const attributes = withState(parts, operation, policy, entry, changes);
  return [{ entry: entry.uuid, body: { kind: 'modify', attributes } }];
}
