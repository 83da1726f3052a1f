/**
 * Evaluation of a compiled filter over an entry: TRUE, FALSE or Undefined (RFC 4511 section 4.5.1.7), without recursion.
 *
 * A filter is laid out once a search as a flat program: clauses in order, each set with the index of its end; alternatives on the same attribute
 * become one test (match-tests.ts), so five hundred user names in an or cost one normalization a value. Invariants: the evaluation stops
 * at the first decisive clause; it looks at no more than about LIMITS.filterWorkBytes octets of one entry and then fails with
 * adminLimitExceeded rather than hold up everyone.
 */
import { assert, unreachable } from '../base/assert.js';
import { LIMITS } from '../base/limits.js';
import type { EntryView } from '../entry/entry.js';
import type { CompiledFilter } from './compiled-filter.js';
import type { TruthValue } from './filter.js';
import { type ClauseTest, mergeAlternatives, Sight } from './match-tests.js';

/** A filter made ready for many entries. Throws LdapError adminLimitExceeded when one entry costs too much. */
export type FilterMatcher = (entry: EntryView) => TruthValue;

const TEST = 0;
const AND = 1;
const OR = 2;
const NOT = 3;

/** Steps in pre-order. */
interface Program {
  readonly kinds: number[];
  /** Index after the step and all below it. */
  readonly ends: number[];
  /** Of a TEST step. */
  readonly tests: (ClauseTest | undefined)[];
  depth: number;
}

const ready = new WeakMap<CompiledFilter, FilterMatcher>();

/** Lays a filter out for evaluation; do it once a search. The matcher is not reentrant. `interruptible`: it throws LongLook where an attribute has many values to be looked at. */
export function prepareMatch(filter: CompiledFilter, interruptible = false): FilterMatcher {
  const program: Program = { kinds: [], ends: [], tests: [], depth: 0 };
  layOut(filter, program, 0);
  const sight = new Sight(interruptible);
  const only = program.tests[0];
  if (only !== undefined) {
    return (entry) => {
      sight.look(entry);
      return sight.answered(only(sight));
    };
  }
  const open = new Int32Array(program.depth + 1);
  const unsure = new Uint8Array(program.depth + 1);
  return (entry) => {
    sight.look(entry);
    return sight.answered(run(program, sight, open, unsure));
  };
}

/** The truth value of a filter for one entry. The layout is kept with the filter. */
export function matchFilter(filter: CompiledFilter, entry: EntryView): TruthValue {
  let matcher = ready.get(filter);
  if (matcher === undefined) {
    matcher = prepareMatch(filter);
    ready.set(filter, matcher);
  }
  return matcher(entry);
}

/** Recursion is bounded: the depth of a filter is. */
function layOut(filter: CompiledFilter, program: Program, depth: number): void {
  assert(depth <= LIMITS.filterDepth + 1, 'a filter deeper than LIMITS.filterDepth reached the matcher');
  if (depth > program.depth) program.depth = depth;
  const at = program.kinds.length;
  const { kind } = filter;
  if (kind === 'and' || kind === 'or' || kind === 'not') {
    program.kinds.push(kind === 'and' ? AND : kind === 'or' ? OR : NOT);
    program.ends.push(at + 1);
    program.tests.push(undefined);
    const { tests, rest } = inner(filter);
    for (const test of tests) pushTest(program, test);
    for (const clause of rest) layOut(clause, program, depth + 1);
    program.ends[at] = program.kinds.length;
  } else {
    for (const test of mergeAlternatives([filter]).tests) pushTest(program, test);
  }
}

function inner(filter: Extract<CompiledFilter, { readonly kind: 'and' | 'or' | 'not' }>): {
  readonly tests: readonly ClauseTest[];
  readonly rest: readonly CompiledFilter[];
} {
  switch (filter.kind) {
    case 'and':
      return { tests: [], rest: filter.clauses };
    case 'not':
      return { tests: [], rest: [filter.clause] };
    case 'or':
      return mergeAlternatives(filter.clauses);
    default:
      return unreachable(filter);
  }
}

function pushTest(program: Program, test: ClauseTest): void {
  program.kinds.push(TEST);
  program.ends.push(program.kinds.length);
  program.tests.push(test);
}

/** `open` and `unsure` are stacks: the sets around the current step, and whether one of their clauses was Undefined. */
function run(program: Program, sight: Sight, open: Int32Array, unsure: Uint8Array): TruthValue {
  const { kinds, ends, tests } = program;
  let depth = 0;
  let at = 0;
  for (;;) {
    const kind = kinds[at];
    let value: TruthValue;
    if (kind === TEST) {
      value = (tests[at] as ClauseTest)(sight);
      at += 1;
    } else if (ends[at] === at + 1) {
      // An empty and is TRUE, an empty or FALSE (RFC 4526).
      value = kind === AND;
      at += 1;
    } else {
      open[depth] = at;
      unsure[depth] = 0;
      depth += 1;
      at += 1;
      continue;
    }
    for (;;) {
      if (depth === 0) return value;
      const set = open[depth - 1] as number;
      const end = ends[set] as number;
      const decisive = kinds[set] === OR;
      if (kinds[set] === NOT) value = value === undefined ? undefined : !value;
      else if (value !== decisive) {
        if (value === undefined) unsure[depth - 1] = 1;
        if (at < end) break;
        value = unsure[depth - 1] === 1 ? undefined : !decisive;
      }
      depth -= 1;
      at = end;
    }
  }
}
