/**
 * LDIF records as data (RFC 2849): what the reader gives and the writer takes.
 *
 * DNs and attribute descriptions are text as written, not checked against RFC 4514 or a schema; values are octets. The shapes are those
 * of requests (ldap/message.ts, entry/modification.ts), so a record becomes a request without copying.
 */
import type { EntryModification, RawValues } from '../entry/modification.js';

export interface LdifControl {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Uint8Array | undefined;
}

export type LdifChange =
  | { readonly kind: 'add'; readonly attributes: readonly RawValues[] }
  | { readonly kind: 'delete' }
  | { readonly kind: 'modify'; readonly modifications: readonly EntryModification[] }
  | {
      readonly kind: 'modifyDn';
      readonly newRdn: string;
      readonly deleteOldRdn: boolean;
      readonly newSuperior: string | undefined;
    };

export type LdifRecord =
  /** An entry. Values of one attribute stand together, in the order of the file. */
  | { readonly kind: 'content'; readonly dn: string; readonly attributes: readonly RawValues[] }
  | {
      readonly kind: 'change';
      readonly dn: string;
      readonly controls: readonly LdifControl[];
      readonly change: LdifChange;
    };

/** What the reader found. Lines count from 1. */
export type LdifItem =
  | {
      readonly kind: 'record';
      /** Line of `dn:`. */
      readonly line: number;
      readonly record: LdifRecord;
      /** The record's lines as they stand in the file, without line ends: for a file of rejects. */
      readonly source: readonly Uint8Array[];
    }
  | {
      readonly kind: 'fault';
      /** Line at fault. */
      readonly line: number;
      /** One clause for people, without the line. */
      readonly reason: string;
      /** As above; empty when the record was too long to keep. */
      readonly source: readonly Uint8Array[];
    };
