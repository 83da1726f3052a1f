/**
 * Abandon (RFC 4511 section 4.11) and cancel (RFC 3909): the requests that end other requests of the same connection.
 *
 * Both are handled as soon as they are read. A write whose order is settled cannot be taken back: it completes, abandoned ones without an answer.
 */

import { LdapError } from '../../base/ldap-error.js';
import { EXTENDED_OIDS } from '../../ldap/control-oids.js';
import { decodeCancel } from '../../ldap/extended/cancel.js';
import type { RequestMessage } from '../../ldap/message.js';
import { type Answer, answer, canceled, extendedAnswer, finalKind, resultOf } from '../operation.js';
import type { AnswerOutput } from './answer-output.js';
import type { RequestOrder } from './request-order.js';

/** Ends an operation without an answer; does nothing when there is none to end. */
export function abandon(order: RequestOrder, output: AnswerOutput, target: number): void {
  const operation = order.running(target);
  if (operation === undefined) {
    order.unqueue(target);
  } else if (!isProtected(operation.message)) {
    operation.stopped ??= 'abandoned';
    output.wake();
  }
}

/** The answer to a cancel request; the canceled operation gets its own. */
export function cancel(order: RequestOrder, output: AnswerOutput, message: RequestMessage): Answer {
  const { request } = message;
  const target = decodeCancel(request.kind === 'extended' ? request.value : undefined);
  const operation = order.running(target);
  if (operation !== undefined) {
    if (isProtected(operation.message)) throw cannotCancel(target);
    if (operation.released)
      throw new LdapError('tooLate', `Operation ${target} is past the point where it can end early.`);
    operation.stopped ??= 'canceled';
    output.wake();
    return extendedAnswer(resultOf('success'), undefined, undefined);
  }
  const waiting = order.unqueue(target);
  if (waiting === 'cannotCancel') throw cannotCancel(target);
  if (waiting === undefined) throw new LdapError('noSuchOperation', `No operation ${target} is in progress.`);
  const { result, message: text } = canceled();
  output.answer(waiting.id, answer(finalKind(waiting.request.kind) ?? 'extended', resultOf(result, text)));
  return extendedAnswer(resultOf('success'), undefined, undefined);
}

function cannotCancel(target: number): LdapError {
  return new LdapError(
    'cannotCancel',
    `Operation ${target} is a bind or StartTLS, which cannot be canceled.`,
  );
}

function isProtected({ request }: RequestMessage): boolean {
  return request.kind === 'bind' || (request.kind === 'extended' && request.oid === EXTENDED_OIDS.startTls);
}
