/**
 * Digests of a domain as others hold it: a replica that holds a part of the attributes is compared with one that holds more by digests of that part (replication-model.md section 7).
 *
 * Owns the trees: our own, and a few more for the parts that were asked for last, made when they are first asked for. Each is kept by writes and passes as our own is.
 */
import { restrictState } from '../../conflict/restrict-state.js';
import { readFraction } from '../../entry/fraction-text.js';
import type { Schema } from '../../schema/schema.js';
import type { EntryId } from '../backend.js';
import type { HeldFraction } from '../load/held-fraction.js';
import { DigestTree, type DigestWorld } from './digest-tree.js';

/** Trees besides our own: 16 octets an entry each. */
const MAX_PARTS = 4;

export class PartDigests {
  /** Of all that is held here. */
  readonly own: DigestTree;
  readonly #world: DigestWorld;
  readonly #fraction: HeldFraction;
  readonly #schema: Schema;
  /** By text, least recently asked for first. */
  readonly #parts = new Map<string, DigestTree>();

  constructor(world: DigestWorld, fraction: HeldFraction, schema: Schema) {
    this.own = new DigestTree(world);
    this.#world = world;
    this.#fraction = fraction;
    this.#schema = schema;
  }

  /** The tree of the fraction with this text; undefined where this server does not hold all of it. */
  of(text: string): DigestTree | undefined {
    if (text === this.#fraction.text) return this.own;
    const fraction = readFraction(text, this.#schema);
    if (fraction === undefined || !this.#fraction.held.covers(fraction)) return undefined;
    const known = this.#parts.get(text);
    this.#parts.delete(text);
    const [oldest] = this.#parts.keys();
    if (known === undefined && oldest !== undefined && this.#parts.size >= MAX_PARTS)
      this.#parts.delete(oldest);
    const tree =
      known ?? new DigestTree({ ...this.#world, restrict: (state) => restrictState(state, fraction) });
    this.#parts.set(text, tree);
    return tree;
  }

  /** Every tree, our own first. */
  all(): readonly DigestTree[] {
    return [this.own, ...this.#parts.values()];
  }

  /** Entries were written, durably. */
  written(entries: ReadonlyMap<EntryId, { readonly alive: boolean }>): void {
    for (const tree of this.all()) tree.written(entries);
  }

  /** All rows may be others, and the part that is held here another. */
  reset(): void {
    this.#parts.clear();
    this.own.reset();
  }
}
