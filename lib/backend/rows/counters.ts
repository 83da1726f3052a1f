/**
 * Numbers of a domain that stand in one row: the next entry id, live entries, aliases, referrals, and the newest move.
 */
import { ByteReader, ByteWriter } from '../../base/binary.js';
import { CSN_BYTES, type Csn, csnFromBytes, writeCsn, ZERO_CSN } from '../../csn/csn.js';
import { StoreError } from '../../port/ordered-store.js';
import { FIRST_ID } from './key-space.js';

export interface Counters {
  readonly nextId: number;
  readonly entries: number;
  readonly aliases: number;
  readonly referrals: number;
  /** Ids up to this one may stand in blocks of postings. */
  readonly blockId: number;
  /** CSN of the newest move; ZERO_CSN for none. */
  readonly newestMove: Csn;
}

export const NO_ENTRIES: Counters = {
  nextId: FIRST_ID,
  entries: 0,
  aliases: 0,
  referrals: 0,
  blockId: 0,
  newestMove: ZERO_CSN,
};

const writer = new ByteWriter(64);

export function encodeCounters(counters: Counters): Uint8Array {
  const out = writer;
  out.reset();
  for (const n of [
    counters.nextId,
    counters.entries,
    counters.aliases,
    counters.referrals,
    counters.blockId,
  ]) {
    out.varint(n);
  }
  writeCsn(out, counters.newestMove);
  return out.finish();
}

export function decodeCounters(bytes: Uint8Array): Counters {
  const reader = new ByteReader(bytes, (reason) => new StoreError('damaged', `counters row: ${reason}`));
  const [nextId, entries, aliases, referrals, blockId] = [
    reader.varint(),
    reader.varint(),
    reader.varint(),
    reader.varint(),
    reader.varint(),
  ];
  return { nextId, entries, aliases, referrals, blockId, newestMove: csnFromBytes(reader.raw(CSN_BYTES)) };
}
