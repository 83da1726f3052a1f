/**
 * cn=changelog: the changes of all domains of this server as entries, by number or, with the cookie control, by position (OpenDJ behaviour;
 * draft-good-ldap-changelog-04).
 *
 * Searches by changeNumber and replicationCSN read that part of the log alone. Only the administrator and whom `changelog.readers` names may read; to all others it is
 * as if it were not for them (insufficientAccessRights). Costs nothing while nobody asks, but for the numbers.
 */
import type { Requester } from '../../access/requester.js';
import { latin1, utf8Decode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import type { ChangeNumbers } from '../../changelog/change-numbers.js';
import type { Changelog } from '../../changelog/changelog.js';
import { parseCsn } from '../../csn/csn.js';
import type { Dn } from '../../dn/dn.js';
import { parseDn } from '../../dn/dn-text.js';
import type { CompiledFilter } from '../../filter/compiled-filter.js';
import type { SearchScope } from '../../ldap/message.js';
import type { Clock } from '../../port/clock.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { Schema } from '../../schema/schema.js';
import type { Domain } from '../directory.js';
import type { Operation } from '../operation.js';
import type { PartCandidates, SearchPart } from '../search/search-parts.js';
import { CHANGELOG_DN, SUBSCHEMA_DN } from '../trees/root-dse.js';
import {
  candidatesOf,
  type NamedEntry,
  type VirtualCandidates,
  type VirtualTree,
  virtualEntry,
} from '../trees/virtual-tree.js';
import { formatChangelogCookie, parseChangelogCookie } from './changelog-cookie.js';
import { type ChangelogReader, CookieReader, NumberReader } from './changelog-reader.js';
import type { IncludedAttributes } from './included-attributes.js';

/** A domain in the change log. */
export interface ChangelogDomain {
  readonly domain: Domain;
  /** Its number in the store. */
  readonly number: number;
  readonly changelog: Changelog;
  /** Attributes that go with each record; undefined: none. */
  readonly included?: IncludedAttributes | undefined;
}

export interface ChangelogFacts {
  readonly domains: readonly ChangelogDomain[];
  readonly numbers: ChangeNumbers;
  /** Who may read besides the administrator: DNs of users and of groups. */
  readonly readers: readonly string[];
}

const MEMBER_OF = 'memberof' as AttributeKey;

interface Range {
  readonly from: number;
  readonly to: number;
}

export class ChangelogTree implements VirtualTree {
  readonly baseDn: Dn = parseDn(CHANGELOG_DN);
  readonly monitorOnly = false;
  readonly facts: ChangelogFacts;
  readonly #schema: Schema;
  readonly #clock: Clock;

  constructor(schema: Schema, clock: Clock, facts: ChangelogFacts) {
    this.#schema = schema;
    this.#clock = clock;
    this.facts = facts;
  }

  /** Throws LdapError insufficientAccessRights. */
  checkRead(requester: Requester): void {
    if (requester.kind === 'admin' || (requester.kind === 'user' && this.#isReader(requester))) return;
    throw new LdapError(
      'insufficientAccessRights',
      'The change log is for the administrator and those whom changelog.readers names.',
    );
  }

  #isReader(requester: Requester & { readonly kind: 'user' }): boolean {
    const keys = new Set(this.facts.readers.map((text) => this.#schema.dnKey(parseDn(text))));
    if (keys.size === 0) return false;
    for (const { domain } of this.facts.domains) {
      const entry = domain.backend.byUuid(requester.uuid);
      if (entry === undefined) continue;
      if (keys.has(this.#schema.dnKey(entry.dn))) return true;
      const groups = entry.attribute(MEMBER_OF)?.values ?? [];
      return groups.some((group) => keys.has(this.#schema.dnKey(parseDn(utf8Decode(group) ?? ''))));
    }
    return false;
  }

  holds(dn: Dn): boolean {
    return dn.rdns.length >= 1;
  }

  /** The top entry alone: changes are read by part(). */
  search(base: Dn, scope: SearchScope): VirtualCandidates {
    const top = base.rdns.length === 1 && (scope === 'base' || scope === 'sub');
    return candidatesOf(() => (top ? [this.#top()] : []));
  }

  /** The part of a search below this tree. Throws LdapError where the requester may not read or the cookie is of no use. */
  part(operation: Operation, base: Dn, scope: SearchScope): SearchPart {
    this.checkRead(operation.requester);
    const { changelogCookie } = operation.controls;
    const start =
      changelogCookie === undefined ? undefined : parseChangelogCookie(this.facts.domains, changelogCookie);
    return {
      domain: undefined,
      scope,
      base: undefined,
      entry: undefined,
      open: (filter, after) => {
        const reader = this.#readerOf(base, scope, filter, start);
        const withTop = base.rdns.length === 1 && (scope === 'base' || scope === 'sub');
        return new ChangelogCandidates(reader, withTop ? this.#top() : undefined, after ?? 0);
      },
    };
  }

  /** What a persistent search reads: `position` undefined: from now on. */
  reader(operation: Operation, filter: CompiledFilter, fromNow: boolean): ChangelogReader {
    const { changelogCookie } = operation.controls;
    const { domains, numbers } = this.facts;
    if (changelogCookie !== undefined) {
      const position = fromNow
        ? new Map(domains.map(({ number, changelog }) => [number, changelog.state]))
        : parseChangelogCookie(domains, changelogCookie);
      return new CookieReader(this.#schema, this.#clock, this.facts, position);
    }
    const { from } = rangeOf(filter, numbers);
    const first = fromNow ? Math.max(from, numbers.last + 1) : from;
    return new NumberReader(this.#schema, this.#clock, this.facts, first, Number.MAX_SAFE_INTEGER);
  }

  /** Position behind all that is held. */
  get lastCookie(): string {
    const { domains } = this.facts;
    return formatChangelogCookie(domains, new Map(domains.map((one) => [one.number, one.changelog.state])));
  }

  #readerOf(
    base: Dn,
    scope: SearchScope,
    filter: CompiledFilter,
    start: ReturnType<typeof parseChangelogCookie> | undefined,
  ): ChangelogReader | undefined {
    const { numbers } = this.facts;
    if (base.rdns.length === 1 && scope === 'base') return undefined;
    if (base.rdns.length > 1) {
      if (scope === 'one' || scope === 'subordinates') return undefined;
      const number = this.#numberAt(base);
      return number === undefined
        ? undefined
        : new NumberReader(this.#schema, this.#clock, this.facts, number, number);
    }
    if (start !== undefined) return new CookieReader(this.#schema, this.#clock, this.facts, start);
    const { from, to } = rangeOf(filter, numbers);
    return new NumberReader(this.#schema, this.#clock, this.facts, from, to);
  }

  /** The number that a name names: `changeNumber=n,cn=changelog` or `replicationCSN=csn,<base>,cn=changelog`. */
  #numberAt({ rdns }: Dn): number | undefined {
    const ava = rdns[0]?.[0];
    const text = ava === undefined ? '' : latin1(ava.value);
    if (ava?.type.toLowerCase() === 'changenumber') return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
    const csn = parseCsn(text.toLowerCase());
    if (csn === undefined) return undefined;
    for (const { number } of this.facts.domains) {
      const found = this.facts.numbers.numberOf(csn, number);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #top(): NamedEntry {
    return virtualEntry(
      this.#schema,
      CHANGELOG_DN,
      { objectClass: ['top', 'container'], cn: 'changelog' },
      { entryDN: CHANGELOG_DN, subschemaSubentry: SUBSCHEMA_DN },
    );
  }
}

/** What numbers a match can have. */
function rangeOf(filter: CompiledFilter, numbers: ChangeNumbers): Range {
  const all = { from: numbers.first, to: numbers.last };
  if (filter.kind === 'and') {
    let { from, to } = all;
    for (const clause of filter.clauses) {
      const range = rangeOf(clause, numbers);
      from = Math.max(from, range.from);
      to = Math.min(to, range.to);
    }
    return { from, to };
  }
  if ((filter.kind !== 'ordering' && filter.kind !== 'equality') || filter.keys.length !== 1) return all;
  const text = latin1(filter.normal).toLowerCase();
  if (filter.keys[0] === 'changenumber') {
    const digits = /\d+$/.exec(text.slice(filter.kind === 'ordering' ? 2 : 0))?.[0] ?? '';
    if (digits === '' || digits.length > 15) return all;
    const number = Number(digits);
    if (filter.kind === 'equality') return { from: number, to: number };
    return filter.direction === 'greaterOrEqual' ? { ...all, from: number } : { ...all, to: number };
  }
  if (filter.keys[0] === 'replicationcsn') {
    const csn = parseCsn(text.trim());
    if (csn === undefined) return all;
    if (filter.kind === 'ordering')
      return filter.direction === 'greaterOrEqual' ? { ...all, from: numbers.from(csn) } : all;
    // A change that came late stands elsewhere: whoever asks for it is given the way by number.
    const from = numbers.from(csn);
    return { from: Math.min(from, numbers.last), to: numbers.last };
  }
  return all;
}

class ChangelogCandidates implements PartCandidates {
  readonly unindexed = false;
  readonly plan = 'changelog';
  readonly sure = false;
  readonly most = Number.POSITIVE_INFINITY;
  readonly #reader: ChangelogReader | undefined;
  #top: NamedEntry | undefined;
  #skip: number;

  constructor(reader: ChangelogReader | undefined, top: NamedEntry | undefined, skip: number) {
    this.#reader = reader;
    this.#top = top;
    this.#skip = skip;
  }

  async next(): Promise<readonly NamedEntry[] | undefined> {
    for (;;) {
      const top = this.#top;
      this.#top = undefined;
      const slice = top === undefined ? ((await this.#reader?.next()) ?? []) : [top];
      if (slice.length === 0) return undefined;
      const left = slice.slice(this.#skip);
      this.#skip = Math.max(0, this.#skip - slice.length);
      if (left.length > 0) return left;
    }
  }

  close(): void {}
}
