/**
 * A 64-bit digest of one entry's state: equal states have equal digests, on every replica, whatever the order in which changes reached it.
 *
 * Owns what counts as the same state: every fact of EntryState, values as a set. History rows are not part of it: servers forget them at different
 * times, and nothing in an EntryState is ever trimmed (forget.ts). Not cryptographic: it finds faults, not forgers. Sums of digests modulo 2^64 stand for sets of entries.
 */
import { must } from '../base/assert.js';
import type { Steps } from '../base/steps.js';
import type { Attribute, ValueSum } from '../entry/entry.js';
import { valueCount } from '../entry/value-index.js';
import { addToSum, Lanes, sumInSteps } from '../entry/value-sum.js';
import type { EntryState } from './entry-state.js';

/** Two unsigned 32-bit halves. */
export interface StateDigest {
  readonly high: number;
  readonly low: number;
}

/** The digest of nothing: of an entry that is not alive. */
export const NO_DIGEST: StateDigest = { high: 0, low: 0 };

export function sameDigest(a: StateDigest, b: StateDigest): boolean {
  return a.high === b.high && a.low === b.low;
}

const attributeLanes = new Lanes();
const entryLanes = new Lanes();

type SumOf = (attribute: Attribute) => ValueSum;

/** digestState() in steps, for long values. */
export function* digestInSteps(state: EntryState): Steps<StateDigest> {
  const sums = new Map<Attribute, ValueSum>();
  for (const attribute of state.attributes.values())
    sums.set(attribute, attribute.many?.sum ?? (yield* sumInSteps(attribute.values)));
  return digestState(state, (attribute) => must(sums.get(attribute), 'the sum of an attribute'));
}

/** The digest of a state. Linear in its octets; many values (ManyValues) bring their sum. */
export function digestState(state: EntryState, sumOf: SumOf = sumOfValues): StateDigest {
  const lanes = entryLanes;
  lanes.start();
  const { created, modified, preserved, place } = state;
  for (const text of [
    state.uuid,
    created.csn,
    created.by,
    modified.csn,
    modified.by,
    state.parent,
    state.parentCsn,
    state.rdnCsn,
    state.claimCsn,
    place.parent,
  ])
    lanes.text(text);
  for (const { key, name, value } of state.rdn.avas) {
    lanes.text(key);
    lanes.text(name);
    lanes.bytes(value);
  }
  if (state.rdnSince !== state.rdnCsn) lanes.text(state.rdnSince);
  lanes.word((place.conflict ? 1 : 0) | (state.merged ? 2 : 0));
  for (const { csn, kind } of state.life) {
    lanes.text(csn);
    lanes.word(kind === 'delete' ? 0 : 1);
  }
  const kept = [
    preserved.createTimestamp,
    preserved.creatorsName,
    preserved.modifyTimestamp,
    preserved.modifiersName,
  ];
  for (const text of kept) lanes.text(text ?? '');
  let high = 0;
  let low = 0;
  for (const [key, attribute] of state.attributes) {
    digestAttribute(key, attribute, sumOf(attribute));
    high = (high + attributeLanes.high) | 0;
    low = (low + attributeLanes.low) | 0;
  }
  lanes.word(high);
  lanes.word(low);
  lanes.end();
  // Nothing is kept for the dead: no living entry may look like them.
  return { high: lanes.high, low: lanes.high === 0 && lanes.low === 0 ? 1 : lanes.low };
}

/** The sum over the values of an attribute. Their order says nothing, nor how they are kept. */
export function sumOfValues(attribute: Attribute): ValueSum {
  return attribute.many?.sum ?? addToSum({ high: 0, low: 0 }, attribute.values, 1);
}

/** Into attributeLanes. */
function digestAttribute(key: string, attribute: Attribute, { high, low }: ValueSum): void {
  attributeLanes.start();
  attributeLanes.text(key);
  attributeLanes.text(attribute.name);
  attributeLanes.word(valueCount(attribute));
  attributeLanes.word(high);
  attributeLanes.word(low);
  attributeLanes.end();
}
