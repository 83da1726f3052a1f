/**
 * Two replicas hold the same changes and different states of one entry: how the states differ, and which one the facts speak for.
 *
 * The facts are the stamps of the states, which only grow, and the changes of the entry that either side still has: the youngest change that says something
 * about a value tells whether it is there (replication-model.md section 4), and a state that says otherwise is wrong. Where these do not decide, nothing is guessed.
 */
import { latin1 } from '../base/bytes.js';
import type { AttributeChange, Change } from '../change/change.js';
import { formatNamedRdn } from '../change/named-rdn.js';
import type { Csn } from '../csn/csn.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import type { EntryState } from './entry-state.js';

/** Names of what differs: attributes by their names, then `(name)`, `(parent)`, `(life)`, `(stamps)`. */
export function differingParts(a: EntryState, b: EntryState): string[] {
  const parts = differingKeys(a, b).map(
    (key) => a.attributes.get(key)?.name ?? b.attributes.get(key)?.name ?? key,
  );
  if (formatNamedRdn(a.rdn) !== formatNamedRdn(b.rdn) || a.place.conflict !== b.place.conflict)
    parts.push('(name)');
  if (a.parent !== b.parent || a.place.parent !== b.place.parent) parts.push('(parent)');
  if (lifeText(a) !== lifeText(b)) parts.push('(life)');
  if (stampText(a) !== stampText(b)) parts.push('(stamps)');
  return parts;
}

/** Which of both states is right, as far as the facts tell. `changes`: those of the entry that either side has and that took effect, in any order. */
export function judgeStates(a: EntryState, b: EntryState, changes: readonly Change[]): 'a' | 'b' | undefined {
  const older = dominance(a, b);
  if (older !== 0) return older > 0 ? 'a' : 'b';
  if (formatNamedRdn(a.rdn) !== formatNamedRdn(b.rdn) || a.parent !== b.parent) return undefined;
  const youngest = [...changes].sort((x, y) => (x.csn < y.csn ? 1 : -1));
  const contradicted = new Set<'a' | 'b'>();
  for (const key of differingKeys(a, b)) contradictions(key, a, b, youngest, contradicted);
  if (contradicted.size !== 1) return undefined;
  return contradicted.has('a') ? 'b' : 'a';
}

/** Above 0: `a` has seen all that `b` has, and more. 0: neither, or each something. */
function dominance(a: EntryState, b: EntryState): number {
  let sign = 0;
  const pairs: readonly (readonly [Csn, Csn])[] = [
    [a.modified.csn, b.modified.csn],
    [a.parentCsn, b.parentCsn],
    [a.rdnCsn, b.rdnCsn],
    [a.claimCsn, b.claimCsn],
    [newestEvent(a), newestEvent(b)],
  ];
  for (const [ofA, ofB] of pairs) {
    if (ofA === ofB) continue;
    const now = ofA > ofB ? 1 : -1;
    if (sign !== 0 && now !== sign) return 0;
    sign = now;
  }
  return sign;
}

/** Adds the states that a change contradicts. Values of which no change speaks say nothing. */
function contradictions(
  key: AttributeKey,
  a: EntryState,
  b: EntryState,
  youngest: readonly Change[],
  into: Set<'a' | 'b'>,
): void {
  const ofA = valuesOf(a, key);
  const ofB = valuesOf(b, key);
  for (const value of new Set([...ofA, ...ofB])) {
    if (ofA.has(value) === ofB.has(value)) continue;
    const present = presenceOf(key, value, youngest);
    if (present !== undefined) into.add(ofA.has(value) === present ? 'b' : 'a');
  }
}

/** What the youngest change that speaks of the value says; undefined: none does, or only in company of what was there before. */
function presenceOf(key: AttributeKey, value: string, youngest: readonly Change[]): boolean | undefined {
  for (const { body } of youngest) {
    const changed = attributeChangesOf(body).find((change) => change.key === key);
    if (changed === undefined) continue;
    if (changed.increment !== 0n) return undefined;
    const added = changed.add.some((added) => latin1(added) === value);
    if (changed.single && !changed.clear) return undefined;
    if (added) return true;
    if (changed.clear || changed.remove.some((removed) => latin1(removed) === value)) return false;
  }
  return undefined;
}

function attributeChangesOf(body: Change['body']): readonly AttributeChange[] {
  return body.kind === 'modify' || body.kind === 'modifyDn' ? body.attributes : [];
}

function differingKeys(a: EntryState, b: EntryState): AttributeKey[] {
  const keys = new Set([...a.attributes.keys(), ...b.attributes.keys()]);
  return [...keys].filter((key) => {
    const [ofA, ofB] = [valuesOf(a, key), valuesOf(b, key)];
    if (ofA.size !== ofB.size || a.attributes.get(key)?.name !== b.attributes.get(key)?.name) return true;
    for (const value of ofA) if (!ofB.has(value)) return true;
    return false;
  });
}

function valuesOf(state: EntryState, key: AttributeKey): ReadonlySet<string> {
  return new Set((state.attributes.get(key)?.values ?? []).map(latin1));
}

function newestEvent(state: EntryState): Csn {
  return state.life[state.life.length - 1]?.csn ?? state.created.csn;
}

function lifeText({ life }: EntryState): string {
  return life.map(({ csn, kind }) => `${kind}${csn}`).join();
}

function stampText({ created, modified, parentCsn, rdnCsn, rdnSince, claimCsn, merged }: EntryState): string {
  return [
    created.csn,
    created.by,
    modified.csn,
    modified.by,
    parentCsn,
    rdnCsn,
    rdnSince,
    claimCsn,
    merged,
  ].join();
}
