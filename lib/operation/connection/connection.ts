/**
 * LdapConnection: one client's session, without sockets (RFC 4511 sections 3.1, 4.1.1, 4.4, 5.3).
 *
 * Owns framing, the identity, back-pressure and the end of the session; the order of requests is request-order.ts, their meaning perform.ts.
 * Abandon, cancel and unbind are handled at once. A bind or StartTLS stops the reading of further requests until it is finished, so no request ever runs with an identity or a limit
 * of the wrong side of it. Bounds: at most settings.pipelinedRequests requests are taken; while the client does not read its answers nothing is produced or read.
 */
import type { Requester } from '../../access/requester.js';
import type { ResultName } from '../../base/result-code.js';
import { BerError } from '../../ber/ber-error.js';
import { FrameAssembler } from '../../ber/frame-assembler.js';
import { EXTENDED_OIDS } from '../../ldap/control-oids.js';
import { decodeRequest } from '../../ldap/decode-request.js';
import type { RequestMessage } from '../../ldap/message.js';
import { RequestError } from '../../ldap/request-error.js';
import type { LdapConnectionSink, LdapTransport } from '../../port/ldap-transport.js';
import { bind } from '../bind/bind.js';
import { withPolicy } from '../bind/policy-answer.js';
import { type Answer, answer, extendedAnswer, finalKind, resultOf, SUCCESS } from '../operation.js';
import { failure, perform } from '../perform.js';
import { readRequestControls } from '../request-controls.js';
import { RunningOperation } from '../running-operation.js';
import type { ServerParts } from '../server-parts.js';
import { AnswerOutput } from './answer-output.js';
import { abandon, cancel } from './cancel.js';
import type { ConnectionLog } from './connection-log.js';
import type {
  ConnectionFacts,
  ConnectionRegistry,
  RegisteredConnection,
  RequestCounts,
} from './connection-registry.js';
import { ConnectionTimes } from './connection-times.js';
import { isBarrier, RequestOrder } from './request-order.js';
import { Session } from './session.js';
import { checkStartTls } from './start-tls.js';

/** Octets of a request that took its turn of the event loop to be read: it starts in the next. */
const LARGE_REQUEST = 65_536;

type State = 'open' | 'securing' | 'draining' | 'closing' | 'closed';

export class LdapConnection implements LdapConnectionSink, RegisteredConnection {
  readonly facts: ConnectionFacts;
  operationsStarted = 0;
  readonly #parts: ServerParts;
  readonly #transport: LdapTransport;
  readonly #registry: ConnectionRegistry;
  readonly #log: ConnectionLog;
  readonly #assembler: FrameAssembler;
  readonly #output: AnswerOutput;
  readonly #order = new RequestOrder();
  readonly #session: Session;
  #state: State = 'open';
  /** A bind or StartTLS was read and is not finished. */
  #barrier = false;
  #paused = false;
  #pumping = false;
  /** Requests wait for the next turn of the event loop. */
  #resting = false;
  /** The client sent its FIN. */
  #ended = false;
  readonly #times: ConnectionTimes;

  constructor(
    parts: ServerParts,
    registry: ConnectionRegistry,
    transport: LdapTransport,
    log: ConnectionLog,
    facts: ConnectionFacts,
  ) {
    this.facts = facts;
    this.#parts = parts;
    this.#registry = registry;
    this.#transport = transport;
    this.#log = log;
    this.#times = new ConnectionTimes(parts.clock.monotonicMs());
    this.#assembler = new FrameAssembler(parts.settings.messageBytesAnonymous);
    this.#session = new Session(parts, this.#assembler);
    this.#output = new AnswerOutput(transport, parts.statistics, () => this.#balance());
    log.connected(this.tls);
  }

  get requester(): Requester {
    return this.#session.requester;
  }

  get tls(): boolean {
    return this.#transport.secure.tls;
  }

  get requests(): RequestCounts {
    return this.#order;
  }

  // ---- what the transport calls ----

