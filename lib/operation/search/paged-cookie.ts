/**
 * Cookies of paged results (RFC 2696): stateless and authenticated.
 *
 * A cookie says where the next page starts; its tag covers that position, the search (base, scope, alias handling, filter) and the requester
 * under a key of this process. So a forged or altered cookie, one of another search, of another identity or of before a restart is refused,
 * and the server holds nothing between pages (reliability class 9).
 */
import { ByteReader, ByteWriter } from '../../base/binary.js';
import { concatBytes } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import { BerWriter } from '../../ber/ber-writer.js';
import { writeFilter } from '../../ldap/encode-filter.js';
import type { SearchRequest } from '../../ldap/message.js';
import type { Random } from '../../port/random.js';
import { SIP_KEY_BYTES, SIP_TAG_BYTES, sipHash } from './sip-hash.js';

/** Where a page starts: after this many entries (or this entry id) of one part of the search. */
export interface PagePosition {
  /** Index of the part (naming context) of the search. */
  readonly part: number;
  /** Entry id in a domain, count of entries in a virtual tree. */
  readonly after: number;
  /** Entries given so far, over all pages. */
  readonly given: number;
}

const MAX_COOKIE_BYTES = 64;

export class PagedCookies {
  readonly #key: Uint8Array;

  constructor(random: Random) {
    this.#key = random.bytes(SIP_KEY_BYTES);
  }

  /** The cookie for a position of this requester's search. */
  seal(position: PagePosition, request: SearchRequest, requester: string): Uint8Array {
    const writer = new ByteWriter(32);
    writer.varint(position.part);
    writer.varint(position.after);
    writer.varint(position.given);
    const body = writer.finish();
    return concatBytes([this.#tag(body, request, requester), body]);
  }

  /** The position in a cookie. Throws LdapError unwillingToPerform for one that this search did not give (RFC 2696 section 3). */
  open(cookie: Uint8Array, request: SearchRequest, requester: string): PagePosition {
    if (cookie.length <= SIP_TAG_BYTES || cookie.length > MAX_COOKIE_BYTES) throw foreign();
    const body = cookie.subarray(SIP_TAG_BYTES);
    const tag = this.#tag(body, request, requester);
    let difference = 0;
    for (let i = 0; i < SIP_TAG_BYTES; i++) difference |= (tag[i] as number) ^ (cookie[i] as number);
    if (difference !== 0) throw foreign();
    const reader = new ByteReader(body, foreign);
    const position = { part: reader.varint(), after: reader.varint(), given: reader.varint() };
    reader.end();
    return position;
  }

  #tag(body: Uint8Array, request: SearchRequest, requester: string): Uint8Array {
    const writer = new ByteWriter(256);
    writer.bytes(body);
    writer.text(requester);
    writer.text(request.base);
    writer.text(request.scope);
    writer.text(request.deref);
    const filter = new BerWriter(256);
    writeFilter(filter, request.filter);
    writer.bytes(filter.bytes());
    return sipHash(this.#key, writer.view());
  }
}

function foreign(): LdapError {
  return new LdapError(
    'unwillingToPerform',
    'The paged results cookie was not given for this search; start again without a cookie.',
  );
}
