/**
 * SearchCost: what one search is allowed to read without an index, its turn among such searches, and what it cost in the end.
 *
 * A search that has to look at more entries than unindexedEntries without an index is refused (unwillingToPerform), except the administrator's: it would
 * slow down everybody. Smaller ones, and the administrator's, take turns at the ScanGate; those that look at few entries need
 * none. Invariant: who entered the gate leaves it, however the search ends.
 */

import { isIndexable } from '../../backend/index/index-config.js';
import { LdapError } from '../../base/ldap-error.js';
import type { CompiledFilter } from '../../filter/compiled-filter.js';
import type { IndexCatalog } from '../../filter/filter-plan.js';
import { type CanIndex, missingIndexes } from '../../filter/missing-indexes.js';
import type { Schema } from '../../schema/schema.js';
import type { Operation } from '../operation.js';
import type { ServerParts } from '../server-parts.js';
import type { PartCandidates } from './search-parts.js';

/** Searches that look at no more entries need no turn. */
const SMALL_SCAN = 1000;
/** A search that looked at so many entries, and gave few of them, is poorly indexed. */
const POOR_EXAMINED = 1000;
const POOR_RATIO = 20;

export class SearchCost {
  readonly #server: ServerParts;
  readonly #operation: Operation;
  readonly #filter: CompiledFilter;
  readonly #deadlineMs: number;
  #catalog: IndexCatalog | undefined;
  #turn: 'none' | 'inside' | 'left' = 'none';
  #ended = false;

  constructor(server: ServerParts, operation: Operation, filter: CompiledFilter, deadlineMs: number) {
    this.#server = server;
    this.#operation = operation;
    this.#filter = filter;
    this.#deadlineMs = deadlineMs;
  }

  /** Before more is read. undefined: at once; else a promise of the search's turn. Throws LdapError unwillingToPerform or busy. */
  admitted(candidates: PartCandidates, catalog: IndexCatalog | undefined): Promise<void> | undefined {
    this.#catalog = catalog ?? this.#catalog;
    if (!candidates.unindexed || this.#turn !== 'none') return undefined;
    this.#check(candidates);
    if (candidates.most <= SMALL_SCAN) return undefined;
    const wait = this.#server.scans.enter(this.#deadlineMs);
    if (wait === undefined) {
      this.#turn = 'inside';
      return undefined;
    }
    return wait.then(() => {
      if (this.#ended) this.#server.scans.leave();
      else this.#turn = 'inside';
    });
  }

  /** A slice has come: now it is known how it was found. Throws LdapError unwillingToPerform. */
  seen(candidates: PartCandidates): void {
    this.#operation.plan = () => candidates.plan;
    if (!candidates.unindexed) return;
    this.#check(candidates);
    this.#operation.unindexed = true;
  }

  #check({ most, plan }: PartCandidates): void {
    const { unindexedEntries } = this.#server.settings;
    if (unindexedEntries === 0 || most <= unindexedEntries || this.#operation.requester.kind === 'admin')
      return;
    this.#operation.unindexed = true;
    this.#operation.plan = () => plan;
    const missing = this.#missing();
    const hint =
      missing.length === 0
        ? 'Narrow the filter by an indexed attribute.'
        : `An index would help: ${missing.map(({ attribute, kind }) => `${attribute} (${kind})`).join(', ')}.`;
    throw new LdapError(
      'unwillingToPerform',
      `The search has no index and would look at up to ${most} entries, more than ${unindexedEntries} (limits.unindexedEntries). ${hint}`,
    );
  }

  /** The search is over. `looked`: entries that it looked at. */
  ended(looked: number): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#turn === 'inside') {
      this.#turn = 'left';
      this.#server.scans.leave();
    }
    const { unindexed, entries } = this.#operation;
    this.#operation.examined = looked;
    if (unindexed) this.#server.statistics.unindexedSearches += 1;
    const poor = looked >= POOR_EXAMINED && looked >= entries * POOR_RATIO;
    if (!unindexed && !poor) return;
    const elapsedMs = Math.max(0, this.#server.clock.monotonicMs() - this.#operation.startedMs);
    this.#server.advice.note(this.#missing(), { elapsedMs, examined: looked, returned: entries });
  }

  #missing(): ReturnType<typeof missingIndexes> {
    if (this.#catalog === undefined) return [];
    return missingIndexes(this.#filter, this.#catalog, canIndex(this.#server.schema));
  }
}

/** Which indexes the schema has rules for. One of a collective type would tell of its subentries alone. */
export function canIndex(schema: Pick<Schema, 'attributeType'>): CanIndex {
  return ({ attribute, kind }, rule) => {
    const type = schema.attributeType(attribute);
    if (type === undefined || type.collective || !isIndexable(type.key)) return false;
    return kind === 'presence' || type[kind]?.name === rule;
  };
}
