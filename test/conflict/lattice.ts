/**
 * Every interleaving of a history at once. What a replica holds after some changes is a function of which ones (so the model claims), so the
 * deliveries form a lattice of prefix vectors; each edge is one change arriving. When every edge into a node leads to the same facts and records as
 * the first, and these are the oracle's, then all interleavings agree with the oracle, at the end and at every step.
 */
import type { Change } from '../../lib/change/change.js';
import type { MemoryDomain } from './memory-domain.js';
import { oracle } from './oracle.js';

export interface Walk {
  readonly nodes: number;
  readonly edges: number;
}

interface Node {
  readonly domain: MemoryDomain;
  readonly facts: string;
  readonly records: string;
}

/** Throws an Error that tells the story where two ways differ. `setup` is held by everyone. */
export function walkLattice(setup: MemoryDomain, base: readonly Change[], changes: readonly Change[]): Walk {
  const streams = new Map<string, Change[]>();
  for (const change of changes) {
    const origin = change.csn.slice(20);
    streams.set(origin, [...(streams.get(origin) ?? []), change]);
  }
  const lists = [...streams.values()];
  const start: Node = { domain: setup, facts: setup.facts(), records: setup.records() };
  let level = new Map<string, { at: readonly number[]; node: Node }>([
    [lists.map(() => 0).join(), { at: lists.map(() => 0), node: start }],
  ]);
  let nodes = 1;
  let edges = 0;
  let longest = 0;
  while (level.size > 0) {
    const next = new Map<string, { at: readonly number[]; node: Node }>();
    for (const { at, node } of level.values()) {
      longest = Math.max(
        longest,
        at.reduce((sum, n) => sum + n, 0),
      );
      lists.forEach((list, origin) => {
        const change = list[at[origin] as number];
        if (change === undefined) return;
        const domain = node.domain.clone();
        if (!guard(() => domain.apply(change), changes, at)) return;
        edges += 1;
        const to = at.map((n, i) => (i === origin ? n + 1 : n));
        const known = next.get(to.join());
        const facts = domain.facts();
        const records = domain.records();
        if (known === undefined) {
          nodes += 1;
          const held = lists.flatMap((all, i) => all.slice(0, to[i]));
          compare('the oracle', oracle([...base, ...held]), facts, changes, to);
          next.set(to.join(), { at: to, node: { domain, facts, records } });
        } else {
          compare('another way', known.node.facts, facts, changes, to);
          compare('the records of another way', known.node.records, records, changes, to);
        }
      });
    }
    level = next;
  }
  if (longest !== changes.length) throw new Error(`stuck after ${longest} changes\n${storyOf(changes)}`);
  return { nodes, edges };
}

function guard(apply: () => boolean, changes: readonly Change[], at: readonly number[]): boolean {
  try {
    return apply();
  } catch (error) {
    throw new Error(`${error} after ${at.join()}\n${storyOf(changes)}`, { cause: error });
  }
}

function compare(
  what: string,
  expected: string,
  found: string,
  changes: readonly Change[],
  at: readonly number[],
): void {
  if (expected === found) return;
  throw new Error(
    `differs from ${what} at ${at.join()}\n${storyOf(changes)}\nexpected:\n${expected}\nfound:\n${found}`,
  );
}

/** A history for people. */
export function storyOf(changes: readonly Change[]): string {
  return changes
    .map((change) => {
      const body = JSON.stringify(change.body, (key, value) => {
        if (typeof value === 'bigint') return `${value}`;
        if (value?.type === 'Buffer') return Buffer.from(value.data).toString();
        if (key === 'equality' || key === 'key' || value === false) return undefined;
        return value;
      });
      return `${change.csn} ${change.entry.slice(-4)} ${body} seen [${change.seen}]`;
    })
    .join('\n');
}
