/**
 * In-chain matching (1.2.840.113556.1.4.1941, Microsoft): `(member:1.2.840.113556.1.4.1941:=dn)` is true for every entry from which a chain of values of the
 * attribute leads to the DN: the groups that hold somebody directly or through other groups; with memberOf, all who are in a group however deep.
 *
 * The chain is walked before the search, backwards from the asserted DN through the equality index of the attribute; what was found becomes ordinary equality
 * clauses, so the search itself is indexed like any other. Each DN is visited once, so cycles end. Bounds: LIMITS.chainEntries for a clause, chainClauses for
 * a filter. The walk sees what the requester may see. Elsewhere than in a search's filter the rule is Undefined.
 */
import type { Reader } from '../../access/access-policy.js';
import { withRows } from '../../backend/index/reverse-lookup.js';
import { latin1, utf8Encode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import { LIMITS } from '../../base/limits.js';
import type { Filter } from '../../filter/filter.js';
import { IN_CHAIN_OID } from '../../schema/extensible-rules.js';
import type { EqualityRule } from '../../schema/matching-rule.js';
import { checkStopped, type Operation } from '../operation.js';
import type { ServerParts } from '../server-parts.js';
import { matcherFor } from './search-filter.js';

type Extensible = Extract<Filter, { readonly kind: 'extensible' }>;

/** What bounds the search that the walk is for. */
export interface ChainBounds {
  /** Monotonic ms. */
  readonly deadlineMs: number;
  readonly lookThroughLimit: number;
}

const TURN_MS = 5;
/** DN, and Name and Optional UID. */
const DN_SYNTAXES: ReadonlySet<string> = new Set([
  '1.3.6.1.4.1.1466.115.121.1.12',
  '1.3.6.1.4.1.1466.115.121.1.34',
]);

/** Whether the filter has a clause with the rule. */
export function hasChain(filter: Filter): boolean {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.clauses.some(hasChain);
    case 'not':
      return hasChain(filter.clause);
    case 'extensible':
      return isChain(filter);
    default:
      return false;
  }
}

function isChain({ rule }: Extensible): boolean {
  return rule === IN_CHAIN_OID || rule?.toLowerCase() === 'distinguishednameinchainmatch';
}

/** The filter with its in-chain clauses walked. Rejects with LdapError adminLimitExceeded, unwillingToPerform or canceled. */
export async function walkChains(
  parts: ServerParts,
  operation: Operation,
  reader: Reader,
  filter: Filter,
  bounds: ChainBounds,
): Promise<Filter> {
  let clauses = 0;
  const walk = async (node: Filter): Promise<Filter> => {
    if (node.kind === 'not') return { kind: 'not', clause: await walk(node.clause) };
    if (node.kind === 'and' || node.kind === 'or') {
      const walked: Filter[] = [];
      for (const clause of node.clauses) walked.push(await walk(clause));
      return { kind: node.kind, clauses: walked };
    }
    if (node.kind !== 'extensible' || !isChain(node)) return node;
    clauses += 1;
    if (clauses > LIMITS.chainClauses) {
      throw new LdapError(
        'adminLimitExceeded',
        `A filter may have ${LIMITS.chainClauses} in-chain clauses (chainClauses).`,
      );
    }
    return await walkClause(parts, operation, reader, node, bounds);
  };
  return walk(filter);
}

/** One clause as equality clauses; unchanged, and so Undefined, where the attribute has no DNs or the value is none. */
async function walkClause(
  parts: ServerParts,
  operation: Operation,
  reader: Reader,
  clause: Extensible,
  bounds: ChainBounds,
): Promise<Filter> {
  const { attribute, value, dnAttributes } = clause;
  const type = attribute === undefined ? undefined : parts.schema.describe(attribute)?.type;
  const rule = type?.equality;
  if (attribute === undefined || rule === undefined || dnAttributes) return clause;
  if (!DN_SYNTAXES.has(type?.syntax.oid ?? '')) return clause;
  const normal = rule.normalizeAssertion(value);
  if (normal === undefined) return clause;
  const met = new Set([latin1(normal)]);
  const pending: Uint8Array[] = [value];
  const held: Filter[] = [];
  let turnMs = parts.clock.monotonicMs();
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const found: Filter = { kind: 'equality', attribute, value: next };
    const names = await holders(parts, operation, reader, found);
    if (names.length > 0) held.push(found);
    for (const name of names) meet(name, rule, met, pending, bounds.lookThroughLimit);
    const nowMs = parts.clock.monotonicMs();
    if (nowMs >= bounds.deadlineMs)
      throw new LdapError('timeLimitExceeded', 'The search took longer than its time limit.');
    if (nowMs - turnMs < TURN_MS) continue;
    await new Promise<void>((resolve) => {
      parts.clock.after(0, resolve);
    });
    checkStopped(operation);
    turnMs = parts.clock.monotonicMs();
  }
  return { kind: 'or', clauses: held };
}

/** A link of the chain: walked from when it is met first. */
function meet(
  name: string,
  rule: EqualityRule,
  met: Set<string>,
  pending: Uint8Array[],
  lookThroughLimit: number,
): void {
  const value = utf8Encode(name);
  const normal = rule.normalize(value);
  if (normal === undefined) return;
  const key = latin1(normal);
  if (met.has(key)) return;
  const most = Math.min(LIMITS.chainEntries, lookThroughLimit);
  if (met.size >= most) {
    throw new LdapError(
      'adminLimitExceeded',
      `An in-chain clause may walk through ${most} entries (chainEntries, lookThroughLimit).`,
    );
  }
  met.add(key);
  pending.push(value);
}

/** DNs of the entries of which the filter is true, as far as the requester may see that. */
async function holders(
  parts: ServerParts,
  operation: Operation,
  reader: Reader,
  filter: Filter,
): Promise<readonly string[]> {
  const { compiled, matches } = matcherFor(parts.schema, reader, filter);
  const names: string[] = [];
  if (compiled.kind === 'constant') return names;
  for (const { backend, baseDn } of parts.directory.domains) {
    const base = backend.byDn(baseDn);
    if (base === undefined) continue;
    const candidates = backend.search({ base, scope: 'sub', filter: compiled });
    try {
      if (candidates.unindexed && operation.requester.kind !== 'admin') {
        throw new LdapError(
          'unwillingToPerform',
          'In-chain matching needs an equality index of its attribute.',
        );
      }
      for (;;) {
        const next = candidates.next();
        const slice = next instanceof Promise ? await next : next;
        if (slice === undefined) break;
        for (const entry of slice) {
          if ((await withRows(() => matches(entry))) === true && reader.seesEntry(entry))
            names.push(entry.dnText);
        }
      }
    } finally {
      candidates.close();
    }
  }
  return names;
}
