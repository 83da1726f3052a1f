/**
 * The order of many byte strings that stand in one array, without an object for a string: a radix sort from the first octet on.
 *
 * Rows that come to LevelDB in the order of their keys find their place in its memory at once; a load in any other order pays more for that than
 * for everything else that the store does.
 */

/** Strings up to which insertion is faster than counting. */
const FEW = 24;
/** One bucket an octet, and before them one for strings that have ended. */
const BUCKETS = 257;
/** Strings looked at in one call: a function that is called often is compiled sooner than a long loop. */
const RUN = 2048;

type Words = Uint32Array<ArrayBuffer>;

/** Byte strings: that of number n stands from starts[n] to starts[n + 1]. */
export interface OctetStrings {
  readonly octets: Uint8Array;
  readonly starts: Words;
  readonly count: number;
}

/** The numbers of the strings in the order of their octets. */
export function octetOrder(strings: OctetStrings): Words {
  const { count } = strings;
  const order: Words = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  const moved: Words = new Uint32Array(count);
  const sizes: Words = new Uint32Array(BUCKETS);
  // Ranges of `order` that are still to be sorted: start, end, octets that are equal in all of it.
  const ranges: number[] = [0, count, 0];
  while (ranges.length > 0) {
    const depth = ranges.pop() as number;
    const end = ranges.pop() as number;
    const start = ranges.pop() as number;
    if (end - start <= FEW) {
      insert(strings, order, start, end, depth);
      continue;
    }
    sizes.fill(0);
    for (let at = start; at < end; at += RUN)
      countInto(sizes, strings, order, at, Math.min(end, at + RUN), depth);
    const first = octetAt(strings, order[start] as number, depth);
    if (sizes[first] === end - start) {
      // All alike here: the next octet, unless they have ended, all equal.
      if (first > 0) ranges.push(start, end, depth + 1);
      continue;
    }
    let from = start;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const size = sizes[bucket] as number;
      if (size > 1 && bucket > 0) ranges.push(from, from + size, depth + 1);
      sizes[bucket] = from;
      from += size;
    }
    for (let at = start; at < end; at += RUN)
      scatter(moved, sizes, strings, order, at, Math.min(end, at + RUN), depth);
    order.set(moved.subarray(start, end), start);
  }
  return order;
}

/** How many strings of a range have each octet. */
function countInto(
  sizes: Words,
  strings: OctetStrings,
  order: Words,
  start: number,
  end: number,
  depth: number,
): void {
  for (let at = start; at < end; at++) {
    const bucket = octetAt(strings, order[at] as number, depth);
    sizes[bucket] = (sizes[bucket] as number) + 1;
  }
}

/** Puts the strings of a range where the next one of their octet belongs. */
function scatter(
  moved: Words,
  nexts: Words,
  strings: OctetStrings,
  order: Words,
  start: number,
  end: number,
  depth: number,
): void {
  for (let at = start; at < end; at++) {
    const number = order[at] as number;
    const bucket = octetAt(strings, number, depth);
    const to = nexts[bucket] as number;
    moved[to] = number;
    nexts[bucket] = to + 1;
  }
}

/** The octet of a string at `depth`, plus one; 0: it has ended. */
function octetAt({ octets, starts }: OctetStrings, number: number, depth: number): number {
  const at = (starts[number] as number) + depth;
  return at < (starts[number + 1] as number) ? (octets[at] as number) + 1 : 0;
}

function insert(strings: OctetStrings, order: Words, start: number, end: number, depth: number): void {
  for (let at = start + 1; at < end; at++) {
    const number = order[at] as number;
    let to = at;
    while (to > start && isBefore(strings, number, order[to - 1] as number, depth)) {
      order[to] = order[to - 1] as number;
      to -= 1;
    }
    order[to] = number;
  }
}

function isBefore(strings: OctetStrings, a: number, b: number, depth: number): boolean {
  for (let at = depth; ; at++) {
    const x = octetAt(strings, a, at);
    const y = octetAt(strings, b, at);
    if (x !== y) return x < y;
    if (x === 0) return false;
  }
}