  bytes(chunk: Uint8Array): void {
    if (this.#state === 'securing') {
      // Plaintext behind StartTLS would be read as if it had been protected (reliability class 31).
      this.#disconnect('protocolError', 'Octets were sent in clear behind a StartTLS request.');
      return;
    }
    if (this.#state !== 'open') return;
    this.#times.active(this.#parts.clock.monotonicMs());
    this.#parts.statistics.bytesReceived += chunk.length;
    this.#assembler.push(chunk);
    this.#read();
  }

  drained(): void {
    this.#output.drained();
    this.#goOn();
  }

  secured(): void {
    if (this.#state !== 'securing') return;
    this.#state = 'open';
    this.#barrier = false;
    this.#log.secured();
    this.#read();
  }

  ended(): void {
    this.#ended = true;
    this.#endWhenIdle();
  }

  closed(reason: string): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#order.clear();
    this.#registry.remove(this);
    this.#log.disconnected(this.tls, reason);
    this.#output.shut();
  }

  // ---- what the registry calls ----

  sweep(nowMs: number): void {
    const busy = this.#order.total > 0 || this.#order.detachedCount > 0 || this.#output.full;
    const overdue = this.#times.overdue(nowMs, this.#parts.settings, busy, this.#paused);
    if (overdue === undefined) return;
    if (overdue.notice === undefined) this.#close(overdue.reason);
    else this.#disconnect(overdue.notice, overdue.reason);
  }

  drain(): void {
    if (this.#state === 'securing') this.abort('the server shut down');
    if (this.#state !== 'open') return;
    this.#state = 'draining';
    this.#transport.pause();
    this.#endWhenIdle();
  }

  abort(reason: string): void {
    if (this.#state === 'closed') return;
    this.#transport.abort(reason);
    this.closed(reason);
  }

  // ---- requests ----

  /** Takes whole messages while there is room for them. */
  #read(): void {
    const room = this.#parts.settings.pipelinedRequests;
    while (this.#state === 'open' && !this.#barrier && this.#order.total < room) {
      const frame = this.#nextFrame();
      if (frame === undefined) break;
      this.#times.messageTaken();
      this.#take(frame);
    }
    this.#times.partial(this.#assembler.bufferedBytes > 0);
    this.#balance();
  }

  #nextFrame(): Uint8Array | undefined {
    try {
      return this.#assembler.next();
    } catch (error) {
      if (!(error instanceof BerError)) throw error;
      this.#disconnect('protocolError', `The connection ends: ${error.message}.`);
    }
    return undefined;
  }

  /** Pauses the transport while nothing more may be read, resumes it otherwise. */
  #balance(): void {
    if (this.#state !== 'open') return;
    const full =
      this.#output.full || this.#barrier || this.#order.total >= this.#parts.settings.pipelinedRequests;
    if (full === this.#paused) return;
    this.#paused = full;
    if (full) this.#transport.pause();
    else this.#transport.resume();
  }

  #take(frame: Uint8Array): void {
    let message: RequestMessage;
    try {
      message = decodeRequest(frame);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.#refuseUndecoded(error);
      return;
    }
    const { id, request } = message;
    if (request.kind === 'unbind') {
      this.#count(message);
      this.#parts.statistics.operations.unbind.completed += 1;
      this.#close('unbind');
    } else if (request.kind === 'abandon') {
      this.#count(message);
      abandon(this.#order, this.#output, request.target);
      this.#parts.statistics.operations.abandon.completed += 1;
      this.#log.immediate(message, this.requester, this.tls);
    } else if (this.#order.running(id) !== undefined) {
      const result = resultOf('protocolError', `Message id ${id} belongs to an operation in progress.`);
      this.#output.answer(id, answer(finalKind(request.kind) ?? 'extended', result));
    } else if (request.kind === 'extended' && request.oid === EXTENDED_OIDS.cancel) {
      this.#start(message);
    } else {
      if (isBarrier(message)) this.#barrier = true;
      if (frame.length >= LARGE_REQUEST) this.#rest();
      if (this.#order.waiting === 0 && this.#isFree && this.#order.mayStart(message)) this.#start(message);
      else this.#order.push(message);
    }
  }

  #refuseUndecoded(error: RequestError): void {
    const kind = error.kind === undefined ? undefined : finalKind(error.kind);
    if (error.ends) {
      this.#disconnect(error.result, `The connection ends: ${error.message}.`);
    } else if (error.id !== undefined && kind !== undefined) {
      // A bind that cannot be read still ends the identity before it.
      if (kind === 'bind') this.#session.reset();
      this.#output.answer(error.id, answer(kind, resultOf(error.result, error.message)));
    }
  }

  /** Starts what may start, then reads on. */
  #goOn(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#isFree) {
      const message = this.#order.shift();
      if (message === undefined) break;
      this.#start(message);
    }
    this.#pumping = false;
    this.#read();
    this.#endWhenIdle();
  }

  #start(message: RequestMessage): void {
    this.#count(message);
    let operation: RunningOperation | undefined;
    try {
      const controls = readRequestControls(message);
      const nowMs = this.#parts.clock.monotonicMs();
      if (this.#times.turnIsOver(nowMs)) this.#rest();
      const { requester } = this;
      operation = new RunningOperation(message, controls, requester, this.#transport, nowMs, this.#output);
      const given = this.#dispatch(operation);
      if (given instanceof Promise) this.#await(operation, given);
      else if (given !== undefined) this.#finish(operation, given);
    } catch (error) {
      this.#fail(message, operation, error);
    }
  }

  /** undefined: the session ended. */
  #dispatch(operation: RunningOperation): Answer | Promise<Answer> | undefined {
    const { request } = operation.message;
    if (request.kind === 'bind') return this.#bind(operation);
    this.#session.checkMayAsk(operation);
    if (request.kind === 'extended') {
      if (request.oid === EXTENDED_OIDS.startTls) return this.#startTls(operation);
      if (request.oid === EXTENDED_OIDS.cancel) return cancel(this.#order, this.#output, operation.message);
    }
    return perform(this.#parts, operation);
  }

  #await(operation: RunningOperation, given: Promise<Answer>): void {
    this.#order.began(operation, () => this.#goOn());
    given
      .then(
        (result) => this.#finish(operation, result),
        (error: unknown) => this.#fail(operation.message, operation, error),
      )
      .catch((error: unknown) => {
        // A bug while answering: this connection cannot be trusted any more; the others go on.
        this.#parts.log.error({ connection: this.facts.id, error }, 'a connection failed');
        this.abort('internal error');
      });
  }

  /** An operation ended with an error: an LDAP answer, or a bug of ours, which ends this operation only. */
  #fail(message: RequestMessage, operation: RunningOperation | undefined, error: unknown): void {
    const { kind } = message.request;
    if (kind === 'bind') this.#session.reset();
    const given = failure(this.#parts, finalKind(kind) ?? 'extended', error);
    if (isBarrier(message)) this.#barrier = false;
    if (operation !== undefined) {
      this.#finish(operation, given);
      return;
    }
    this.#parts.statistics.operations[kind].completed += 1;
    this.#output.answer(message.id, given);
    this.#log.refused(message, this.requester, this.tls, given.response.result);
  }

  #finish(operation: RunningOperation, given: Answer): void {
    const { id, request } = operation.message;
    const waited = this.#order.ended(operation);
    this.#parts.statistics.operations[request.kind].completed += 1;
    if (operation.stopped !== 'abandoned') this.#output.answer(id, withPolicy(this.#parts, operation, given));
    this.#log.finished(operation, given.response.result, this.tls);
    if (!waited) return;
    this.#times.active(this.#parts.clock.monotonicMs());
    this.#goOn();
  }

  #bind(operation: RunningOperation): Promise<Answer> {
    // What goes on under the old identity ends (RFC 4511 section 4.2.1); a bind starts by resetting the identity (RFC 4513 section 4).
    if (this.#order.endDetached()) this.#output.wake();
    return bind(this.#parts, operation, this.#session.reset()).then((bound) => {
      this.#session.bound(bound);
      this.#barrier = false;
      return bound.answer;
    });
  }

