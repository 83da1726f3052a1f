/**
 * The access log: one record an operation, given to a sink that writes it.
 *
 * Invariants: no attribute value and no credential ever stands in a record; a filter is shown by its shape with `?` for values; every text
 * is cut at 4 kB (reliability class 25). Escaping is the sink's work.
 */
import type { ResultName } from '../../base/result-code.js';
import type { Filter } from '../../filter/filter.js';
import type { OperationKind } from '../statistics.js';

export interface AccessRecord {
  readonly event: 'connect' | 'disconnect' | 'operation';
  readonly connection: number;
  /** Client's address and port. */
  readonly peer: string;
  readonly tls: boolean;
  /** Of operations. */
  readonly messageId?: number;
  readonly operation?: OperationKind;
  readonly requester?: string;
  /** Who asked, where that is not the requester (RFC 4370). */
  readonly authenticated?: string;
  /** What the client says of its own client; unverified. */
  readonly session?: string;
  readonly dn?: string;
  /** Search scope, extended operation's OID, bind mechanism or modified attributes. */
  readonly detail?: string;
  readonly filter?: string;
  readonly result?: ResultName | 'abandoned';
  readonly diagnostic?: string;
  readonly entries?: number;
  readonly unindexed?: boolean;
  /** Entries that the search looked at. */
  readonly examined?: number;
  readonly plan?: string;
  /** Milliseconds from the start of the operation to its answer. */
  readonly elapsedMs?: number;
  /** Why a connection ended. */
  readonly reason?: string;
}

export type AccessSink = (record: AccessRecord) => void;

const MAX_TEXT = 4096;

/** The text, cut to what a log line may hold. */
export function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}...`;
}

/** A filter's shape: attributes and kinds, `?` for every value. At most about 4 kB. */
export function filterShape(filter: Filter): string {
  const parts: string[] = [];
  let length = 0;
  const put = (text: string): void => {
    length += text.length;
    parts.push(text);
  };
  const walk = (node: Filter): void => {
    if (length > MAX_TEXT) return;
    switch (node.kind) {
      case 'and':
      case 'or':
        put(node.kind === 'and' ? '(&' : '(|');
        for (const clause of node.clauses) walk(clause);
        put(')');
        return;
      case 'not':
        put('(!');
        walk(node.clause);
        put(')');
        return;
      case 'present':
        put(`(${node.attribute}=*)`);
        return;
      case 'substrings':
        put(`(${node.attribute}=${node.initial === undefined ? '*' : '?*'}`);
        for (let i = 0; i < node.any.length; i++) put('?*');
        put(node.final === undefined ? ')' : '?)');
        return;
      case 'extensible':
        put(
          `(${node.attribute ?? ''}${node.dnAttributes ? ':dn' : ''}${node.rule === undefined ? '' : `:${node.rule}`}:=?)`,
        );
        return;
      default:
        put(`(${node.attribute}${RELATIONS[node.kind]}?)`);
    }
  };
  walk(filter);
  return cut(parts.join(''));
}

const RELATIONS = { equality: '=', approx: '~=', greaterOrEqual: '>=', lessOrEqual: '<=' } as const;
