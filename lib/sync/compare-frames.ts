/**
 * What two replicas ask each other when they compare their entries, and the binary form of it: the body of a question or answer frame (frames.ts).
 *
 * Strict and bounded like all frames: malformed octets throw FrameError. A question names the data set and the state that the answer must cover, so that two different data sets
 * are never compared and an answer can be set beside our own digests from before and after.
 */
import { ByteReader, ByteWriter } from '../base/binary.js';
import { LIMITS } from '../base/limits.js';
import type { EntryUuid } from '../change/change.js';
import { UUID_BYTES, uuidFromBytes, writeUuid } from '../change/entry-uuid.js';
import type { ServerState } from '../csn/server-state.js';
import { FrameError } from './frame-error.js';
import { readState } from './hello-octets.js';

/** 256 sums of 8 octets. */
const SUMS_BYTES = 2048;

/** One entry and its digest (conflict/state-digest.ts). */
export interface ComparedEntry {
  readonly uuid: EntryUuid;
  readonly high: number;
  readonly low: number;
}

export type AskedFor =
  /** Sums of all first octets of UUIDs, or of the second octets below a first one. */
  | { readonly kind: 'sums'; readonly first: number | undefined }
  /** Live entries whose UUIDs begin with these two octets, in order. */
  | { readonly kind: 'bucket'; readonly bucket: number; readonly after: EntryUuid | undefined }
  /** Digests of these entries, in this order. */
  | { readonly kind: 'entries'; readonly uuids: readonly EntryUuid[] }
  /** The whole of one entry. */
  | { readonly kind: 'image'; readonly uuid: EntryUuid }
  /** All rows are to be read anew: 0 begins, and answers with the pass to wait for; that number asks how far it is. */
  | { readonly kind: 'scan'; readonly pass: number };

export interface Question {
  readonly generation: string;
  readonly covering: ServerState;
  readonly asked: AskedFor;
  /** What of the entries is compared: text of a fraction; empty for everything. */
  readonly fraction: string;
}

export type Answer =
  | { readonly kind: 'sums'; readonly state: ServerState; readonly sums: Uint8Array }
  | {
      readonly kind: 'entries';
      readonly state: ServerState;
      readonly entries: readonly ComparedEntry[];
      readonly more: boolean;
    }
  /** Empty: nothing is known of it, or it is too large to be sent. */
  | { readonly kind: 'image'; readonly state: ServerState; readonly image: Uint8Array; readonly name: string }
  | { readonly kind: 'scan'; readonly pass: number; readonly done: boolean }
  /** It does not hold yet what the question knows, or cannot settle on one state; it may be asked again. */
  | { readonly kind: 'later' }
  | { readonly kind: 'refused'; readonly reason: string }
  /** It holds no more than this fraction of the entries. */
  | { readonly kind: 'holds'; readonly fraction: string };

const ASKED = ['sums', 'bucket', 'entries', 'image', 'scan'] as const;
const ANSWERS = ['sums', 'entries', 'image', 'scan', 'later', 'refused', 'holds'] as const;
const malformed = (reason: string) => new FrameError(`comparison: ${reason}`);

export function encodeQuestion({ generation, covering, asked, fraction }: Question): Uint8Array {
  const out = new ByteWriter(256);
  out.text(generation);
  out.bytes(covering.toBytes());
  out.u8(ASKED.indexOf(asked.kind));
  switch (asked.kind) {
    case 'sums':
      out.u16(asked.first ?? 256);
      break;
    case 'bucket':
      out.u16(asked.bucket);
      writeUuids(out, asked.after === undefined ? [] : [asked.after]);
      break;
    case 'entries':
      writeUuids(out, asked.uuids);
      break;
    case 'image':
      writeUuid(out, asked.uuid);
      break;
    case 'scan':
      out.varint(asked.pass);
  }
  // Servers that know of no fractions take what ends here.
  if (fraction !== '') out.text(fraction);
  return out.finish();
}

