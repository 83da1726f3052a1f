/**
 * The control socket's language: one JSON line a request, any number of progress lines, one final line.
 *
 * Local commands speak it over a Unix-domain socket of mode 0600 in the server's directory (mode 0700): who may open it may run them.
 */

import { LdapError } from '../../base/ldap-error.js';
import { OPERATOR_ERRORS, OperatorError, type OperatorErrorCode } from '../../base/operator-error.js';
import { RESULT_CODES, type ResultName } from '../../base/result-code.js';
import { reasonOf } from '../../base/thrown.js';
import type { RightsWish } from '../../operation/search/rights-report.js';
import { StoreError, type StoreFailure } from '../../port/ordered-store.js';
import type { SchemaEdit } from '../config/change-schema.js';
import type { MergeOrder } from '../data/merge-source.js';

const STORE_FAILURES: ReadonlySet<string> = new Set<StoreFailure>(['full', 'damaged', 'failed', 'closed']);

export type ControlRequest =
  | { readonly command: 'status' | 'health' | 'alerts' }
  | { readonly command: 'stop' }
  | {
      readonly command: 'initialize';
      readonly domain?: string;
      readonly from?: string;
      /** Changes of others that no other server is known to have may go; they are saved first. */
      readonly giveUp?: boolean;
    }
  | {
      readonly command: 'conflicts';
      readonly domain?: string;
      readonly limit?: number;
      readonly kind?: string;
      /** UUID. */
      readonly entry?: string;
      /** Also lines that somebody settled. */
      readonly all?: boolean;
    }
  | { readonly command: 'changes'; readonly domain?: string; readonly limit?: number }
  | { readonly command: 'show-entry' | 'policy-explain'; readonly dn: string }
  | ({ readonly command: 'access-explain' } & RightsWish)
  | { readonly command: 'upkeep-members' | 'upkeep-purge' | 'upkeep-unseen'; readonly domain?: string }
  | { readonly command: 'upkeep-evict' | 'upkeep-restore'; readonly server: string; readonly domain?: string }
  | { readonly command: 'upkeep-deleted'; readonly domain?: string; readonly limit?: number }
  /** By its UUID, or the DN that it had. */
  | { readonly command: 'upkeep-undelete'; readonly entry: string; readonly domain?: string }
  | { readonly command: 'verify'; readonly domain?: string }
  | {
      readonly command: 'verify-replicas';
      readonly domain?: string;
      readonly peer?: string;
      readonly repair?: boolean;
      readonly from?: string;
    }
  | ({ readonly command: 'merge' } & MergeOrder)
  /** Absolute paths. */
  | {
      readonly command: 'backup';
      readonly folder: string;
      readonly incremental: boolean;
      readonly keyFile?: string;
    }
  | { readonly command: 'topology' | 'token-list' }
  | {
      readonly command: 'token-create';
      readonly lifeMs: number;
      readonly withAuthorityKey: boolean;
      readonly addresses: readonly string[];
    }
  | { readonly command: 'token-revoke'; readonly id: string }
  | { readonly command: 'leave'; readonly timeoutMs: number }
  | { readonly command: 'forget'; readonly server: string; readonly force: boolean }
  | { readonly command: 'schema' }
  | { readonly command: 'change-schema'; readonly edits: readonly SchemaEdit[] }
  | { readonly command: 'config-get' | 'config-test' }
  /** Texts as on the command line: `limits.idleSeconds=60`. */
  | { readonly command: 'config-set'; readonly options: readonly string[] }
  | { readonly command: 'index-list' | 'index-verify' | 'index-advise' }
  /** Texts as on the command line: `mail:equality`. */
  | { readonly command: 'index-add' | 'index-drop' | 'index-rebuild'; readonly indexes: readonly string[] };

/** Done so far, of how many; `total` is absent when nobody knows. `trouble`: what holds the work up, as a sentence. */
export interface ControlProgress {
  readonly trouble?: string;
  readonly done: number;
  readonly total?: number;
  readonly what: string;
}

export type ControlLine =
  | { readonly kind: 'progress'; readonly progress: ControlProgress }
  | { readonly kind: 'result'; readonly result: unknown }
  | { readonly kind: 'error'; readonly error: ControlFailure };

/** An error as it crosses a wire. */
export interface ControlFailure {
  readonly operator?: OperatorErrorCode;
  readonly ldap?: ResultName;
  readonly store?: StoreFailure;
  readonly message: string;
  readonly faults?: readonly string[];
}

/** Octets of one line: a result may hold many conflicts. */
export const MAX_CONTROL_LINE = 67_108_864;

/** An error as it crosses the socket. */
export function failureOf(error: unknown): ControlFailure {
  if (error instanceof OperatorError)
    return { operator: error.code, message: error.message, faults: error.faults };
  if (error instanceof LdapError) return { ldap: error.result, message: error.message };
  if (error instanceof StoreError) return { store: error.failure, message: error.message };
  return { message: reasonOf(error) };
}

/** The inverse of failureOf(). */
export function errorOf(failure: ControlFailure): Error {
  if (failure.operator !== undefined && Object.hasOwn(OPERATOR_ERRORS, failure.operator))
    return new OperatorError(failure.operator, failure.message, failure.faults ?? []);
  if (failure.ldap !== undefined && Object.hasOwn(RESULT_CODES, failure.ldap))
    return new LdapError(failure.ldap, failure.message);
  if (failure.store !== undefined && STORE_FAILURES.has(failure.store))
    return new StoreError(failure.store, failure.message);
  return new Error(failure.message);
}
