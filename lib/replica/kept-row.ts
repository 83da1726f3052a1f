/**
 * One change of our own that is kept while our data are replaced, as a row of the store (reissue.ts).
 *
 * Owns the octets and what a stage means. Invariant: a row that an older version wrote is read as one of which nothing is known.
 */
import { ByteReader, ByteWriter } from '../base/binary.js';
import { StoreError } from '../port/ordered-store.js';

/**
 * `kept`: may still come back from another server. `sure`: nobody has it. `refused`: cannot be made any more. `member`: made as a member of the domain and part of the one history of
 * ours that others know: it is good as it is, whoever has it.
 */
const STAGES = ['kept', 'sure', 'refused', 'member'] as const;
export type Stage = (typeof STAGES)[number];

export interface KeptRow {
  readonly stage: Stage;
  /** When our place among the members was last decided as this was made, ms since the epoch (`member` alone). */
  readonly standingAtMs: number | undefined;
  /** The change, encoded. */
  readonly bytes: Uint8Array;
}

/** The value of a row. */
export function encodeKept({ stage, standingAtMs, bytes }: KeptRow): Uint8Array {
  const out = new ByteWriter(bytes.length + 10);
  out.u8(STAGES.indexOf(stage));
  if (stage === 'member') out.varint(standingAtMs ?? 0);
  out.raw(bytes);
  return out.finish();
}

/** The inverse of encodeKept(). Throws StoreError. */
export function decodeKept(value: Uint8Array): KeptRow {
  const reader = new ByteReader(value, (reason) => new StoreError('damaged', `kept change: ${reason}`));
  const stage = STAGES[reader.u8()] ?? reader.fail('its stage is unknown');
  const standingAtMs = stage === 'member' ? reader.varint() : undefined;
  return { stage, standingAtMs, bytes: reader.raw(reader.left).slice() };
}
