/**
 * The content of a live search: which entries are in it, before and after a change: scope by name, filter, access rules, subentries.
 *
 * Aliases are not followed and referrals are entries here: what is told is where an entry itself came, changed or went.
 */
import type { Reader } from '../../access/access-policy.js';
import { EventLoopTurn } from '../../backend/event-loop-turn.js';
import { RowsAway, withRows } from '../../backend/index/reverse-lookup.js';
import type { Dn } from '../../dn/dn.js';
import { askedInSteps, LongLook } from '../../filter/long-look.js';
import type { SearchRequest } from '../../ldap/message.js';
import type { Operation } from '../operation.js';
import { matcherFor, type ReaderFilter } from '../search/search-filter.js';
import type { ServerParts } from '../server-parts.js';
import { inScope, isUnder, type NamedEntry, rdnKeys } from '../trees/virtual-tree.js';

export class Content {
  readonly #parts: ServerParts;
  readonly #operation: Operation;
  readonly #request: SearchRequest;
  readonly #baseKeys: readonly string[];
  readonly reader: Reader;
  #filter: ReaderFilter;
  #schemaVersion: number;

  /** `base`: the search's base, which exists or existed. */
  constructor(parts: ServerParts, operation: Operation, request: SearchRequest, reader: Reader, base: Dn) {
    this.#parts = parts;
    this.#operation = operation;
    this.#request = request;
    this.reader = reader;
    this.#baseKeys = rdnKeys(parts.schema, base) ?? [];
    this.#filter = matcherFor(parts.schema, reader, request.filter, true);
    this.#schemaVersion = parts.schema.version;
  }

  /** Whether the entry is in the content, under its own name or under `dn`. A promise where index rows must be waited for, or many values be looked at. */
  holds(entry: NamedEntry | undefined, dn: Dn | undefined = entry?.dn): boolean | Promise<boolean> {
    if (entry === undefined || dn === undefined || !this.#inScope(dn)) return false;
    try {
      return this.#isIn(entry);
    } catch (error) {
      if (!(error instanceof RowsAway) && !(error instanceof LongLook)) throw error;
      const { clock } = this.#parts;
      return withRows(() => new EventLoopTurn(clock).run(askedInSteps(() => this.#isIn(entry))));
    }
  }

  #isIn(entry: NamedEntry): boolean {
    return this.#matches(entry) && this.reader.seesEntry(entry);
  }

  #inScope(dn: Dn): boolean {
    const { scope } = this.#request;
    return (
      inScope(dn.rdns.length, this.#baseKeys.length, scope) && isUnder(this.#parts.schema, dn, this.#baseKeys)
    );
  }

  #matches(entry: NamedEntry): boolean {
    const { schema, entryBytes } = this.#parts;
    if (schema.version !== this.#schemaVersion) {
      this.#filter = matcherFor(schema, this.reader, this.#request.filter, true);
      this.#schemaVersion = schema.version;
    }
    if (this.#filter.matches(entry) !== true) return false;
    const { subentries } = this.#operation.controls;
    if (this.#request.scope === 'base' && subentries === undefined) return true;
    return entryBytes.isSubentry(entry) === (subentries ?? false);
  }
}
