/**
 * Session: who a connection is (RFC 4513 section 4), the SASL exchange on its way to that, and how long messages may be of whom.
 *
 * Invariants: a bind of any kind, readable or not, resets both first (RFC 4511 section 4.2.1), so that a bind that fails, or that is of another method, ends an exchange; while one
 * runs, nothing else may be asked: the client is on its way to another identity, and an answer for nobody would surprise it.
 */
import { ANONYMOUS, type Requester } from '../../access/requester.js';
import { LdapError } from '../../base/ldap-error.js';
import type { FrameAssembler } from '../../ber/frame-assembler.js';
import type { Bound } from '../bind/bind.js';
import { checkChangesPassword } from '../bind/policy-answer.js';
import type { RunningScram } from '../bind/scram.js';
import type { Operation } from '../operation.js';
import type { ServerParts } from '../server-parts.js';

export class Session {
  #requester: Requester = ANONYMOUS;
  #running: RunningScram | undefined;
  #mustChange: (() => boolean) | undefined;
  readonly #parts: Pick<ServerParts, 'settings' | 'schema'>;
  readonly #assembler: FrameAssembler;

  /** `assembler`: where the bound on the connection's messages stands. */
  constructor(parts: Pick<ServerParts, 'settings' | 'schema'>, assembler: FrameAssembler) {
    this.#parts = parts;
    this.#assembler = assembler;
  }

  get requester(): Requester {
    return this.#requester;
  }

  /** A bind begins, or could not be read: the session is nobody's. Answers the exchange that this bind may carry on. */
  reset(): RunningScram | undefined {
    const running = this.#running;
    this.#running = undefined;
    this.#mustChange = undefined;
    this.#become(ANONYMOUS);
    return running;
  }

  /** A bind has succeeded, or has begun an exchange. */
  bound({ requester, running, mustChange }: Bound): void {
    this.#running = running;
    this.#mustChange = mustChange;
    this.#become(requester);
  }

  /**
   * Whether the session may ask this at all, for all requests but bind, unbind and abandon. Throws LdapError operationsError while an exchange waits for its next bind, for StartTLS too (RFC 4513
   * section 3.1.1); insufficientAccessRights before a password is changed that must be.
   */
  checkMayAsk(operation: Operation): void {
    if (this.#running !== undefined) {
      throw new LdapError(
        'operationsError',
        'A SASL bind is in progress: go on with it, or bind in another way to end it.',
      );
    }
    if (this.#mustChange === undefined) return;
    if (this.#mustChange()) checkChangesPassword(this.#parts, operation);
    else this.#mustChange = undefined;
  }

  #become(requester: Requester): void {
    this.#requester = requester;
    const { messageBytes, messageBytesAnonymous } = this.#parts.settings;
    this.#assembler.maxBytes = requester.kind === 'anonymous' ? messageBytesAnonymous : messageBytes;
  }
}
