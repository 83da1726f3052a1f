/**
 * What servers tell each other so that a write can be acknowledged after others have it: wishes go out from the server that made the change, acknowledgements come back
 * (docs/assurance.md). Owns form and octets; who is waited for is assured-waits.ts, the ways are acknowledgements.ts.
 */
import type { ByteReader, ByteWriter } from '../base/binary.js';
import { LIMITS } from '../base/limits.js';
import {
  CSN_BYTES,
  type Csn,
  csnFromBytes,
  csnReplica,
  csnToBytes,
  type ReplicaId,
  ZERO_CSN,
} from '../csn/csn.js';

/** "Tell me what you hold of my changes up to this one." */
export interface Wish {
  /** The newest change that somebody waits for; its replica is who wishes. */
  readonly csn: Csn;
  /** Grows when the same wish is sent again since links have changed: answers take the way of the newest. */
  readonly round: number;
}

/** What one server holds of one origin's changes. */
export interface Acknowledgement {
  readonly server: string;
  readonly origin: ReplicaId;
  /** On its disk. ZERO_CSN: nothing. */
  readonly log: Csn;
  /** Applied to its entries. ZERO_CSN: nothing, or it has no entries. */
  readonly applied: Csn;
}

/** The content of a frame. */
export type Saying =
  | { readonly kind: 'wish'; readonly wish: Wish }
  | { readonly kind: 'held'; readonly rows: readonly Acknowledgement[] };

/** Writes it. */
export function writeSaying(writer: ByteWriter, saying: Saying): void {
  writer.u8(saying.kind === 'wish' ? 0 : 1);
  if (saying.kind === 'wish') {
    writer.raw(csnToBytes(saying.wish.csn));
    writer.varint(saying.wish.round);
    return;
  }
  writer.varint(saying.rows.length);
  for (const { server, origin, log, applied } of saying.rows) {
    writer.text(server);
    writer.u16(origin);
    writer.raw(csnToBytes(log));
    writer.raw(csnToBytes(applied));
  }
}

/** Reads it; malformed ones end in reader.fail(). */
export function readSaying(reader: ByteReader): Saying {
  const kind = reader.u8();
  if (kind > 1) return reader.fail('an unknown saying on assurance');
  return kind === 0 ? { kind: 'wish', wish: readWish(reader) } : { kind: 'held', rows: readRows(reader) };
}

function readWish(reader: ByteReader): Wish {
  const csn = csnFromBytes(reader.raw(CSN_BYTES));
  if (csn === ZERO_CSN || csnReplica(csn) === 0) return reader.fail('a wish for no change');
  return { csn, round: reader.varint() };
}

function readRows(reader: ByteReader): readonly Acknowledgement[] {
  const rows: Acknowledgement[] = [];
  for (let left = reader.count(LIMITS.members, 3 + 2 * CSN_BYTES); left > 0; left--) {
    const server = reader.text(LIMITS.frameTextBytes);
    const origin = reader.u16();
    const log = csnFromBytes(reader.raw(CSN_BYTES));
    const applied = csnFromBytes(reader.raw(CSN_BYTES));
    if (server === '' || origin === 0) return reader.fail('an acknowledgement of nobody');
    for (const csn of [log, applied])
      if (csn !== ZERO_CSN && csnReplica(csn) !== origin)
        return reader.fail('an acknowledgement of another origin');
    rows.push({ server, origin: origin as ReplicaId, log, applied });
  }
  return rows;
}
