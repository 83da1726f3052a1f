/** Port: randomness, so that a seed replays a run. */

export interface Random {
  /** `length` octets; unpredictable in production. */
  bytes(length: number): Uint8Array;
}
