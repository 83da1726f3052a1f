/**
 * The binary form of frames (frames.ts).
 *
 * A frame is a type octet and a body; FrameAssembler finds its ends. Decoding is strict and bounded: whatever a hostile peer sends, the answer is a frame or a
 * FrameError. Frame types from 128 up are extensions: a receiver that does not know one skips it.
 */
import { type ByteReader, ByteWriter, ByteReader as Reader } from '../base/binary.js';
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
import { readSaying, writeSaying } from './assurance-frames.js';
import { FrameError } from './frame-error.js';
import { type Frame, LANE_PARTS, REFUSAL_CODES, UNAVAILABLE } from './frames.js';
import {
  readHello,
  readPlace,
  readState,
  readStates,
  writeHello,
  writePlace,
  writeStates,
} from './hello-octets.js';
import { type MemberRow, readMember, writeMember } from './member-row.js';
import { readChanges } from './read-changes.js';

const TYPE = {
  hello: 1,
  refuse: 2,
  subscribe: 3,
  unsubscribe: 4,
  changes: 5,
  unavailable: 6,
  state: 7,
  credit: 8,
  summary: 9,
  images: 10,
  'images-end': 11,
  members: 128,
  notice: 129,
  talk: 130,
  load: 131,
  assurance: 132,
  place: 133,
  lane: 134,
} as const satisfies Record<Frame['kind'], number>;

/** Octets of the longest frame accepted before the peer's hello was. */
export const HELLO_FRAME_BYTES = 65_536;

/** The frame with its length before it, ready for a link. Asserts the bounds that decodeFrame() holds peers to. */
export function encodeFrame(frame: Frame): Uint8Array {
  const writer = new ByteWriter(sizeHint(frame));
  writer.u32(0);
  writer.u8(TYPE[frame.kind]);
  writeBody(writer, frame);
  const bytes = writer.view();
  const length = bytes.length - 4;
  if (length > LIMITS.frameBytes) throw new RangeError(`a ${frame.kind} frame of ${length} octets`);
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(0, length);
  return bytes;
}

/** The frame in `body` (as FrameAssembler gives it); undefined for an extension that we do not know. Throws FrameError. The result holds no view of `body`. */
export function decodeFrame(body: Uint8Array): Frame | undefined {
  // One copy for the whole frame: changes live on in memory, and must not keep a socket's buffer alive.
  const reader = new Reader(new Uint8Array(body), (reason) => new FrameError(reason));
  const type = reader.u8();
  if (type > TYPE.lane) return undefined;
  const frame = readBody(reader, type);
  if (frame.kind !== 'hello') reader.end();
  return frame;
}

function sizeHint(frame: Frame): number {
  if (frame.kind === 'changes') return frame.changes.reduce((sum, c) => sum + c.bytes.length + 4, 32);
  if (frame.kind === 'images') return frame.images.reduce((sum, image) => sum + image.length + 4, 32);
  if (frame.kind === 'lane') return frame.bytes.length + 16;
  return 256;
}

function writeBody(writer: ByteWriter, frame: Frame): void {
  switch (frame.kind) {
    case 'hello':
      writeHello(writer, frame.hello);
      return;
    case 'refuse':
      writer.u8(REFUSAL_CODES.indexOf(frame.code));
      writer.text(frame.sentence.slice(0, LIMITS.frameTextBytes / 4));
      return;
    case 'subscribe':
      writer.u16(frame.origin);
      writer.raw(csnToBytes(frame.after ?? ZERO_CSN));
      return;
    case 'unsubscribe':
      writer.u16(frame.origin);
      return;
    case 'changes':
      writer.u16(frame.origin);
      writer.varint(frame.changes.length);
      for (const change of frame.changes) writer.bytes(change.bytes);
      return;
    case 'unavailable':
      writer.u16(frame.origin);
      writer.u8(UNAVAILABLE.indexOf(frame.why));
      writer.raw(csnToBytes(frame.csn));
      return;
    case 'state':
      writeStates(writer, frame.states);
      return;
    case 'credit':
      writer.varint(frame.bytes);
      return;
    case 'summary':
      writer.text(frame.generation);
      writer.bytes(frame.state.toBytes());
      writer.varint(frame.entryCount);
      return;
    case 'images':
      writer.varint(frame.images.length);
      for (const image of frame.images) writer.bytes(image);
      return;
    case 'images-end':
      writer.varint(frame.imageCount);
      return;
    default:
      writeExtension(writer, frame);
  }
}

type Extension = 'members' | 'notice' | 'place' | 'assurance' | 'load' | 'lane' | 'talk';

