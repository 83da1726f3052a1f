/**
 * The octets of a hello, and of what it shares with other frames: server states, places in a copy. Types are frames.ts, all frames frame-octets.ts.
 */
import type { ByteReader, ByteWriter } from '../base/binary.js';
import { LIMITS } from '../base/limits.js';
import { CSN_BYTES, csnFromBytes, csnReplica, type ReplicaId } from '../csn/csn.js';
import { ServerState } from '../csn/server-state.js';
import { MAX_FORMAT } from './formats.js';
import type { Hello, LinkPurpose, ServerStates, Vouched } from './frames.js';
import type { SnapshotPlace } from './snapshot-summary.js';

const MAGIC = 0x504c5941;
/** What may follow the fields of a hello, each behind its octet: where to go on, offers, wants, on whose behalf, a fraction, formats, what was promised, what a copy lacks, who else holds changes of servers that are out. After any other octet the rest is of a later version. */
const RESUME = 1;
const OFFERS = 2;
const WANTS = 3;
const BEHALF = 4;
const FRACTION = 5;
const FORMATS = 6;
const PROMISED = 7;
const LACKS = 8;
const VOUCHED = 9;
const MAX_HEARTBEAT_MS = 600_000;

/** Writes a hello. */
export function writeHello(writer: ByteWriter, hello: Hello): void {
  writer.u32(MAGIC);
  writer.u16(hello.protocolMin);
  writer.u16(hello.protocolMax);
  writer.u8(hello.purpose === 'follow' ? 0 : 1);
  writer.text(hello.server);
  writer.u16(hello.replica ?? 0);
  writer.text(hello.incarnation);
  writer.text(hello.boot);
  writer.text(hello.domain);
  writer.text(hello.generation ?? '');
  writer.varint(hello.heartbeatMs);
  writeStates(writer, hello.states);
  // First: servers of version 2 look for nothing else here.
  if (hello.resume !== undefined) {
    writer.u8(RESUME);
    writePlace(writer, hello.resume);
  }
  if (hello.offers === true) writer.u8(OFFERS);
  if (hello.wants === true) writer.u8(WANTS);
  if (hello.fraction !== undefined) {
    writer.u8(FRACTION);
    writer.text(hello.fraction);
  }
  if (hello.behalf !== undefined) {
    const { server, replica, hops } = hello.behalf;
    writer.u8(BEHALF);
    writer.text(server);
    writer.u16(replica ?? 0);
    writer.u8(hops);
  }
  // The younger last: servers that do not know it look no further.
  if (hello.formats !== undefined) {
    writer.u8(FORMATS);
    writer.varint(hello.formats.copies);
    writer.varint(hello.formats.changes);
  }
  if (hello.promised !== undefined) {
    writer.u8(PROMISED);
    writer.bytes(hello.promised.toBytes());
  }
  if (hello.lacks !== undefined) {
    writer.u8(LACKS);
    writer.bytes(hello.lacks.toBytes());
  }
  if (hello.vouched === undefined) return;
  writer.u8(VOUCHED);
  writer.varint(hello.vouched.length);
  for (const { server, state } of hello.vouched) {
    writer.text(server);
    writer.bytes(state.toBytes());
  }
}

/** Writes a place in a copy. */
export function writePlace(writer: ByteWriter, { snapshot, images }: SnapshotPlace): void {
  writer.text(snapshot);
  writer.varint(images);
}

/** Reads a place; malformed ones end in reader.fail(). */
export function readPlace(reader: ByteReader): SnapshotPlace {
  return { snapshot: readName(reader), images: reader.varint() };
}

/** Writes what a server holds. */
export function writeStates(writer: ByteWriter, states: ServerStates): void {
  writer.bytes(states.log.toBytes());
  writer.bytes(states.applied.toBytes());
  writer.bytes(states.trimmed.toBytes());
  writer.varint(states.clockMs);
}

/** Reads a hello; octets of later versions after it are left. */
export function readHello(reader: ByteReader): Hello {
  if (reader.u32() !== MAGIC) reader.fail('the peer does not speak the replication protocol');
  const protocolMin = reader.u16();
  const protocolMax = reader.u16();
  const purpose: LinkPurpose = reader.u8() === 0 ? 'follow' : 'initialize';
  const server = readName(reader);
  const replica = reader.u16();
  const incarnation = readName(reader);
  const boot = readName(reader);
  const domain = reader.text(LIMITS.dnBytes);
  const generation = reader.text(LIMITS.frameTextBytes);
  const heartbeatMs = reader.varint(MAX_HEARTBEAT_MS);
  const states = readStates(reader);
  return {
    protocolMin,
    protocolMax,
    purpose,
    server,
    replica: replica === 0 ? undefined : (replica as ReplicaId),
    incarnation,
    boot,
    domain,
    generation: generation === '' ? undefined : generation,
    heartbeatMs,
    states,
    ...readMore(reader),
  };
}

type More = Pick<
  Hello,
  'resume' | 'offers' | 'wants' | 'behalf' | 'fraction' | 'formats' | 'promised' | 'lacks' | 'vouched'
>;

function readMore(reader: ByteReader): More {
  let more: More = {};
  while (reader.left > 0) {
    switch (reader.u8()) {
      case RESUME:
        more = { ...more, resume: readPlace(reader) };
        break;
      case OFFERS:
        more = { ...more, offers: true };
        break;
      case WANTS:
        more = { ...more, wants: true };
        break;
      case FRACTION:
        more = { ...more, fraction: reader.text(LIMITS.fractionBytes) };
        break;
      case FORMATS: {
        const copies = reader.varint(MAX_FORMAT);
        more = { ...more, formats: { copies, changes: reader.varint(MAX_FORMAT) } };
        break;
      }
      case PROMISED:
        more = { ...more, promised: readState(reader) };
        break;
      case LACKS:
        more = { ...more, lacks: readState(reader) };
        break;
      case VOUCHED:
        more = { ...more, vouched: readVouched(reader) };
        break;
      case BEHALF: {
        const server = readName(reader);
        const replica = reader.u16();
        const hops = reader.u8();
        more = {
          ...more,
          behalf: { server, replica: replica === 0 ? undefined : (replica as ReplicaId), hops },
        };
        break;
      }
      default:
        return more;
    }
  }
  return more;
}

function readVouched(reader: ByteReader): readonly Vouched[] {
  const vouched: Vouched[] = [];
  for (let left = reader.count(LIMITS.members, 2); left > 0; left--)
    vouched.push({ server: readName(reader), state: readState(reader) });
  return vouched;
}

function readName(reader: ByteReader): string {
  const name = reader.text(LIMITS.frameTextBytes);
  return name === '' ? reader.fail('an empty name') : name;
}

/** Reads what a server holds. */
export function readStates(reader: ByteReader): ServerStates {
  return {
    log: readState(reader),
    applied: readState(reader),
    trimmed: readState(reader),
    clockMs: reader.varint(),
  };
}

/** CSNs by strictly rising replica id, as ServerState.toBytes() writes them. */
export function readState(reader: ByteReader): ServerState {
  const bytes = reader.bytes(LIMITS.replicas * CSN_BYTES);
  if (bytes.length % CSN_BYTES !== 0) reader.fail('server state cut short');
  let before = 0;
  for (let at = 0; at < bytes.length; at += CSN_BYTES) {
    const origin = csnReplica(csnFromBytes(bytes, at));
    if (origin <= before) reader.fail('server state not in order of replica ids');
    before = origin;
  }
  return ServerState.fromBytes(bytes);
}
