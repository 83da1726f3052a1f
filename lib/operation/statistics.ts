/** Counters of one server since its start, for cn=monitor and metrics. Plain numbers: adding to one costs nothing. */
import type { LdapRequest } from '../ldap/message.js';

export type OperationKind = LdapRequest['kind'];

/** The kinds, in the order in which cn=monitor lists them. */
export const OPERATION_KINDS: readonly OperationKind[] = [
  'bind',
  'unbind',
  'search',
  'compare',
  'modify',
  'modifyDn',
  'add',
  'delete',
  'abandon',
  'extended',
];

export interface OperationCount {
  initiated: number;
  completed: number;
}

export class Statistics {
  /** Octets of responses. */
  bytesSent = 0;
  bytesReceived = 0;
  /** Response messages of every kind. */
  pdusSent = 0;
  entriesSent = 0;
  referencesSent = 0;
  /** Searches that read every entry below their base. */
  unindexedSearches = 0;
  readonly operations: Readonly<Record<OperationKind, OperationCount>> = {
    bind: zero(),
    unbind: zero(),
    search: zero(),
    compare: zero(),
    modify: zero(),
    modifyDn: zero(),
    add: zero(),
    delete: zero(),
    abandon: zero(),
    extended: zero(),
  };
}

function zero(): OperationCount {
  return { initiated: 0, completed: 0 };
}
