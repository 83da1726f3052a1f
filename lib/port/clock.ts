/** Port: time. Wall time orders changes and stamps entries; monotonic time drives every time-out. */

export interface Clock {
  /** Milliseconds since the epoch, UTC; may jump. */
  wallMs(): number;
  /** Milliseconds from some fixed point; never goes back. */
  monotonicMs(): number;
  /** Calls `run` once after `delayMs`; the returned function cancels. Never keeps the process alive. */
  after(delayMs: number, run: () => void): () => void;
}
