/**
 * Keeps one session with one configured peer: dials, holds the session, and comes back when it is lost (sync/reconnect-policy.ts says when).
 *
 * Addresses are asked for anew at every attempt and tried in turn. A reason for not being connected is reported when it changes, not at every attempt.
 */
import { reasonOf } from '../base/thrown.js';
import type { Clock } from '../port/clock.js';
import type { Link, LinkNetwork } from '../port/link.js';
import type { Random } from '../port/random.js';
import type { RefusalCode } from '../sync/frames.js';
import { failuresAfter, REFUSED, reconnectDelayMs } from '../sync/reconnect-policy.js';
import type { BrokerPeer, SessionStatus } from './broker-seams.js';
import type { SubscriberDriver } from './subscriber-driver.js';

/** Refusals that last until somebody does something about them. */
const LASTING: ReadonlySet<RefusalCode> = new Set([
  'version',
  'identity',
  'replica-id',
  'self',
  'forked',
  'evicted',
  'not-member',
]);

export interface ConnectionHooks {
  /** Makes and starts a session on the link; the session calls sessionOver() when it ends. */
  open(link: Link, connection: PeerConnection): SubscriberDriver;
  /** The peer answered, or could not be reached or was lost. */
  tried(answered: boolean): void;
  lost(peer: string, reason: string): void;
}

export class PeerConnection {
  readonly peer: BrokerPeer;
  readonly #network: Pick<LinkNetwork, 'dial'>;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #hooks: ConnectionHooks;
  #session: SubscriberDriver | undefined;
  #failures = 0;
  #refusals = 0;
  #attempts = 0;
  #openedMs = 0;
  #lastError = '';
  #reported = '';
  #rival: string | undefined;
  #cancelWait: (() => void) | undefined;
  #running = false;
  #dialing = false;
  /** We ended the session ourselves: that is no word of the peer's. */
  #recalled = false;
  #whenIdle: (() => void)[] = [];

  constructor(
    peer: BrokerPeer,
    network: Pick<LinkNetwork, 'dial'>,
    clock: Clock,
    random: Random,
    hooks: ConnectionHooks,
  ) {
    this.peer = peer;
    this.#network = network;
    this.#clock = clock;
    this.#random = random;
    this.#hooks = hooks;
  }

  /** What the peer said, as long as its last word is that it refuses us for our replica id. */
  get rival(): string | undefined {
    return this.#rival;
  }

  get session(): SubscriberDriver | undefined {
    return this.#session;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#failures = 0;
    this.#refusals = 0;
    this.#dial();
  }

  /** The peer can be reached now: it is not waited for any longer. */
  hurry(): void {
    if (this.#cancelWait === undefined) return;
    this.#cancelWait();
    this.#cancelWait = undefined;
    this.#failures = 0;
    this.#refusals = 0;
    this.#dial();
  }

  /** Ends the session and dials no more; resolves when nothing of it is left. */
  stop(code: RefusalCode, reason: string): Promise<void> {
    this.#running = false;
    this.#recalled = this.#session !== undefined;
    this.#cancelWait?.();
    this.#cancelWait = undefined;
    this.#session?.stop(code, reason);
    if (this.#session === undefined && !this.#dialing) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** Ends the session and dials again soon: what our hello said is no longer true. */
  restart(reason: string): void {
    this.#recalled = this.#session !== undefined;
    this.#session?.stop('closing', reason);
  }

  /** The session is ended by a refusal: where only people can mend the cause, dialing again soon is no use. `word`: the peer's, where it was the peer that refused. */
  refused(code: RefusalCode, word?: string): void {
    if (LASTING.has(code)) this.#refusals += 1;
    this.#rival = code === 'replica-id' ? word : undefined;
  }

  /** The session that open() made has ended. */
  sessionOver(reason: string): void {
    this.#session = undefined;
    this.#lastError = reason;
    this.#failures = failuresAfter(this.#failures, this.#clock.monotonicMs() - this.#openedMs);
    this.#report(reason);
    this.#again();
  }

  /** The session was accepted: earlier trouble is over. */
  settled(): void {
    this.#lastError = '';
    this.#reported = '';
    this.#rival = undefined;
    this.#refusals = 0;
    this.#hooks.tried(true);
  }

  status(): SessionStatus {
    if (this.#session !== undefined) return { ...this.#session.status(), lastError: this.#lastError };
    return {
      direction: 'from',
      peer: this.peer.name,
      address: this.peer.addresses()[0] ?? '',
      state: this.#dialing ? 'dialing' : 'waiting',
      lastError: this.#lastError,
      sentBytes: 0,
      receivedBytes: 0,
      sentWireBytes: 0,
      sentChanges: 0,
      receivedChanges: 0,
      silentMs: undefined,
      credit: undefined,
      queuedBytes: 0,
      states: undefined,
      clockAheadMs: undefined,
      origins: [],
    };
  }

  #dial(): void {
    const addresses = this.peer.addresses();
    const address = addresses[this.#attempts++ % Math.max(1, addresses.length)];
    if (address === undefined) {
      this.#failed('no address is known');
      return;
    }
    this.#dialing = true;
    this.#network.dial(address).then(
      (link) => this.#dialed(link),
      (error: unknown) => {
        this.#dialing = false;
        this.#failed(reasonOf(error));
      },
    );
  }

  #dialed(link: Link): void {
    this.#dialing = false;
    if (!this.#running) {
      link.start({ bytes() {}, drain() {}, closed() {} });
      link.close('not needed any more');
      this.#idle();
      return;
    }
    this.#openedMs = this.#clock.monotonicMs();
    this.#session = this.#hooks.open(link, this);
  }

  #failed(reason: string): void {
    this.#rival = undefined;
    this.#lastError = reason;
    this.#failures += 1;
    this.#report(reason);
    this.#again();
  }

  #again(): void {
    if (!this.#recalled) this.#hooks.tried(false);
    this.#recalled = false;
    if (!this.#running) {
      this.#idle();
      return;
    }
    const bytes = this.#random.bytes(2);
    const random = ((bytes[0] ?? 0) * 256 + (bytes[1] ?? 0)) / 65_536;
    // The first loss is followed by a dial at once: it costs nothing and heals most trouble.
    const delayMs =
      this.#refusals > 0
        ? reconnectDelayMs(this.#refusals, random, REFUSED)
        : reconnectDelayMs(this.#failures - 1, random);
    this.#cancelWait = this.#clock.after(delayMs, () => {
      this.#cancelWait = undefined;
      if (this.#running) this.#dial();
    });
  }

  #report(reason: string): void {
    if (!this.#running || reason === this.#reported) return;
    this.#reported = reason;
    this.#hooks.lost(this.peer.name, reason);
  }

  #idle(): void {
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }
}
