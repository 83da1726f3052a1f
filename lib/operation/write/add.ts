/** Add (RFC 4511 section 4.7). */
import type { Intent, ReadView } from '../../backend/backend.js';
import { placed } from '../../backend/tree/name-after.js';
import { must } from '../../base/assert.js';
import { LdapError } from '../../base/ldap-error.js';
import { areLong, type Steps, whole } from '../../base/steps.js';
import {
  type AddedAttribute,
  type ChangeBody,
  type EntryUuid,
  type NamedRdn,
  type PreservedFacts,
  ROOT_UUID,
} from '../../change/change.js';
import { UUID_BYTES, uuidFromRandom } from '../../change/entry-uuid.js';
import type { Dn } from '../../dn/dn.js';
import { parentDn } from '../../dn/dn.js';
import { formatDn } from '../../dn/dn-text.js';
import { buildEntry } from '../../entry/build-entry.js';
import { type CheckedEntry, checkNewInSteps, type EntryPolicy } from '../../entry/check-entry.js';
import { checkPlacement } from '../../entry/check-placement.js';
import type { AddRequest, RawAttribute } from '../../ldap/message.js';
import { judgeNew, stateOfNew } from '../bind/password-change.js';
import type { Governing } from '../bind/password-policies.js';
import { hashAdded, isPassword } from '../bind/password-storage.js';
import type { Domain } from '../directory.js';
import { domainOf, noSuchObject, shown } from '../names.js';
import type { Answer, Operation } from '../operation.js';
import { checkReferences, checkReferral, REF } from '../referrals.js';
import { isAlias } from '../search/aliases.js';
import type { ServerParts } from '../server-parts.js';
import { VirtualEntry } from '../trees/virtual-tree.js';
import { requestPolicy, splitFacts } from './relax.js';
import { checkAssertion, checkSubentryRoom, submit, writtenAnswer } from './writes.js';

/** Adds the entry and answers when it is on disk. */
export async function add(parts: ServerParts, operation: Operation): Promise<Answer> {
  const request = operation.message.request as AddRequest;
  const { domain, dn } = domainOf(parts.directory, request.dn, operation.controls.manageDsaIt);
  const rdn = namedRdn(parts, dn);
  // Hashing is work: nobody without the right to add may cause it.
  parts.policy.checkAdd(operation.requester, dn, undefined);
  const policy = requestPolicy(parts, operation);
  const given = splitFacts(parts.schema, operation, request.attributes);
  const withPassword = given.attributes.some((one) => isPassword(parts, one.description));
  const governs = withPassword
    ? await judgeNew(parts, operation, domain, { dn, rdn, attributes: given.attributes })
    : undefined;
  const attributes = withPassword ? await hashAdded(parts, operation, given.attributes) : given.attributes;
  const uuid = given.uuid ?? uuidFromRandom(parts.random.bytes(UUID_BYTES));
  const long = areLong(attributes.map(({ values }) => values));
  const entry = { dn, rdn, uuid, attributes, preserved: given.preserved, policy, governs };
  const written = await submit(operation, domain, (view) => {
    const decision = decide(parts, operation, domain, view, entry);
    return long ? decision : whole(decision);
  });
  return writtenAnswer(parts, operation, 'add', domain, written);
}

/** The first RDN as a change carries it. Throws namingViolation. */
export function namedRdn(parts: Pick<ServerParts, 'schema'>, dn: Dn): NamedRdn {
  const named = parts.schema.namedRdn(must(dn.rdns[0], 'a name below a naming context has an RDN'));
  if (named === undefined)
    throw new LdapError('namingViolation', `The RDN of ${shown(dn)} names one attribute twice.`);
  for (const { key, name } of named.avas) {
    if (parts.schema.describe(key)?.type?.collective !== true) continue;
    throw new LdapError(
      'namingViolation',
      `Attribute '${name}' is collective, and such cannot name entries (X.501).`,
    );
  }
  return named;
}

interface NewEntry {
  readonly dn: Dn;
  readonly rdn: NamedRdn;
  readonly uuid: EntryUuid;
  readonly attributes: readonly RawAttribute[];
  readonly preserved: PreservedFacts | undefined;
  readonly policy: EntryPolicy;
  /** The policy of its password. */
  readonly governs: Governing | undefined;
}

function* decide(
  parts: ServerParts,
  operation: Operation,
  domain: Domain,
  view: ReadView,
  entry: NewEntry,
): Steps<readonly Intent[]> {
  const { requester, controls } = operation;
  const reader = parts.policy.reader(requester);
  const { dn } = entry;
  const above = parentDn(dn);
  const isBase = dn.rdns.length === domain.baseDn.rdns.length;
  const parent = isBase || above === undefined ? undefined : view.byDn(above);
  if (view.hasReferrals && !controls.manageDsaIt) checkReferral(view, parent ?? view.nearest(dn), dn);
  if (!isBase && (above === undefined || parent === undefined)) {
    throw noParent(view, above ?? dn, dn, noSuchObject(view, above ?? dn, reader));
  }
  parts.policy.checkAdd(requester, dn, parent);
  if (parent !== undefined && isAlias(parent)) {
    throw new LdapError(
      'aliasProblem',
      `${shown(parent.dn)} is an alias, which has no entries below it.`,
      formatDn(parent.dn),
    );
  }
  if (view.byDn(dn) !== undefined)
    throw new LdapError('entryAlreadyExists', `The entry ${shown(dn)} exists already.`);
  const checked = yield* checkNewInSteps(
    buildEntry(entry.attributes, entry.rdn, parts.schema),
    entry.rdn,
    parts.schema,
    entry.policy,
  );
  checkPlacement({ attributes: checked.attributes, rdn: entry.rdn }, placed(parent), parts.schema);
  checkSubentryRoom(parts, view, undefined, checked.attributes);
  checkReferences(checked.attributes.get(REF)?.values ?? []);
  checkAssertion(parts, operation, reader, new VirtualEntry(dn, '', checked.attributes, new Map()));
  const state = stateOfNew(parts, entry.governs, checked.attributes);
  const body = addBody(checked, state, entry.rdn, parent?.uuid ?? ROOT_UUID);
  const { preserved } = entry;
  return [{ entry: entry.uuid, body: preserved === undefined ? body : { ...body, preserved } }];
}

function addBody(
  { attributes }: CheckedEntry,
  state: readonly AddedAttribute[],
  rdn: NamedRdn,
  parent: EntryUuid,
): Extract<ChangeBody, { readonly kind: 'add' }> {
  const added = [...attributes].map(([key, { name, values }]) => ({ key, name, values }));
  return { kind: 'add', parent, rdn, attributes: [...added, ...state] };
}

function noParent(view: ReadView, above: Dn, dn: Dn, cause: LdapError): LdapError {
  const remedy =
    view.nearest(dn) === undefined ? 'add the naming context itself first' : 'add the entries above it first';
  return new LdapError(
    'noSuchObject',
    `The parent ${shown(above)} does not exist; ${remedy}.`,
    cause.matchedDn,
  );
}
