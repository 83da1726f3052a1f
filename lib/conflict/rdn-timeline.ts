/**
 * The RDN register over the order of changes, asked for one thing: whether a value that went stayed in sight because the name holds it
 * (docs/conflicts.md, The values of the name).
 *
 * A loss is judged by the name that the entry has at that point of the order, and again by every later rename that did not know both changes of the
 * loss. A rename that knew both was made by someone who saw the entry as the loss had left it: it changes no line, so that replicas that have
 * forgotten the rows and those that have not agree.
 */
import { must } from '../base/assert.js';
import type { NamedRdn } from '../change/change.js';
import type { Csn } from '../csn/csn.js';
import { valueKey } from '../entry/value-index.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import { equalityRule } from '../schema/equality-rules.js';
import { knew, type Witness } from './concurrency.js';

/** A rename that took effect. */
export interface Renaming {
  readonly witness: Witness;
  readonly rdn: NamedRdn;
  /** The register that it overwrote. */
  readonly before: NamedRdn;
}

export class RdnTimeline {
  readonly #renames: readonly Renaming[];
  readonly #now: NamedRdn;

  /** `renames` ascending; `now`: the register after the last. */
  constructor(renames: readonly Renaming[], now: NamedRdn) {
    this.#renames = renames;
    this.#now = now;
  }

  /** Whether the name holds `value`, which `loser` lost to `winner` at the point `at` (the younger of both). */
  holds(key: AttributeKey, value: Uint8Array, at: Csn, loser: Csn, winner: Csn | undefined): boolean {
    let next = 0;
    while (next < this.#renames.length && (this.#renames[next] as Renaming).witness.csn <= at) next += 1;
    let rdn = this.#renames[next]?.before ?? this.#now;
    for (const { witness, rdn: to } of this.#renames.slice(next)) {
      if (!knew(witness, loser) || (winner !== undefined && !knew(witness, winner))) rdn = to;
    }
    return rdn.avas.some((ava) => {
      if (ava.key !== key) return false;
      const rule = must(equalityRule(ava.equality), `equality rule ${ava.equality}`);
      return valueKey(ava.value, rule) === valueKey(value, rule);
    });
  }

  /** Attributes of every name that stands in it. */
  keys(): ReadonlySet<AttributeKey> {
    const rdns = [this.#now, ...this.#renames.map(({ before }) => before)];
    return new Set(rdns.flatMap(({ avas }) => avas.map(({ key }) => key)));
  }

  /** Whether the same renames took effect in both. */
  sameAs(other: RdnTimeline): boolean {
    const renames = other.#renames;
    return (
      renames.length === this.#renames.length &&
      this.#renames.every(({ witness }, i) => witness.csn === renames[i]?.witness.csn)
    );
  }
}
