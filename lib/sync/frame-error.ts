/** The error of malformed octets from a replication peer. Owns no decoding. */

/** The one error of malformed or forbidden input from a peer. The message is one clause for people. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}
