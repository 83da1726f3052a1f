/** A filter as one requester may use it: an attribute that is hidden from it evaluates as Undefined (reliability class 33). */
import type { Reader } from '../../access/access-policy.js';
import { restrictFilter } from '../../access/secret-attributes.js';
import type { EntryView } from '../../entry/entry.js';
import { compileFilter } from '../../filter/compile-filter.js';
import type { CompiledFilter } from '../../filter/compiled-filter.js';
import type { Filter, TruthValue } from '../../filter/filter.js';
import { prepareMatch } from '../../filter/filter-match.js';
import type { Schema } from '../../schema/schema.js';

export interface ReaderFilter {
  /** For the planner. */
  readonly compiled: CompiledFilter;
  matches(entry: EntryView): TruthValue;
  /** What an index says of a filter holds for this reader too: nothing is hidden that depends on the entry. */
  readonly indexable: boolean;
}

/**
 * (objectClass=*) selects every entry: also one that a merge of concurrent changes left without a class, so that it can be mended. Nothing to
 * compile, for the filter that most base searches have.
 */
const EVERY_ENTRY: ReaderFilter = {
  compiled: { kind: 'constant', value: true },
  matches: () => true,
  indexable: true,
};

/** Compiles a filter for a reader. `interruptible`: matches() throws LongLook where there are many values to be looked at. */
export function matcherFor(
  schema: Schema,
  reader: Reader,
  filter: Filter,
  interruptible = false,
): ReaderFilter {
  if (filter.kind === 'present' && isObjectClass(filter.attribute) && reader.cacheKey !== undefined)
    return EVERY_ENTRY;
  const compiled = compileFilter(filter, schema);
  if (reader.cacheKey === undefined) {
    const matches = prepareMatch(compiled, interruptible);
    return { compiled, matches: (entry) => matches(reader.view(entry)), indexable: false };
  }
  const restricted = restrictFilter(compiled, reader.mayHide);
  return { compiled: restricted, matches: prepareMatch(restricted, interruptible), indexable: true };
}

function isObjectClass(attribute: string): boolean {
  return (
    attribute.length === 11 && (attribute === 'objectClass' || attribute.toLowerCase() === 'objectclass')
  );
}
