/**
 * Which password policy governs an entry: the one that its pwdPolicySubentry names, else the nearest subentry with a policy whose subtree it lies in, else the server's default, else none.
 *
 * Read from the entries as they are, each time: a policy counts from the moment it is written. Invariants: in a domain without policies, on a server without a default, it costs two
 * look-ups in memory; a name that leads to no policy is passed over, and `passedOver` tells it.
 */
import { isSubentryPolicy, type PasswordPolicy, readPolicy } from '../../access/password-policy.js';
import type { ReadView, StoredEntry } from '../../backend/backend.js';
import { latin1, utf8Decode, utf8Encode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import { LIMITS } from '../../base/limits.js';
import { OBJECT_CLASS_KEY } from '../../entry/class-profile.js';
import type { EntryView } from '../../entry/entry.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import { dnKey, parentKey } from '../../schema/dn-key.js';
import { readSubtreeSpecification, refines, subtreeScope } from '../../schema/subtree-specification.js';
import type { ServerParts } from '../server-parts.js';

/** A policy, and why it is this one. */
export interface Governing {
  readonly policy: PasswordPolicy;
  /** DN of its entry. */
  readonly dn: string;
  readonly why: 'entry' | 'subtree' | 'default';
}

export type PolicyParts = Pick<ServerParts, 'schema' | 'directory' | 'settings'>;

const POINTER = 'pwdpolicysubentry' as AttributeKey;
const SPECIFICATION = 'subtreespecification' as AttributeKey;
const CLASS = utf8Encode('pwdPolicy');

/** The policy for an entry of the domain that `view` shows; undefined: none. `passedOver` is told of names that are no policies. Throws RowsAway. */
export function governing(
  parts: PolicyParts,
  view: Pick<ReadView, 'holders' | 'holderCount'>,
  entry: EntryView,
  passedOver?: (name: string) => void,
): Governing | undefined {
  const named = entry.attribute(POINTER)?.values[0];
  if (named !== undefined) {
    const found = policyNamed(parts, utf8Decode(named) ?? '', 'entry', passedOver);
    if (found !== undefined) return found;
  }
  const near = nearest(parts, view, entry);
  if (near !== undefined) return near;
  const { defaultPasswordPolicy } = parts.settings;
  return defaultPasswordPolicy === undefined
    ? undefined
    : policyNamed(parts, defaultPasswordPolicy, 'default', passedOver);
}

function policyNamed(
  parts: PolicyParts,
  name: string,
  why: 'entry' | 'default',
  passedOver: ((name: string) => void) | undefined,
): Governing | undefined {
  const entry = entryNamed(parts, name);
  const policy = entry === undefined ? undefined : readPolicy(entry);
  if (entry !== undefined && policy !== undefined) return { policy, dn: entry.dnText, why };
  passedOver?.(name);
  return undefined;
}

function entryNamed({ directory }: PolicyParts, name: string): StoredEntry | undefined {
  try {
    const route = directory.route(name);
    return route.kind === 'domain' ? route.domain.backend.byDn(route.dn) : undefined;
  } catch (error) {
    if (error instanceof LdapError) return undefined;
    throw error;
  }
}

/** The policy of the subentry whose subtree begins nearest above the entry; of two with the same base the one of the lesser UUID, on every server the same. */
function nearest(
  parts: PolicyParts,
  view: Pick<ReadView, 'holders' | 'holderCount'>,
  entry: EntryView,
): Governing | undefined {
  const normal = parts.schema.attributeType(OBJECT_CLASS_KEY)?.equality?.normalizeAssertion(CLASS);
  if (normal === undefined || view.holderCount(OBJECT_CLASS_KEY, normal) === 0) return undefined;
  const key = dnKey(entry.dn);
  let best: { readonly base: string; readonly holder: StoredEntry } | undefined;
  for (const holder of view.holders(OBJECT_CLASS_KEY, normal).slice(0, LIMITS.passwordPolicies)) {
    const base = isSubentryPolicy(holder) ? baseOf(parts, holder, entry, key) : undefined;
    if (base === undefined || readPolicy(holder) === undefined) continue;
    const nearer =
      best === undefined ||
      base.length > best.base.length ||
      (base.length === best.base.length && holder.uuid < best.holder.uuid);
    if (nearer) best = { base, holder };
  }
  const policy = best === undefined ? undefined : readPolicy(best.holder);
  return best === undefined || policy === undefined
    ? undefined
    : { policy, dn: best.holder.dnText, why: 'subtree' };
}

/** Where the subtree begins that the entry lies in; undefined: it does not. */
function baseOf(
  { schema }: PolicyParts,
  holder: StoredEntry,
  entry: EntryView,
  key: string,
): string | undefined {
  const value = holder.attribute(SPECIFICATION)?.values[0];
  const specification = value === undefined ? undefined : readSubtreeSpecification(value);
  const point = parentKey(dnKey(holder.dn));
  if (specification === undefined || point === undefined) return undefined;
  const scope = subtreeScope(specification, point);
  if (!scope.holds(key)) return undefined;
  const { refinement } = specification;
  const isOf = (objectClass: string): boolean => {
    const wanted = schema.objectClass(objectClass);
    const values = entry.attribute(OBJECT_CLASS_KEY)?.values ?? [];
    return wanted !== undefined && values.some((one) => schema.objectClass(latin1(one)) === wanted);
  };
  return refinement === undefined || refines(refinement, isOf) ? scope.baseKey : undefined;
}
