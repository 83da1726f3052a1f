/** ConnectionLog: one connection's lines in the access log. Makes nothing when there is no sink. */
import { type Requester, requesterDn } from '../../access/requester.js';
import type { SessionTracking } from '../../ldap/controls/session-tracking.js';
import type { LdapRequest, LdapResult, RequestMessage } from '../../ldap/message.js';
import type { Clock } from '../../port/clock.js';
import type { RunningOperation } from '../running-operation.js';
import { type AccessRecord, type AccessSink, cut, filterShape } from './access-log.js';

/** Characters shown of each text of session tracking. */
const SESSION_TEXT = 256;

type Description = Pick<AccessRecord, 'dn' | 'detail' | 'filter'>;

export class ConnectionLog {
  readonly #sink: AccessSink | undefined;
  readonly #clock: Clock;
  readonly #connection: number;
  readonly #peer: string;

  constructor(sink: AccessSink | undefined, clock: Clock, connection: number, peer: string) {
    this.#sink = sink;
    this.#clock = clock;
    this.#connection = connection;
    this.#peer = peer;
  }

  connected(tls: boolean): void {
    this.#sink?.({ event: 'connect', connection: this.#connection, peer: this.#peer, tls });
  }

  /** StartTLS is complete. */
  secured(): void {
    this.#sink?.({
      event: 'connect',
      connection: this.#connection,
      peer: this.#peer,
      tls: true,
      detail: 'StartTLS',
    });
  }

  disconnected(tls: boolean, reason: string): void {
    this.#sink?.({
      event: 'disconnect',
      connection: this.#connection,
      peer: this.#peer,
      tls,
      reason: cut(reason),
    });
  }

  /** An operation that was started and has ended. */
  finished(operation: RunningOperation, result: LdapResult, tls: boolean): void {
    if (this.#sink === undefined) return;
    const { message } = operation;
    this.#sink({
      ...this.#base(message, operation.requester, tls),
      result: operation.stopped === 'abandoned' ? 'abandoned' : result.result,
      ...(result.diagnostic === '' ? {} : { diagnostic: cut(result.diagnostic) }),
      ...(message.request.kind === 'search'
        ? { entries: operation.entries, unindexed: operation.unindexed, examined: operation.examined }
        : {}),
      ...(operation.plan === undefined ? {} : { plan: cut(operation.plan()) }),
      ...(operation.authenticated === undefined
        ? {}
        : { authenticated: cut(requesterDn(operation.authenticated)) }),
      ...session(operation.controls.sessionTracking),
      elapsedMs: Math.max(0, this.#clock.monotonicMs() - operation.startedMs),
    });
  }

  /** A request that was answered before it could start. */
  refused(message: RequestMessage, requester: Requester, tls: boolean, result: LdapResult): void {
    this.#sink?.({
      ...this.#base(message, requester, tls),
      result: result.result,
      diagnostic: cut(result.diagnostic),
    });
  }

  /** An abandon, which has no answer. */
  immediate(message: RequestMessage, requester: Requester, tls: boolean): void {
    this.#sink?.(this.#base(message, requester, tls));
  }

  #base(message: RequestMessage, requester: Requester, tls: boolean): AccessRecord {
    return {
      event: 'operation',
      connection: this.#connection,
      peer: this.#peer,
      tls,
      messageId: message.id,
      operation: message.request.kind,
      requester: cut(requesterDn(requester)),
      ...describe(message.request),
    };
  }
}

/** Claims of a client: each is cut short, so that they cannot crowd out the rest of the line. */
function session(tracking: SessionTracking | undefined): Pick<AccessRecord, 'session'> {
  if (tracking === undefined) return {};
  const { sourceIp, sourceName, formatOid, identifier } = tracking;
  const texts = [sourceIp, sourceName, formatOid, identifier].map((text) => text.slice(0, SESSION_TEXT));
  return { session: texts.map((text) => JSON.stringify(text)).join(' ') };
}

function describe(request: LdapRequest): Description {
  switch (request.kind) {
    case 'search':
      return { dn: cut(request.base), detail: request.scope, filter: filterShape(request.filter) };
    case 'bind':
      return {
        dn: cut(request.dn),
        detail:
          request.authentication.kind === 'sasl' ? `sasl ${request.authentication.mechanism}` : 'simple',
      };
    case 'modify':
      return {
        dn: cut(request.dn),
        detail: cut(request.modifications.slice(0, 100).map(modifiedAttribute).join(' ')),
      };
    case 'compare':
      return { dn: cut(request.dn), detail: cut(request.attribute) };
    case 'modifyDn':
      return { dn: cut(request.dn), detail: cut(renameTarget(request.newRdn, request.newSuperior)) };
    case 'add':
    case 'delete':
      return { dn: cut(request.dn) };
    case 'extended':
      return { detail: request.oid };
    case 'abandon':
      return { detail: String(request.target) };
    default:
      return {};
  }
}

function modifiedAttribute(modification: { operation: string; attribute: { description: string } }): string {
  return `${modification.operation}:${modification.attribute.description}`;
}

function renameTarget(newRdn: string, newSuperior: string | undefined): string {
  return newSuperior === undefined ? newRdn : `${newRdn},${newSuperior}`;
}
