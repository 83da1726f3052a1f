/**
 * A question about entries that travels through brokers without entries: whom it is for, which servers it came through, and the question itself (compare-frames.ts), as octets.
 *
 * It begins with octets that no other question begins with. Strict and bounded: malformed octets throw FrameError.
 */
import { ByteReader, ByteWriter } from '../base/binary.js';
import { LIMITS } from '../base/limits.js';
import type { ReplicaId } from '../csn/csn.js';
import { toReplicaId } from '../csn/csn.js';
import { FrameError } from './frame-error.js';

/** As a length, far beyond that of a generation's name, with which other questions begin. */
const MARK = 0xffff5251;
/** Servers that a question may come through. */
export const MAX_PATH = 8;
const malformed = (reason: string) => new FrameError(`relayed question: ${reason}`);

export interface RelayedQuestion {
  /** Server that shall answer, and its replica id. */
  readonly server: string;
  readonly replica: ReplicaId;
  /** Servers that it came through, the asking one first. */
  readonly path: readonly string[];
  readonly question: Uint8Array;
}

export function encodeRelayed({ server, replica, path, question }: RelayedQuestion): Uint8Array {
  const out = new ByteWriter(question.length + 256);
  out.u32(MARK);
  out.text(server);
  out.varint(replica);
  out.varint(path.length);
  for (const name of path) out.text(name);
  out.bytes(question);
  return out.finish();
}

/** undefined: it is another question. Throws FrameError. */
export function decodeRelayed(bytes: Uint8Array): RelayedQuestion | undefined {
  const reader = new ByteReader(bytes, malformed);
  if (bytes.length < 4 || reader.u32() !== MARK) return undefined;
  const server = reader.text(LIMITS.frameTextBytes);
  const replica = toReplicaId(reader.varint()) ?? reader.fail('no replica id');
  const path: string[] = [];
  for (let left = reader.count(MAX_PATH); left > 0; left--) path.push(reader.text(LIMITS.frameTextBytes));
  const question = reader.bytes(LIMITS.subscriberFrameBytes);
  reader.end();
  return { server, replica, path, question };
}