/** Throws FrameError. */
export function decodeQuestion(bytes: Uint8Array): Question {
  const reader = new ByteReader(bytes, malformed);
  const generation = reader.text(LIMITS.frameTextBytes);
  const covering = readState(reader);
  const asked = readAsked(reader);
  const fraction = reader.left > 0 ? reader.text(LIMITS.fractionBytes) : '';
  reader.end();
  return { generation, covering, asked, fraction };
}

function readAsked(reader: ByteReader): AskedFor {
  const kind = ASKED[reader.u8()];
  switch (kind) {
    case 'sums': {
      const first = reader.u16();
      if (first > 256) reader.fail('no such octet');
      return { kind, first: first === 256 ? undefined : first };
    }
    case 'bucket':
      return { kind, bucket: reader.u16(), after: readUuids(reader)[0] };
    case 'entries':
      return { kind, uuids: readUuids(reader) };
    case 'image':
      return { kind, uuid: uuidFromBytes(reader.raw(UUID_BYTES)) };
    case 'scan':
      return { kind, pass: reader.varint() };
    default:
      return reader.fail('unknown question');
  }
}

export function encodeAnswer(answer: Answer): Uint8Array {
  const out = new ByteWriter(answer.kind === 'sums' ? SUMS_BYTES + 256 : 1024);
  out.u8(ANSWERS.indexOf(answer.kind));
  if ('state' in answer) out.bytes(answer.state.toBytes());
  switch (answer.kind) {
    case 'sums':
      out.raw(answer.sums);
      break;
    case 'entries':
      out.u8(answer.more ? 1 : 0);
      out.varint(answer.entries.length);
      for (const { uuid, high, low } of answer.entries) {
        writeUuid(out, uuid);
        out.u32(high);
        out.u32(low);
      }
      break;
    case 'image':
      out.text(answer.name);
      out.bytes(answer.image);
      break;
    case 'scan':
      out.varint(answer.pass);
      out.u8(answer.done ? 1 : 0);
      break;
    case 'refused':
      out.text(answer.reason);
      break;
    case 'holds':
      out.text(answer.fraction);
      break;
    default:
  }
  return out.finish();
}

/** Throws FrameError. */
export function decodeAnswer(bytes: Uint8Array): Answer {
  const reader = new ByteReader(bytes, malformed);
  const answer = readAnswer(reader);
  reader.end();
  return answer;
}

function readAnswer(reader: ByteReader): Answer {
  const kind = ANSWERS[reader.u8()];
  switch (kind) {
    case 'sums':
      return { kind, state: readState(reader), sums: reader.raw(SUMS_BYTES) };
    case 'entries': {
      const state = readState(reader);
      const more = reader.u8() !== 0;
      const entries: ComparedEntry[] = [];
      for (let left = reader.count(LIMITS.comparedEntries, UUID_BYTES + 8); left > 0; left--)
        entries.push({ uuid: uuidFromBytes(reader.raw(UUID_BYTES)), high: reader.u32(), low: reader.u32() });
      return { kind, state, entries, more };
    }
    case 'image': {
      const state = readState(reader);
      const name = reader.text(LIMITS.dnBytes);
      return { kind, state, name, image: reader.bytes(LIMITS.imageBytes) };
    }
    case 'scan':
      return { kind, pass: reader.varint(), done: reader.u8() !== 0 };
    case 'later':
      return { kind };
    case 'refused':
      return { kind, reason: reader.text(LIMITS.frameTextBytes) };
    case 'holds':
      return { kind, fraction: reader.text(LIMITS.fractionBytes) };
    default:
      return reader.fail('unknown answer');
  }
}

function writeUuids(out: ByteWriter, uuids: readonly EntryUuid[]): void {
  out.varint(uuids.length);
  for (const uuid of uuids) writeUuid(out, uuid);
}

function readUuids(reader: ByteReader): EntryUuid[] {
  const uuids: EntryUuid[] = [];
  for (let left = reader.count(LIMITS.comparedEntries, UUID_BYTES); left > 0; left--)
    uuids.push(uuidFromBytes(reader.raw(UUID_BYTES)));
  return uuids;
}
