/**
 * What a client asks of attributes, as entry rules take it (RFC 4511 sections 4.6 and 4.7): the same shapes as ldap/message.ts has, so that
 * requests, LDIF records and rules pass them on unchanged without depending on each other.
 */

/** An attribute description as written, with values. */
export interface RawValues {
  readonly description: string;
  readonly values: readonly Uint8Array[];
}

export interface EntryModification {
  readonly operation: 'add' | 'delete' | 'replace' | 'increment';
  readonly attribute: RawValues;
}