/** Frames that a receiver may skip. */
function writeExtension(writer: ByteWriter, frame: Extract<Frame, { kind: Extension }>): void {
  switch (frame.kind) {
    case 'members':
      writer.text(frame.generation);
      writer.varint(frame.rows.length);
      for (const row of frame.rows) writeMember(writer, row);
      return;
    case 'notice':
      writer.text(frame.sentence.slice(0, LIMITS.frameTextBytes / 4));
      return;
    case 'place':
      writePlace(writer, frame.place);
      return;
    case 'assurance':
      writeSaying(writer, frame.saying);
      return;
    case 'load':
      writer.varint(frame.sessions);
      return;
    case 'lane':
      writer.u8(LANE_PARTS.indexOf(frame.part));
      writer.varint(frame.number);
      writer.bytes(frame.bytes);
      return;
    case 'talk':
      writer.u8(frame.isAnswer ? 1 : 0);
      writer.varint(frame.number);
      writer.bytes(frame.bytes);
      return;
  }
}

function readBody(reader: ByteReader, type: number): Frame {
  switch (type) {
    case TYPE.hello:
      return { kind: 'hello', hello: readHello(reader) };
    case TYPE.refuse: {
      const code = REFUSAL_CODES[reader.u8()];
      return { kind: 'refuse', code: code ?? 'protocol', sentence: reader.text(LIMITS.frameTextBytes) };
    }
    case TYPE.subscribe:
      return readSubscribe(reader);
    case TYPE.unsubscribe:
      return { kind: 'unsubscribe', origin: readOrigin(reader) };
    case TYPE.changes:
      return readChangesFrame(reader);
    case TYPE.unavailable: {
      const origin = readOrigin(reader);
      const why = UNAVAILABLE[reader.u8()] ?? 'forked';
      return { kind: 'unavailable', origin, why, csn: readCsnOf(reader, origin) ?? reader.fail('no CSN') };
    }
    case TYPE.state:
      return { kind: 'state', states: readStates(reader) };
    case TYPE.credit:
      return { kind: 'credit', bytes: reader.varint(0xffff_ffff) };
    case TYPE.summary: {
      const generation = reader.text(LIMITS.frameTextBytes);
      if (generation === '') reader.fail('a snapshot without a generation');
      return { kind: 'summary', generation, state: readState(reader), entryCount: reader.varint() };
    }
    case TYPE.images: {
      const images: Uint8Array[] = [];
      for (let left = reader.count(LIMITS.frameChanges); left > 0; left--)
        images.push(reader.bytes(LIMITS.imageBytes));
      return { kind: 'images', images };
    }
    case TYPE['images-end']:
      return { kind: 'images-end', imageCount: reader.varint() };
    case TYPE.members: {
      const generation = reader.text(LIMITS.frameTextBytes);
      const rows: MemberRow[] = [];
      for (let left = reader.count(LIMITS.members); left > 0; left--) rows.push(readMember(reader));
      return { kind: 'members', generation, rows };
    }
    case TYPE.notice:
      return { kind: 'notice', sentence: reader.text(LIMITS.frameTextBytes) };
    case TYPE.place:
      return { kind: 'place', place: readPlace(reader) };
    case TYPE.assurance:
      return { kind: 'assurance', saying: readSaying(reader) };
    case TYPE.load:
      return { kind: 'load', sessions: reader.varint() };
    case TYPE.lane: {
      const part = LANE_PARTS[reader.u8()] ?? reader.fail('an unknown part of a lane');
      return { kind: 'lane', part, number: reader.varint(), bytes: reader.bytes(LIMITS.laneOctets) };
    }
    case TYPE.talk:
      return { kind: 'talk', isAnswer: reader.u8() !== 0, number: reader.varint(), bytes: reader.bytes() };
    default:
      return reader.fail(`unknown frame type ${type}`);
  }
}

function readOrigin(reader: ByteReader): ReplicaId {
  const origin = reader.u16();
  return origin === 0 ? reader.fail('replica id 0') : (origin as ReplicaId);
}

function readSubscribe(reader: ByteReader): Frame {
  const origin = readOrigin(reader);
  return { kind: 'subscribe', origin, after: readCsnOf(reader, origin) };
}

function readChangesFrame(reader: ByteReader): Frame {
  const origin = readOrigin(reader);
  return { kind: 'changes', origin, changes: readChanges(reader, origin) };
}

/** A CSN of `origin`; undefined where there is none. */
function readCsnOf(reader: ByteReader, origin: ReplicaId): Csn | undefined {
  const csn = csnFromBytes(reader.raw(CSN_BYTES));
  if (csn === ZERO_CSN) return undefined;
  return csnReplica(csn) === origin ? csn : reader.fail('a CSN of another origin');
}
