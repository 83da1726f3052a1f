/**
 * RequestError: a PDU that is no acceptable request, with all that is needed to answer it (RFC 4511 section 4.1.1).
 *
 * `ends`: the message's structure, id or operation cannot be trusted, so the session ends with a notice of disconnection. Otherwise the request is
 * answered with `result` under its id and the session goes on.
 */
import type { ResultName } from '../base/result-code.js';
import type { LdapRequest } from './message.js';

export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly result: ResultName;
  /** Message id, where it could be read. */
  readonly id: number | undefined;
  /** Which request it was meant to be, where that could be read. `unbind` and `abandon` have no answer. */
  readonly kind: LdapRequest['kind'] | undefined;
  readonly ends: boolean;

  /** `diagnostic`: one sentence for people. */
  constructor(
    result: ResultName,
    diagnostic: string,
    id: number | undefined,
    kind: LdapRequest['kind'] | undefined,
    ends: boolean,
  ) {
    super(diagnostic);
    this.result = result;
    this.id = id;
    this.kind = kind;
    this.ends = ends;
  }
}
