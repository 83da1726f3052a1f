/**
 * LDAP messages as data (RFC 4511 section 4). Requests are what the decoder gives; responses are what the encoder takes.
 *
 * DNs and attribute descriptions are text as received (valid UTF-8, checked); values and credentials are bytes.
 */
import type { ResultName } from '../base/result-code.js';
import type { Attribute } from '../entry/entry.js';
import type { Filter } from '../filter/filter.js';

export interface Control {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Uint8Array | undefined;
}

export type SearchScope = 'base' | 'one' | 'sub' | 'subordinates';
export type DerefAliases = 'never' | 'searching' | 'finding' | 'always';

export interface RawAttribute {
  readonly description: string;
  readonly values: readonly Uint8Array[];
}

export interface Modification {
  readonly operation: 'add' | 'delete' | 'replace' | 'increment';
  readonly attribute: RawAttribute;
}

export type BindRequest = {
  readonly kind: 'bind';
  readonly version: number;
  readonly dn: string;
  readonly authentication:
    | { readonly kind: 'simple'; readonly password: Uint8Array }
    | { readonly kind: 'sasl'; readonly mechanism: string; readonly credentials: Uint8Array | undefined };
};
export type UnbindRequest = { readonly kind: 'unbind' };
export type SearchRequest = {
  readonly kind: 'search';
  readonly base: string;
  readonly scope: SearchScope;
  readonly deref: DerefAliases;
  /** 0: no limit of the client's. */
  readonly sizeLimit: number;
  /** Seconds; 0: none. */
  readonly timeLimit: number;
  readonly typesOnly: boolean;
  readonly filter: Filter;
  readonly attributes: readonly string[];
};
export type ModifyRequest = {
  readonly kind: 'modify';
  readonly dn: string;
  readonly modifications: readonly Modification[];
};
export type AddRequest = {
  readonly kind: 'add';
  readonly dn: string;
  readonly attributes: readonly RawAttribute[];
};
export type DeleteRequest = { readonly kind: 'delete'; readonly dn: string };
export type ModifyDnRequest = {
  readonly kind: 'modifyDn';
  readonly dn: string;
  readonly newRdn: string;
  readonly deleteOldRdn: boolean;
  readonly newSuperior: string | undefined;
};
export type CompareRequest = {
  readonly kind: 'compare';
  readonly dn: string;
  readonly attribute: string;
  readonly value: Uint8Array;
};
export type AbandonRequest = { readonly kind: 'abandon'; readonly target: number };
export type ExtendedRequest = {
  readonly kind: 'extended';
  readonly oid: string;
  readonly value: Uint8Array | undefined;
};

export type LdapRequest =
  | BindRequest
  | UnbindRequest
  | SearchRequest
  | ModifyRequest
  | AddRequest
  | DeleteRequest
  | ModifyDnRequest
  | CompareRequest
  | AbandonRequest
  | ExtendedRequest;

/** A request envelope. */
export interface RequestMessage {
  readonly id: number;
  readonly request: LdapRequest;
  readonly controls: readonly Control[];
}

export interface LdapResult {
  readonly result: ResultName;
  readonly matchedDn: string;
  readonly diagnostic: string;
  readonly referrals: readonly string[];
}

export type LdapResponse =
  | { readonly kind: 'bind'; readonly result: LdapResult; readonly serverCredentials: Uint8Array | undefined }
  | { readonly kind: 'searchEntry'; readonly dn: string; readonly attributes: readonly Attribute[] }
  | { readonly kind: 'searchReference'; readonly urls: readonly string[] }
  | {
      readonly kind: 'searchDone' | 'modify' | 'add' | 'delete' | 'modifyDn' | 'compare';
      readonly result: LdapResult;
    }
  | {
      readonly kind: 'extended';
      readonly result: LdapResult;
      readonly oid: string | undefined;
      readonly value: Uint8Array | undefined;
    }
  | {
      readonly kind: 'intermediate';
      readonly oid: string | undefined;
      readonly value: Uint8Array | undefined;
    };

export interface ResponseMessage {
  readonly id: number;
  readonly response: LdapResponse;
  readonly controls: readonly Control[];
}
