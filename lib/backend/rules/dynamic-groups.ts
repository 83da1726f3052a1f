/**
 * Dynamic groups: entries of class groupOfURLs, whose members are the entries that the LDAP URLs in memberURL find here (by option).
 *
 * Owns what a URL means and whether an entry is a member, asked of the entry itself; so memberOf, and compare on member, cost no search. The list of members
 * is a search, made when it is read and kept while nothing is written. A URL is read without access rules, so one that asks for secret attributes is
 * none. Groups of groups: a URL's filter sees membership in ordinary groups only, so there are no cycles.
 */
import { utf8Decode, utf8Encode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import { LIMITS } from '../../base/limits.js';
import { parseDn } from '../../dn/dn-text.js';
import type { Attribute } from '../../entry/entry.js';
import { baseKey as withoutOptions } from '../../entry/option-subtype.js';
import { compileFilter, filterKeys } from '../../filter/compile-filter.js';
import type { CompiledFilter } from '../../filter/compiled-filter.js';
import { matchFilter } from '../../filter/filter-match.js';
import { parseFilter } from '../../filter/filter-text.js';
import { parseLdapUrl } from '../../ldap/ldap-url.js';
import type { SearchScope } from '../../ldap/message.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import { dnKey, isAtOrBelow, parentKey } from '../../schema/dn-key.js';
import type { Schema } from '../../schema/schema.js';
import type { Candidates, EntryId, SearchPlanRequest, StoredEntry } from '../backend.js';
import { sortedIds } from '../index/id-union.js';
import { RowsAway } from '../index/reverse-lookup.js';
import { HalfLifeMap } from '../memory/half-life-map.js';
import type { HeldEntry } from '../rows/stored-entry.js';

export const MEMBER_URL = 'memberurl' as AttributeKey;
const OBJECT_CLASS = 'objectclass' as AttributeKey;
const GROUP_CLASS = 'groupOfURLs';
const EVERY: CompiledFilter = { kind: 'constant', value: true };
/** Compiled URLs, and lists of members, that are kept. */
const KEPT_URLS = 1000;
const KEPT_LISTS = 16;

/** What a memberURL asks for. */
export interface DynamicUrl {
  readonly baseKey: string;
  readonly scope: SearchScope;
  readonly filter: CompiledFilter;
}

/** The tree in which groups stand. */
export interface DynamicTree {
  holders(key: AttributeKey, normal: Uint8Array): readonly HeldEntry[];
  byKey(key: string): StoredEntry | undefined;
}

/** Where lists of members come from. */
export interface MemberSource {
  readonly tree: DynamicTree;
  search(request: SearchPlanRequest): Candidates;
  readonly pause: () => Promise<void>;
  /** Moves with every change of an entry. */
  readonly version: () => number;
}

interface MemberList {
  readonly version: number;
  readonly values: readonly Uint8Array[];
  /** Whether it was given since it was made. */
  given: boolean;
}

export class DynamicGroups {
  readonly #schema: Schema;
  readonly #secret: ReadonlySet<string>;
  readonly #urls = new HalfLifeMap<string, DynamicUrl | 'none'>(KEPT_URLS);
  readonly #lists = new Map<EntryId, MemberList>();
  #evaluating = false;
  /** Set once the backend is there. */
  source: MemberSource | undefined;

  /** `secret`: keys of attributes that no URL may ask for. */
  constructor(schema: Schema, secret: readonly string[]) {
    this.#schema = schema;
    this.#secret = new Set(secret);
  }

  /** What the URLs of a group ask for; empty for any other entry. Malformed URLs and those of other servers are passed over. */
  urls(group: Pick<HeldEntry, 'attribute'>): readonly DynamicUrl[] {
    const values = group.attribute(MEMBER_URL)?.values ?? [];
    const urls: DynamicUrl[] = [];
    for (const value of values.slice(0, LIMITS.dynamicGroupUrls)) {
      const text = utf8Decode(value) ?? '';
      let url = this.#urls.get(text);
      if (url === undefined) {
        url = this.#compile(text) ?? 'none';
        this.#urls.set(text, url);
      }
      if (url !== 'none') urls.push(url);
    }
    return urls;
  }

  #compile(text: string): DynamicUrl | undefined {
    const url = parseLdapUrl(text);
    if (url === undefined || url.host !== '') return undefined;
    try {
      const filter = url.filter === undefined ? EVERY : compileFilter(parseFilter(url.filter), this.#schema);
      const keys = filterKeys(filter);
      if (keys === undefined || [...keys].some((key) => this.#secret.has(withoutOptions(key))))
        return undefined;
      return { baseKey: dnKey(parseDn(url.dn)), scope: url.scope ?? 'base', filter };
    } catch (error) {
      if (error instanceof LdapError) return undefined;
      throw error;
    }
  }

  /** Dynamic groups, up to LIMITS.dynamicGroups. Throws RowsAway. */
  groups(tree: DynamicTree): readonly HeldEntry[] {
    const rule = this.#schema.attributeType(OBJECT_CLASS)?.equality;
    const normal = rule?.normalizeAssertion(utf8Encode(GROUP_CLASS));
    return normal === undefined ? [] : tree.holders(OBJECT_CLASS, normal).slice(0, LIMITS.dynamicGroups);
  }

  /** Whether the entry is among those that the group's URLs find. May throw RowsAway. */
  includes(group: Pick<HeldEntry, 'attribute'>, entry: Pick<HeldEntry, 'dn'> & StoredEntry): boolean {
    if (this.#evaluating) return false;
    const urls = this.urls(group);
    if (urls.length === 0) return false;
    const key = dnKey(entry.dn);
    return urls.some((url) => inScope(url, key) && this.#matches(url, entry));
  }

  #matches({ filter }: DynamicUrl, entry: StoredEntry): boolean {
    this.#evaluating = true;
    try {
      return matchFilter(filter, entry) === true;
    } finally {
      this.#evaluating = false;
    }
  }

  /** Dynamic groups that the entry is in. Throws RowsAway. */
  groupsOf(tree: DynamicTree, entry: StoredEntry): readonly HeldEntry[] {
    if (this.#evaluating) return [];
    return this.groups(tree).filter((group) => this.includes(group, entry));
  }

  /** The members of a dynamic group, up to LIMITS.dynamicMembers; undefined for none. Throws RowsAway while they are searched for. */
  members(group: HeldEntry): Attribute | undefined {
    const { source } = this;
    if (source === undefined || this.urls(group).length === 0) return undefined;
    const list = this.#lists.get(group.id);
    if (list !== undefined && (!list.given || list.version === source.version())) {
      list.given = true;
      return list.values.length === 0 ? undefined : { name: 'member', values: list.values };
    }
    throw new RowsAway(() => this.#load(group, source));
  }

  async #load(group: HeldEntry, source: MemberSource): Promise<void> {
    const version = source.version();
    const found = new Map<EntryId, Uint8Array>();
    for (const url of this.urls(group)) await this.#find(url, source, found);
    if (this.#lists.size >= KEPT_LISTS) this.#lists.clear();
    const values = [...found].sort(([a], [b]) => a - b).map(([, value]) => value);
    this.#lists.set(group.id, { version, values, given: false });
  }

  async #find(url: DynamicUrl, source: MemberSource, found: Map<EntryId, Uint8Array>): Promise<void> {
    const base = source.tree.byKey(url.baseKey);
    if (base === undefined) return;
    const candidates = source.search({ base, scope: url.scope, filter: url.filter });
    try {
      for (let slice = await candidates.next(); slice !== undefined; slice = await candidates.next()) {
        for (const entry of slice) {
          if (found.size >= LIMITS.dynamicMembers) return;
          if (this.#matches(url, entry)) found.set(entry.id, utf8Encode(entry.dnText));
        }
        await source.pause();
      }
    } finally {
      candidates.close();
    }
  }
}

type Ids = readonly EntryId[] | undefined;

/**
 * Ids among which the members of the group of this normal name are; `lookup` answers those of a filter (undefined: any entry). Undefined: the group
 * has no URLs.
 */
export function dynamicIds(
  dynamic: DynamicGroups,
  tree: DynamicTree & { byKey(key: string): HeldEntry | undefined },
  group: Uint8Array,
  lookup: (filter: CompiledFilter) => Ids | Promise<Ids>,
): (() => Promise<Ids>) | undefined {
  const key = utf8Decode(group);
  const entry = key === undefined ? undefined : tree.byKey(key);
  const urls = entry === undefined ? [] : dynamic.urls(entry);
  if (urls.length === 0) return undefined;
  return async () => {
    const found: EntryId[] = [];
    for (const { filter } of urls) {
      const ids = await lookup(filter);
      if (ids === undefined) return undefined;
      for (const id of ids) found.push(id);
    }
    return sortedIds(found);
  };
}

function inScope({ baseKey, scope }: DynamicUrl, key: string): boolean {
  switch (scope) {
    case 'base':
      return key === baseKey;
    case 'one':
      return parentKey(key) === baseKey;
    case 'sub':
      return isAtOrBelow(key, baseKey);
    default:
      return key !== baseKey && isAtOrBelow(key, baseKey);
  }
}
