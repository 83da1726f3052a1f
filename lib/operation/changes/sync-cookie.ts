/**
 * Cookies of content synchronization: what the client holds, so that any replica can go on from there (RFC 4533 section 1.3).
 *
 *   rid=000,csn=<CSN>;<CSN>...,polyarch=<generation>.<request>.<incarnation>.<usn>.<CSN at it, or ->
 *
 * The first half is what OpenLDAP's consumers read, keep and send back; alone it is enough to go on. The second half binds the cookie to the data set and to the
 * search, and is a short cut on the server that made it. A cookie is not secret and not trusted: a forged one harms its client only.
 */
import { requesterKey } from '../../access/requester.js';
import { hash64 } from '../../backend/rows/value-hash.js';
import { latin1, toHex, utf8Encode } from '../../base/bytes.js';
import { LIMITS } from '../../base/limits.js';
import { BerWriter } from '../../ber/ber-writer.js';
import { type Csn, parseCsn } from '../../csn/csn.js';
import { fromOpenLdapCsn, toOpenLdapCsn } from '../../csn/openldap-csn.js';
import { ServerState } from '../../csn/server-state.js';
import { encodeRequest } from '../../ldap/encode-request.js';
import type { SearchRequest } from '../../ldap/message.js';
import type { Operation } from '../operation.js';
import type { ServerParts } from '../server-parts.js';

/** Where a client stands in the applied log of one server. */
export interface LocalPlace {
  readonly usn: number;
  /** CSN of the change of this USN: proof that it is of the same history; undefined: nothing was applied since the data came in. */
  readonly csn: Csn | undefined;
}

export interface SyncCookie {
  readonly state: ServerState;
  /** Absent in cookies that other software made from ours. */
  readonly own:
    | ({ readonly generation: string; readonly request: string; readonly incarnation: string } & LocalPlace)
    | undefined;
}

export function formatSyncCookie({ state, own }: SyncCookie): Uint8Array {
  const csns = state.csns().map(toOpenLdapCsn).join(';');
  const base = csns === '' ? 'rid=000' : `rid=000,csn=${csns}`;
  if (own === undefined) return utf8Encode(base);
  const { generation, request, incarnation, usn, csn } = own;
  return utf8Encode(`${base},polyarch=${generation}.${request}.${incarnation}.${usn}.${csn ?? '-'}`);
}

/** The cookie in these octets; undefined where they are none. */
export function parseSyncCookie(bytes: Uint8Array): SyncCookie | undefined {
  let state = ServerState.EMPTY;
  let own: SyncCookie['own'];
  for (const field of latin1(bytes).split(',')) {
    if (field.startsWith('csn=')) {
      const csns: Csn[] = [];
      for (const text of field.slice(4).split(';')) {
        const csn = fromOpenLdapCsn(text);
        if (csn === undefined || csns.length >= LIMITS.replicas) return undefined;
        csns.push(csn);
      }
      state = ServerState.of(csns);
    } else if (field.startsWith('polyarch=')) {
      own = parseOwn(field.slice('polyarch='.length));
      if (own === undefined) return undefined;
    } else if (!field.startsWith('rid=') && !field.startsWith('sid=')) return undefined;
  }
  return { state, own };
}

function parseOwn(text: string): SyncCookie['own'] {
  const [generation, request, incarnation, number = '', at, ...more] = text.split('.');
  const usn = /^\d{1,15}$/.test(number) ? Number(number) : undefined;
  if (generation === undefined || request === undefined || incarnation === undefined) return undefined;
  if (usn === undefined || at === undefined || more.length > 0) return undefined;
  const csn = at === '-' ? undefined : parseCsn(at);
  if (at !== '-' && csn === undefined) return undefined;
  return { generation, request, incarnation, usn, csn };
}

/** A short name of a text. */
export function shortName(text: string): string {
  return digest(utf8Encode(text));
}

/** What a cookie is bound to: base, scope, filter, attributes and identity. */
export function requestDigest(parts: ServerParts, operation: Operation): string {
  const request = operation.message.request as SearchRequest;
  const { dn } = parts.directory.route(request.base);
  const plain: SearchRequest = {
    ...request,
    base: parts.schema.dnKey(dn) ?? request.base,
    deref: 'never',
    sizeLimit: 0,
    timeLimit: 0,
  };
  const writer = new BerWriter();
  encodeRequest(writer, { id: 0, request: plain, controls: [] });
  const who = utf8Encode(`${requesterKey(operation.requester)} ${operation.controls.subentries ?? ''} `);
  const bytes = writer.bytes();
  const all = new Uint8Array(who.length + bytes.length);
  all.set(who);
  all.set(bytes, who.length);
  return digest(all);
}

function digest(bytes: Uint8Array): string {
  const hash = new Uint8Array(8);
  hash64(bytes, hash, 0);
  return toHex(hash);
}
