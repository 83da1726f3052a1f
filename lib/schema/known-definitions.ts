/**
 * What files before, or a schema, have defined: which definitions of a further file are no news, and which have a name that is taken.
 *
 * A definition is known by its OID; attribute types and object classes by their first name too, since data know them by their names.
 */
import { definitionKey } from './definition-key.js';
import { type Description, displayName, fieldValues } from './description.js';
import type { SourcedDescription } from './schema-fault.js';

/** One name with two OIDs: products that took a definition from each other often numbered it anew. */
export interface OtherOid {
  /** As the file writes it. */
  readonly name: string;
  /** What the file says. */
  readonly oid: string;
  /** What the schema says. */
  readonly ours: string;
}

/** Tells people that the definition was passed over, and what stands in its place. */
export function otherOidLine({ name, oid, ours }: OtherOid): string {
  return `passed over: ${name} with the OID ${oid}; the schema has that name with ${ours}`;
}

/** See the file header. */
export class KnownDefinitions {
  readonly #keys = new Set<string>();
  /** OIDs of attribute types and object classes by kind and name. */
  readonly #oids = new Map<string, string>();

  constructor(sources: readonly SourcedDescription[]) {
    this.add(sources);
  }

  add(sources: readonly SourcedDescription[]): void {
    for (const { description } of sources) {
      this.#keys.add(definitionKey(description));
      for (const name of fieldValues(description, 'NAME')) {
        const key = nameKey(description, name);
        if (key !== undefined && !this.#oids.has(key)) this.#oids.set(key, description.id);
      }
    }
  }

  /** Whether a definition with this OID is there. */
  has(description: Description): boolean {
    return this.#keys.has(definitionKey(description));
  }

  /** The definition of another OID that has its first name. */
  otherOid(description: Description): OtherOid | undefined {
    const name = displayName(description);
    const key = nameKey(description, name);
    const ours = key === undefined || this.has(description) ? undefined : this.#oids.get(key);
    return ours === undefined ? undefined : { name, oid: description.id, ours };
  }
}

/** undefined: what is of this kind is not known by its name. */
function nameKey({ kind }: Description, name: string): string | undefined {
  return kind === 'attributeTypes' || kind === 'objectClasses' ? `${kind} ${name.toLowerCase()}` : undefined;
}
