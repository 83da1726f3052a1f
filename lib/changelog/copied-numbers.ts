/**
 * What a copy of a domain (total update) carries of the numbers of its changes, so that whoever takes the copy counts on as its source does.
 *
 * The copy's state and what was numbered are two cuts through the same changes: `count` changes have their numbers in both, those of `held` are in the copy and got none
 * yet. Their records stay at the source; here they take up numbers, so that changes that come between them have the numbers that they have everywhere.
 */
import { ByteReader, ByteWriter } from '../base/binary.js';
import { LIMITS } from '../base/limits.js';
import { CSN_BYTES, type Csn, csnFromBytes, csnReplica, csnToBytes, laterCsn } from '../csn/csn.js';
import { ServerState } from '../csn/server-state.js';
import { StoreError, type StoreSnapshot } from '../port/ordered-store.js';
import type { Changelog } from './changelog.js';

export interface CopiedNumbers {
  /** Changes of the domain that have numbers. */
  readonly count: number;
  /** Newest CSN that has a number, of any domain. */
  readonly newest: Csn;
  /** Which have numbers. */
  readonly numbered: ServerState;
  /** CSNs, ascending for each origin, that the copy holds and that have none yet. */
  readonly held: readonly Csn[];
}

export function encodeCopied({ count, newest, numbered, held }: CopiedNumbers): Uint8Array {
  const writer = new ByteWriter(64 + held.length * CSN_BYTES);
  writer.varint(count);
  writer.raw(csnToBytes(newest));
  writer.bytes(numbered.toBytes());
  writer.varint(held.length);
  for (const csn of held) writer.raw(csnToBytes(csn));
  return writer.finish();
}

/** Throws StoreError damaged. */
export function decodeCopied(bytes: Uint8Array): CopiedNumbers {
  const reader = new ByteReader(bytes, (reason) => new StoreError('damaged', `copied numbers: ${reason}`));
  const count = reader.varint();
  const newest = csnFromBytes(reader.raw(CSN_BYTES));
  const numbered = reader.bytes();
  if (numbered.length % CSN_BYTES !== 0) throw new StoreError('damaged', 'copied numbers: a state cut short');
  const held: Csn[] = [];
  for (let left = reader.count(LIMITS.copiedNumbers, CSN_BYTES); left > 0; left--)
    held.push(csnFromBytes(reader.raw(CSN_BYTES)));
  return { count, newest, numbered: ServerState.fromBytes(numbered), held };
}

/**
 * What a copy of `state` carries, read from the frozen log. `counted`: what was numbered then. Where more changes than LIMITS.copiedNumbers wait for their numbers they count as numbered: then the
 * numbers of that stretch differ, and agree again behind it.
 */
export async function copiedNumbers(
  changelog: Changelog,
  counted: Omit<CopiedNumbers, 'held'>,
  state: ServerState,
  snapshot: StoreSnapshot,
): Promise<CopiedNumbers> {
  let { count } = counted;
  const numbered: Csn[] = [];
  const held: Csn[] = [];
  for (const origin of state.merge(counted.numbered).replicas()) {
    const copied = state.get(origin);
    const given = counted.numbered.get(origin);
    // Numbered at the source and not in the copy: numbered again where the copy goes, when they come.
    if (given !== undefined && (copied === undefined || copied < given)) {
      for await (const slice of changelog.csns(origin, copied, given, snapshot)) count -= slice.length;
      if (copied !== undefined) numbered.push(copied);
      continue;
    }
    if (given !== undefined) numbered.push(given);
    if (copied === undefined || copied === given) continue;
    for await (const slice of changelog.csns(origin, given, copied, snapshot)) held.push(...slice);
  }
  const { newest } = counted;
  if (held.length <= LIMITS.copiedNumbers) return { count, newest, numbered: ServerState.of(numbered), held };
  const last = held.reduce(laterCsn, newest);
  return {
    count: count + held.length,
    newest: last,
    numbered: ServerState.of([...numbered, ...held]),
    held: [],
  };
}

/** CSNs of `held` that were numbered by no one: those of one origin after `after`. */
export function heldOf(held: readonly Csn[], origin: number, after: Csn | undefined): readonly Csn[] {
  return held.filter((csn) => csnReplica(csn) === origin && (after === undefined || csn > after));
}

/**
 * How many of the changes that get numbers now get no row: those up to the last one of a copy (`held`, by domain) that the log here does not hold, all of them while such a one has no number yet. Whoever
 * follows the numbers from another server then sees by the first number here that something is missing. Rows of before went when the copy was taken.
 */
export function unreadAmong(
  waiting: readonly { readonly log: { readonly domain: number }; readonly csn: Csn }[],
  logs: readonly { readonly domain: number; readonly changelog: Pick<Changelog, 'trimmed'> }[],
  held: ReadonlyMap<number, readonly Csn[]>,
  numbered: ReadonlyMap<number, ServerState>,
): number {
  const missing = new Set<string>();
  for (const { domain, changelog } of logs)
    for (const csn of held.get(domain) ?? [])
      if (changelog.trimmed.covers(csn) && numbered.get(domain)?.covers(csn) !== true)
        missing.add(`${domain} ${csn}`);
  let unread = 0;
  for (const [place, { log, csn }] of waiting.entries())
    if (missing.delete(`${log.domain} ${csn}`)) unread = place + 1;
  return missing.size > 0 ? waiting.length : unread;
}
