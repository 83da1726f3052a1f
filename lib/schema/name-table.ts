/**
 * Schema elements by OID and by every name, in any case.
 *
 * Invariant: no two elements of a table share an OID or a name. Keys come from clients, so this is a Map.
 */

/** What a table holds. */
export interface Named {
  readonly oid: string;
  readonly names: readonly string[];
}

export class NameTable<T extends Named> {
  readonly #byName = new Map<string, T>();
  readonly #all: T[] = [];

  /** Adds the element; the identifier that another one has already, where there is one (then nothing is added). */
  add(element: T): string | undefined {
    for (const name of [element.oid, ...element.names]) if (this.#byName.has(name.toLowerCase())) return name;
    for (const name of [element.oid, ...element.names]) {
      this.#byName.set(name, element);
      this.#byName.set(name.toLowerCase(), element);
    }
    this.#all.push(element);
    return undefined;
  }

  get(nameOrOid: string): T | undefined {
    return this.#byName.get(nameOrOid) ?? this.#byName.get(nameOrOid.toLowerCase());
  }

  /** In the order of their definitions. */
  get all(): readonly T[] {
    return this.#all;
  }
}
