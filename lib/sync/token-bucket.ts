/**
 * A token bucket: how much may be sent when, so that over any time no more than the rate goes out, and at once no more than a burst.
 *
 * A rule with the time as argument; owns no timer. What must not wait (heartbeats, acknowledgements) is charged too and may leave the bucket in debt: changes wait until that
 * is paid. A change larger than the burst goes whole, and is paid for afterwards.
 */

export interface TokenBucket {
  /** Octets a second. */
  readonly rate: number;
  /** Octets that may go at once after a rest. */
  readonly burst: number;
  /** Octets that may go now; below 0: a debt. */
  readonly tokens: number;
  /** When `tokens` was so, monotonic. */
  readonly atMs: number;
}

/** How long a rest fills the bucket, ms: a heartbeat waits no longer behind a burst. */
const BURST_MS = 250;
/** One change of usual size always fits. */
const MIN_BURST_BYTES = 4096;

/** A full bucket. `kbit`: 1,000 bits a second. */
export function newBucket(kbit: number, nowMs: number): TokenBucket {
  const rate = (kbit * 1000) / 8;
  const burst = Math.max(MIN_BURST_BYTES, (rate * BURST_MS) / 1000);
  return { rate, burst, tokens: burst, atMs: nowMs };
}

/** Octets were sent. */
export function charge(bucket: TokenBucket, bytes: number, nowMs: number): TokenBucket {
  return { ...bucket, tokens: tokensAt(bucket, nowMs) - bytes, atMs: Math.max(nowMs, bucket.atMs) };
}

/** How long changes wait, ms; 0: they may be sent. */
export function waitMs(bucket: TokenBucket, nowMs: number): number {
  const tokens = tokensAt(bucket, nowMs);
  return tokens >= 1 ? 0 : Math.max(1, Math.ceil(((1 - tokens) / bucket.rate) * 1000));
}

function tokensAt(bucket: TokenBucket, nowMs: number): number {
  const passedMs = Math.max(0, nowMs - bucket.atMs);
  return Math.min(bucket.burst, bucket.tokens + (passedMs * bucket.rate) / 1000);
}
