/**
 * Changes of entries that name others: what referential integrity makes of the values, one change for each entry.
 */
import { utf8Decode, utf8Encode } from '../../base/bytes.js';
import type { AttributeChange, EntryUuid } from '../../change/change.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { EqualityRule } from '../../schema/matching-rule.js';
import type { Intent } from '../backend.js';

/** An attribute whose values name entries. */
export interface ReferenceAttribute {
  readonly key: AttributeKey;
  readonly name: string;
  readonly rule: EqualityRule;
  readonly single: boolean;
}

/** A name in a value of this rule, as a key of a name; undefined: it names nothing alone (a unique member with a UID). */
export function namedKey({ rule }: ReferenceAttribute, value: Uint8Array): string | undefined {
  const normal = rule.normalize(value);
  return normal === undefined ? undefined : utf8Decode(normal);
}

/** Changes of the entries that hold references, one for each entry. */
export class HolderChanges {
  readonly #without: ReadonlySet<EntryUuid>;
  readonly #holders = new Map<
    EntryUuid,
    Map<ReferenceAttribute, { readonly remove: Uint8Array[]; readonly add: Uint8Array[] }>
  >();

  /** `without`: entries that are not changed, because they go. */
  constructor(without: ReadonlySet<EntryUuid>) {
    this.#without = without;
  }

  /** Entries to change. */
  get size(): number {
    return this.#holders.size;
  }

  /** `after`: undefined when the value goes. */
  change(
    holder: EntryUuid,
    attribute: ReferenceAttribute,
    before: Uint8Array,
    after: string | undefined,
  ): void {
    if (this.#without.has(holder)) return;
    let attributes = this.#holders.get(holder);
    if (attributes === undefined) {
      attributes = new Map();
      this.#holders.set(holder, attributes);
    }
    let values = attributes.get(attribute);
    if (values === undefined) {
      values = { remove: [], add: [] };
      attributes.set(attribute, values);
    }
    values.remove.push(before);
    if (after !== undefined) values.add.push(utf8Encode(after));
  }

  intents(): Intent[] {
    const intents: Intent[] = [];
    for (const [entry, attributes] of this.#holders) {
      const changes = [...attributes].map(
        ([{ key, name, rule, single }, { remove, add }]): AttributeChange => ({
          key,
          name,
          equality: rule.name,
          single,
          clear: false,
          remove,
          add,
          increment: 0n,
        }),
      );
      intents.push({ entry, body: { kind: 'modify', attributes: changes } });
    }
    return intents;
  }
}
