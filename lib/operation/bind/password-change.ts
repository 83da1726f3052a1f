/**
 * A password policy at the change of a password: whether the new one may be, before it is hashed, and what the change leaves in the account, in the same change.
 *
 * Rules are access/password-rules.ts. Who changes another's password is not judged as its owner is: the administrator may set any. Invariant: of a password only hashes are kept.
 */
import { historyHash, readAccount, STATE, stateKey, timeValue } from '../../access/account-state.js';
import {
  afterChange,
  changeFault,
  ONE_PASSWORD,
  type PasswordFault,
  qualityFault,
  USED_BEFORE,
} from '../../access/password-rules.js';
import type { StoredEntry } from '../../backend/backend.js';
import { withRows } from '../../backend/index/reverse-lookup.js';
import type { AddedAttribute, AttributeChange, NamedRdn } from '../../change/change.js';
import type { Dn } from '../../dn/dn.js';
import { applyModifications } from '../../entry/apply-modifications.js';
import { buildEntry } from '../../entry/build-entry.js';
import type { Attributes, EntryView } from '../../entry/entry.js';
import type { EntryModification } from '../../entry/modification.js';
import type { Modification, RawAttribute } from '../../ldap/message.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { Domain } from '../directory.js';
import type { Operation } from '../operation.js';
import type { ServerParts } from '../server-parts.js';
import { VirtualEntry } from '../trees/virtual-tree.js';
import { type Governing, governing } from './password-policies.js';
import { isPassword } from './password-storage.js';
import { refuse } from './policy-answer.js';

const PASSWORD_KEY = 'userpassword' as AttributeKey;
const LOCKED = stateKey(STATE.lockedTime);

/** What a request makes of passwords. */
export interface PasswordWish {
  /** New values as they came. */
  readonly values: readonly Uint8Array[];
  /** The request gives the old password, which is verified elsewhere. */
  readonly givesOld: boolean;
}

/** What the modifications of a modify request make of passwords. */
export function wishOf(parts: ServerParts, modifications: readonly Modification[]): PasswordWish {
  const own = modifications.filter(({ attribute }) => isPassword(parts, attribute.description));
  const values = own.flatMap(({ operation, attribute }) => (operation === 'delete' ? [] : attribute.values));
  const givesOld = own.some(
    ({ operation, attribute }) => operation === 'delete' && attribute.values.length > 0,
  );
  return { values, givesOld };
}

/** The policy of an account whose password is to change; undefined: none. Rejects with LdapError where it does not let the requester make that change. */
export async function judgeChange(
  parts: ServerParts,
  operation: Operation,
  domain: Domain,
  entry: StoredEntry,
  wish: PasswordWish,
): Promise<Governing | undefined> {
  const found = await withRows(() => governing(parts, domain.backend, entry));
  if (found === undefined || operation.requester.kind === 'admin') return found;
  const { policy } = found;
  if (isOwner(operation, entry)) {
    const fault = changeFault(policy, readAccount(entry), parts.clock.wallMs(), wish.givesOld);
    if (fault !== undefined) deny(operation, fault);
  }
  checkQuality(parts, operation, found, entry, wish.values);
  const [value] = wish.values;
  if (value === undefined || policy.inHistory === 0 || parts.hasher.isHashed(value)) return found;
  const used = readAccount(entry).history.slice(-policy.inHistory).map(historyHash);
  for (const hash of [...(entry.attribute(PASSWORD_KEY)?.values ?? []), ...used]) {
    if (hash !== undefined && (await parts.hasher.verify(value, hash))) deny(operation, USED_BEFORE);
  }
  return found;
}

/** A new entry as it came. */
export interface NewAccount {
  readonly dn: Dn;
  readonly rdn: NamedRdn;
  readonly attributes: readonly RawAttribute[];
}

/** The policy of a new entry that comes with passwords; undefined: none. Rejects with LdapError where they are not good enough, or the attributes make no entry. */
export async function judgeNew(
  parts: ServerParts,
  operation: Operation,
  domain: Domain,
  { dn, rdn, attributes }: NewAccount,
): Promise<Governing | undefined> {
  const entry = new VirtualEntry(dn, '', buildEntry(attributes, rdn, parts.schema), new Map());
  const found = await withRows(() => governing(parts, domain.backend, entry));
  if (found === undefined || operation.requester.kind === 'admin') return found;
  const own = attributes.filter(({ description }) => isPassword(parts, description));
  const values = own.flatMap((one) => one.values);
  checkQuality(parts, operation, found, entry, values);
  return found;
}

function checkQuality(
  parts: ServerParts,
  operation: Operation,
  { policy }: Governing,
  entry: EntryView,
  values: readonly Uint8Array[],
): void {
  if (values.length > 1) deny(operation, ONE_PASSWORD);
  for (const value of values) {
    const fault = qualityFault(policy, entry, parts.hasher.isHashed(value) ? undefined : value);
    if (fault !== undefined) deny(operation, fault);
  }
}

/** The change with what the policy keeps of it, except what the request itself says. `entry`: before it. */
export function withState(
  parts: ServerParts,
  operation: Operation,
  found: Governing | undefined,
  entry: StoredEntry,
  changes: readonly AttributeChange[],
): readonly AttributeChange[] {
  if (found === undefined && !changes.some(({ key }) => key === LOCKED)) return changes;
  const own = new Set<string>(changes.map(({ key }) => key));
  const writes: readonly EntryModification[] = [
    ...(found === undefined
      ? []
      : afterChange(found.policy, readAccount(entry), parts.clock.wallMs(), {
          replaced: entry.attribute(PASSWORD_KEY)?.values ?? [],
          byOwner: isOwner(operation, entry),
        })),
    ...unlocking(entry, changes, own),
  ].filter(({ attribute }) => !own.has(stateKey(attribute.description)));
  if (writes.length === 0) return changes;
  const state = applyModifications(entry.stored, writes, parts.schema, { permissive: true });
  return [...changes, ...state.changes];
}

/** An administrator who lifts a lock lifts what made it. */
function unlocking(
  entry: StoredEntry,
  changes: readonly AttributeChange[],
  own: ReadonlySet<string>,
): readonly EntryModification[] {
  if (!own.has(LOCKED) || entry.attribute(stateKey(STATE.failureTime)) === undefined) return [];
  const lifts = changes.some(({ key, add }) => key === LOCKED && add.length === 0);
  return lifts ? [{ operation: 'replace', attribute: { description: STATE.failureTime, values: [] } }] : [];
}

/** State attributes of a new entry that comes with a password. */
export function stateOfNew(
  parts: ServerParts,
  found: Governing | undefined,
  attributes: Attributes,
): readonly AddedAttribute[] {
  const key = stateKey(STATE.changedTime);
  if (found === undefined || attributes.has(key)) return [];
  return [{ key, name: STATE.changedTime, values: [timeValue(parts.clock.wallMs())] }];
}

function isOwner({ requester }: Operation, entry: StoredEntry): boolean {
  return requester.kind === 'user' && requester.uuid === entry.uuid;
}

function deny(operation: Operation, { fault, text }: PasswordFault): never {
  const rights = fault === 'passwordModNotAllowed' || fault === 'mustSupplyOldPassword';
  refuse(operation, fault, rights ? 'insufficientAccessRights' : 'constraintViolation', text);
}