  #startTls(operation: RunningOperation): undefined {
    checkStartTls(this.#transport, operation, this.#order.runningCount);
    if (this.#assembler.bufferedBytes > 0) {
      this.#disconnect('protocolError', 'Octets were sent in clear behind a StartTLS request.');
      return;
    }
    this.#finish(operation, extendedAnswer(SUCCESS, EXTENDED_OIDS.startTls, undefined));
    if (this.#gone) return;
    if (this.#paused) this.#transport.resume();
    this.#paused = false;
    this.#state = 'securing';
    this.#transport.startTls();
  }

  // ---- answers and the end ----

  /** Whether a request may start as far as the client and the others are concerned. */
  get #isFree(): boolean {
    return !this.#output.full && !this.#resting && !this.#gone;
  }

  #rest(): void {
    if (this.#resting) return;
    this.#resting = true;
    this.#parts.clock.after(0, () => {
      this.#resting = false;
      this.#times.active(this.#parts.clock.monotonicMs());
      this.#goOn();
    });
  }

  get #gone(): boolean {
    return this.#state === 'closing' || this.#state === 'closed';
  }

  #endWhenIdle(): void {
    if (this.#order.total > 0 || this.#gone) return;
    if (this.#state === 'draining') this.#close('The server is shutting down.');
    else if (this.#ended) this.#close('the client closed the connection');
  }

  // A notice of disconnection (RFC 4511 section 4.4.1), then the end: for faults of the client's. At a stop, and to the idle, nothing is said, as by slapd:
  // `unavailable` would announce "an extended period of time", and clients that open a lost session anew do not after it.
  #disconnect(result: ResultName, diagnostic: string): void {
    if (this.#gone) return;
    if (this.#state !== 'securing') {
      const oid = EXTENDED_OIDS.noticeOfDisconnection;
      this.#output.answer(0, extendedAnswer(resultOf(result, diagnostic), oid, undefined));
    }
    this.#close(diagnostic);
  }

  #close(reason: string): void {
    if (this.#gone) return;
    this.#state = 'closing';
    this.#order.clear();
    this.#assembler.clear();
    this.#transport.close(reason);
    this.#output.shut();
  }

  #count(message: RequestMessage): void {
    this.operationsStarted += 1;
    this.#parts.statistics.operations[message.request.kind].initiated += 1;
  }
}
