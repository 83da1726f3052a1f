/**
 * Index rows of attributes of many values: what index-keys.ts says of them, in steps, so that a group of 100,000 members that comes or goes keeps nobody waiting.
 *
 * Owns the going through alone: which values differ is asked of the attribute where it knows, and compared by rows elsewhere.
 */
import { emptyBytes, latin1 } from '../../base/bytes.js';
import { areLong, eachInSteps, eachOctetsInSteps, LONG_VALUES, type Steps } from '../../base/steps.js';
import type { Attribute } from '../../entry/entry.js';
import { valueCount } from '../../entry/value-index.js';
import { INDEX_KIND, type IndexKind, type KeySpace } from '../rows/key-space.js';
import type { IndexSpec } from './index-config.js';
import type { PostingSink } from './index-keys.js';

/** Values of an attribute from which on it is gone through in steps: of one that stands in rows, and of one that its entry's record holds. */
const MANY = LONG_VALUES;
const MANY_IN_RECORD = 4 * MANY;
/** Rows that are told in one step: each may cost a read of the store. */
const STEP_ROWS = 128;

const NONE: readonly Uint8Array[] = [];

/** Normal forms of what an index has rows of for one value. */
type RowsOf = (value: Uint8Array) => readonly Uint8Array[];

/** Whether an attribute has so many values, or so many octets, that its index rows take steps. */
export function isMany(attribute: Attribute | undefined): boolean {
  if (attribute === undefined) return false;
  return attribute.many === undefined
    ? areLong([attribute.values], MANY_IN_RECORD)
    : attribute.many.count >= MANY;
}

/** All values of an attribute, read in steps. */
export function* valuesInSteps(attribute: Attribute | undefined): Steps<readonly Uint8Array[]> {
  if (attribute === undefined) return NONE;
  return attribute.many === undefined ? attribute.values : yield* attribute.many.valuesInSteps();
}

/** Tells `sink` what the index rows of one attribute gain and lose. */
export function* manyDifference(
  keys: KeySpace,
  spec: IndexSpec,
  was: Attribute | undefined,
  is: Attribute | undefined,
  sink: PostingSink,
): Steps<void> {
  // Substring keys of a value that went may be those of one that stays.
  const edit = spec.substring === undefined ? is?.many?.madeOf(was) : undefined;
  const old = edit === undefined ? yield* valuesInSteps(was) : [...edit.gone.values()];
  const now = edit === undefined ? yield* valuesInSteps(is) : [...edit.come.values()];
  yield* valueDifference(keys, spec, old, now, sink);
  const [before, after] = [valueCount(was) > 0, valueCount(is) > 0];
  if (spec.presence && before !== after) sink(spec.key, INDEX_KIND.presence, emptyBytes(), after);
}

/** The same of lists of values, but for the row that tells that there are any. */
export function* valueDifference(
  keys: KeySpace,
  spec: IndexSpec,
  old: readonly Uint8Array[],
  now: readonly Uint8Array[],
  sink: PostingSink,
): Steps<void> {
  const { key, equality, ordering, substring, common } = spec;
  const kinds: [IndexKind, RowsOf][] = [];
  if (equality !== undefined) kinds.push([INDEX_KIND.equality, oneRow((value) => equality.normalize(value))]);
  if (ordering !== undefined) kinds.push([INDEX_KIND.ordering, oneRow((value) => ordering.normalize(value))]);
  if (substring !== undefined)
    kinds.push([
      INDEX_KIND.substring,
      (value) => {
        const normal = substring.normalize(value);
        return normal === undefined ? NONE : common.rowsOf(normal);
      },
    ]);
  for (const [kind, rowsOf] of kinds) {
    const was = yield* byRow(keys, spec, kind, old, rowsOf);
    const is = yield* byRow(keys, spec, kind, now, rowsOf);
    const tell = (there: ReadonlyMap<string, Uint8Array>, add: boolean) =>
      function visit([text, normal]: [string, Uint8Array]): void {
        if (!there.has(text)) sink(key, kind, normal, add);
      };
    yield* eachInSteps(was, tell(is, false), STEP_ROWS);
    yield* eachInSteps(is, tell(was, true), STEP_ROWS);
  }
}

function oneRow(normalize: (value: Uint8Array) => Uint8Array | undefined): RowsOf {
  return (value) => {
    const normal = normalize(value);
    return normal === undefined ? NONE : [normal];
  };
}

/** Normal forms by their rows: two values may share one. */
function* byRow(
  keys: KeySpace,
  { key }: IndexSpec,
  kind: IndexKind,
  values: readonly Uint8Array[],
  rowsOf: RowsOf,
): Steps<Map<string, Uint8Array>> {
  const rows = new Map<string, Uint8Array>();
  yield* eachOctetsInSteps(values, (value) => {
    for (const normal of rowsOf(value)) rows.set(latin1(keys.indexValue(key, kind, normal)), normal);
  });
  return rows;
}
