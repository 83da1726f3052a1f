/**
 * The directory: which part of this server a DN belongs to. Root DSE, virtual trees and domains meet here.
 *
 * Owns routing by name and the bounded cache of DN texts that clients write (search bases, bind names). Owns no entries. Names compare by the schema's
 * RDN keys; the longest matching suffix wins, so a domain may lie below another one's base.
 */

import type { Backend, StoredEntry } from '../backend/backend.js';
import { LdapError } from '../base/ldap-error.js';
import { LIMITS } from '../base/limits.js';
import type { Dn } from '../dn/dn.js';
import { formatDn, parseDn } from '../dn/dn-text.js';
import type { Schema } from '../schema/schema.js';
import { isUnder, rdnKeys, type VirtualTree } from './trees/virtual-tree.js';
import type { DomainAssurance } from './write/assured.js';
import type { DeletedEntries } from './write/deleted-entries.js';

/** A naming context and the backend that holds it. */
export interface Domain {
  readonly baseDn: Dn;
  /** As configured. */
  readonly baseText: string;
  /** RDN keys of the base, leaf first. */
  readonly baseKeys: readonly string[];
  readonly backend: Backend;
  /** undefined: there is no other server. */
  readonly assurance: DomainAssurance | undefined;
  /** undefined: deleted entries are not shown and do not come back over LDAP. */
  readonly deleted: DeletedEntries | undefined;
}

/** Where a name leads. */
export type Route =
  | { readonly kind: 'root'; readonly dn: Dn }
  | { readonly kind: 'domain'; readonly dn: Dn; readonly domain: Domain }
  | { readonly kind: 'virtual'; readonly dn: Dn; readonly tree: VirtualTree }
  /** Nothing here holds it. */
  | { readonly kind: 'none'; readonly dn: Dn };

interface SuffixNode {
  readonly below: Map<string, SuffixNode>;
  domain: Domain | undefined;
  tree: VirtualTree | undefined;
}

/** Names of entries lead further by themselves (byDnText); these are mostly bases of searches, and names that are written to once. About 1 KiB each. */
const CACHED_ROUTES = 1024;
/** Longer names are routed without the cache, so that the cache is bounded in octets too. */
const CACHED_DN_LENGTH = 512;

export class Directory {
  readonly schema: Schema;
  #domains: readonly Domain[] = [];
  readonly #trees: VirtualTree[] = [];
  readonly #suffixes: SuffixNode = { below: new Map(), domain: undefined, tree: undefined };
  #routes = new Map<string, Route>();

  /** LDAP URLs of servers to ask for names that lie under no naming context here, read when one is asked for. */
  readonly superiors: () => readonly string[];

  constructor(schema: Schema, superiors: () => readonly string[] = () => []) {
    this.schema = schema;
    this.superiors = superiors;
  }

  /** The naming contexts, in the order in which they were added. */
  get domains(): readonly Domain[] {
    return this.#domains;
  }

  get trees(): readonly VirtualTree[] {
    return this.#trees;
  }

  /** Puts a domain under its backend's base DN. Throws LdapError when the name is taken or malformed. */
  addDomain(backend: Backend, assurance?: DomainAssurance, deleted?: DeletedEntries): Domain {
    const node = this.#suffixNode(backend.baseDn);
    const baseKeys = rdnKeys(this.schema, backend.baseDn);
    if (node === undefined || baseKeys === undefined || baseKeys.length === 0) {
      throw new LdapError(
        'invalidDNSyntax',
        'A naming context needs a DN whose values match their syntaxes.',
      );
    }
    if (node.domain !== undefined || node.tree !== undefined) {
      throw new LdapError(
        'entryAlreadyExists',
        `The naming context ${formatDn(backend.baseDn)} exists already.`,
      );
    }
    const domain: Domain = {
      baseDn: backend.baseDn,
      baseText: formatDn(backend.baseDn),
      baseKeys,
      backend,
      assurance,
      deleted,
    };
    node.domain = domain;
    this.#domains = [...this.#domains, domain];
    this.#routes.clear();
    return domain;
  }

  /** Plugs in a virtual tree. Throws LdapError when the name is taken. */
  addTree(tree: VirtualTree): void {
    const node = this.#suffixNode(tree.baseDn);
    if (node === undefined || node.tree !== undefined || node.domain !== undefined) {
      throw new LdapError('entryAlreadyExists', `The tree ${formatDn(tree.baseDn)} exists already.`);
    }
    node.tree = tree;
    this.#trees.push(tree);
    this.#routes.clear();
  }

  /** Where the DN that a client wrote leads. Throws LdapError invalidDNSyntax. */
  route(text: string): Route {
    const known = this.#routes.get(text);
    if (known !== undefined) return known;
    const route = this.routeDn(parseDn(text));
    if (text.length <= CACHED_DN_LENGTH) {
      if (this.#routes.size >= CACHED_ROUTES) this.#routes = new Map();
      this.#routes.set(text, route);
    }
    return route;
  }

  /**
   * The stored entry of a DN that a client wrote, by the text alone where the backend remembers it; undefined: ask route(). Only for a server of one
   * domain, where no other can hold the name. Throws LdapError invalidDNSyntax.
   */
  entryOf(text: string): { readonly domain: Domain; readonly entry: StoredEntry } | undefined {
    const [domain] = this.#domains;
    if (domain === undefined || this.#domains.length > 1) return undefined;
    const route = this.#routes.get(text);
    if (route !== undefined && route.kind !== 'domain') return undefined;
    const entry = domain.backend.byDnText(text);
    return entry === undefined ? undefined : { domain, entry };
  }

  /** Where a parsed name leads. */
  routeDn(dn: Dn): Route {
    const { rdns } = dn;
    if (rdns.length === 0) return { kind: 'root', dn };
    if (rdns.length > LIMITS.dnRdns) return { kind: 'none', dn };
    let node: SuffixNode | undefined = this.#suffixes;
    let domain: Domain | undefined;
    let tree: VirtualTree | undefined;
    for (let i = rdns.length - 1; i >= 0 && node !== undefined && node.below.size > 0; i--) {
      const key = this.schema.rdnKey(rdns[i] ?? []);
      node = key === undefined ? undefined : node.below.get(key);
      if (node?.domain !== undefined) {
        domain = node.domain;
        tree = undefined;
      } else if (node?.tree !== undefined) {
        tree = node.tree;
        domain = undefined;
      }
    }
    if (domain !== undefined) return { kind: 'domain', dn, domain };
    return tree === undefined ? { kind: 'none', dn } : { kind: 'virtual', dn, tree };
  }

  /** Domains whose base lies below `dn` (not at it): parts of a subtree search. */
  domainsBelow(dn: Dn): readonly Domain[] {
    const keys = rdnKeys(this.schema, dn);
    if (keys === undefined) return [];
    return this.#domains.filter(
      (domain) => domain.baseKeys.length > keys.length && isUnder(this.schema, domain.baseDn, keys),
    );
  }

  #suffixNode(dn: Dn): SuffixNode | undefined {
    const keys = rdnKeys(this.schema, dn);
    if (keys === undefined) return undefined;
    let node = this.#suffixes;
    for (let i = keys.length - 1; i >= 0; i--) {
      const key = keys[i] ?? '';
      let next = node.below.get(key);
      if (next === undefined) {
        next = { below: new Map(), domain: undefined, tree: undefined };
        node.below.set(key, next);
      }
      node = next;
    }
    return node;
  }
}
