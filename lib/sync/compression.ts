/**
 * Compression of a link, as far as the protocol goes: version 2 added it.
 *
 * Only a publisher compresses, for it sends what is long. It says where that begins by a frame of one octet; all octets after that are one deflate stream of frames, cut as
 * before. Who dialed accepts it at any time after the hellos. What a peer of version 1 gets is never compressed.
 */
import { FRAME_HEADER_BYTES } from './frame-assembler.js';
import type { Hello } from './frames.js';

/** Protocol version from which a server inflates. */
const COMPRESSION_VERSION = 2;

const TYPE = 12;

/** Whether the receiver of a hello's sender may be compressed for. */
export function mayCompress(peer: Hello): boolean {
  return peer.protocolMax >= COMPRESSION_VERSION;
}

/** The frame after which all is compressed, with its length before it. */
export function compressionStart(): Uint8Array {
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + 1);
  bytes[FRAME_HEADER_BYTES - 1] = 1;
  bytes[FRAME_HEADER_BYTES] = TYPE;
  return bytes;
}

/** Whether this body, as FrameAssembler gives it, is that frame. */
export function isCompressionStart(body: Uint8Array): boolean {
  return body.length === 1 && body[0] === TYPE;
}
