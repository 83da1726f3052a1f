/** From a request to its answer: the one place where operations are chosen, and the one where errors become results. */

import type { Requester } from '../access/requester.js';
import { unreachable } from '../base/assert.js';
import { LdapError } from '../base/ldap-error.js';
import type { LdapResult } from '../ldap/message.js';
import { StoreError } from '../port/ordered-store.js';
import { proxiedRequester } from './bind/proxied-authorization.js';
import { awaitChanges } from './change-wait.js';
import { isLive, liveSearch } from './changes/live-search.js';
import { compare } from './compare.js';
import { extended } from './extended.js';
import {
  type Answer,
  answer,
  type FinalKind,
  type MaybeAnswer,
  type Operation,
  resultOf,
} from './operation.js';
import { withRightsSubject } from './search/effective-rights.js';
import { search } from './search/search.js';
import type { ServerParts } from './server-parts.js';
import { add } from './write/add.js';
import { remove } from './write/delete.js';
import { modify } from './write/modify.js';
import { modifyDn } from './write/modify-dn.js';
import { tellHolder } from './write/not-unique.js';
import { checkTakesWrites } from './write/read-only.js';

/** Performs a request that has an answer, except bind, which the connection runs. Throws or rejects with what failure() takes. */
export function perform(parts: ServerParts, operation: Operation): MaybeAnswer {
  if (operation.controls.waitForCsn === undefined) return performNow(parts, operation);
  // What is to go on until it is ended must begin at once.
  const waited = awaitChanges(parts, operation, !isLive(operation));
  return waited === undefined
    ? performNow(parts, operation)
    : waited.then(() => performNow(parts, operation));
}

function performNow(parts: ServerParts, operation: Operation): MaybeAnswer {
  const { proxiedAuthorization } = operation.controls;
  if (proxiedAuthorization === undefined) return performAs(parts, operation);
  operation.authenticated = operation.requester;
  const proxied = proxiedRequester(parts, operation.requester, proxiedAuthorization);
  const go = (requester: Requester): MaybeAnswer => {
    operation.requester = requester;
    return performAs(parts, operation);
  };
  return proxied instanceof Promise ? proxied.then(go) : go(proxied);
}

function performAs(parts: ServerParts, operation: Operation): MaybeAnswer {
  const { kind } = operation.message.request;
  switch (kind) {
    case 'search':
      return withRightsSubject(parts, operation, () =>
        isLive(operation) ? liveSearch(parts, operation) : search(parts, operation),
      );
    case 'compare':
      return compare(parts, operation);
    case 'add':
      checkTakesWrites(parts, operation);
      return tellHolder(parts, operation, add(parts, operation));
    case 'modify':
      checkTakesWrites(parts, operation);
      return tellHolder(parts, operation, modify(parts, operation));
    case 'delete':
      checkTakesWrites(parts, operation);
      return remove(parts, operation);
    case 'modifyDn':
      checkTakesWrites(parts, operation);
      return tellHolder(parts, operation, modifyDn(parts, operation));
    case 'extended':
      return extended(parts, operation);
    case 'bind':
    case 'unbind':
    case 'abandon':
      throw new Error(`${kind} belongs to the connection`);
    default:
      return unreachable(kind);
  }
}

/** The answer to an operation that ended with an error. What is no LDAP answer is logged and tells the client nothing of our insides. */
export function failure(parts: ServerParts, kind: FinalKind, error: unknown): Answer {
  return answer(kind, failureResult(parts, error));
}

function failureResult(parts: ServerParts, error: unknown): LdapResult {
  if (error instanceof LdapError) {
    return {
      result: error.result,
      matchedDn: error.matchedDn,
      diagnostic: error.message,
      referrals: error.referrals,
    };
  }
  if (error instanceof StoreError) {
    parts.log.error({ error }, 'the store refused');
    if (error.failure === 'full') {
      return resultOf(
        'unwillingToPerform',
        "The server's disk is full: it cannot be written to until there is space; reads go on.",
      );
    }
    if (error.failure === 'closed') return resultOf('unavailable', 'The server is shutting down.');
    return resultOf('other', "The server's store failed; its log says why.");
  }
  parts.log.error({ error }, 'an operation failed by a fault of the server');
  return resultOf('other', 'The server met an internal error; its log says more.');
}
