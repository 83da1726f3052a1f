/**
 * Attributes of the changed entry that its record in cn=changelog carries along (`includedAttributes`; OpenDJ's ecl-include): LDIF lines, as in `changes`.
 *
 * The values are those that the entry has now, or had when it died, as targetDN is its present name: what it was before a change is known only as long as conflicts need it, and not on every server alike. So the values are equal on
 * servers that hold the same changes, until a deleted entry is forgotten; then there are none. Passwords come only where they are named.
 */
import { baseKey, SECRET_ATTRIBUTES } from '../../access/secret-attributes.js';
import { latin1, utf8Encode } from '../../base/bytes.js';
import { LIMITS } from '../../base/limits.js';
import type { Change } from '../../change/change.js';
import { parseDn } from '../../dn/dn-text.js';
import type { Attribute, EntryView } from '../../entry/entry.js';
import {
  compileSelection,
  isSelected,
  type Selection,
  selectAttributes,
} from '../../entry/select-attributes.js';
import { formatRecord } from '../../ldif/format-record.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { Schema } from '../../schema/schema.js';
import type { Domain } from '../directory.js';
import { VirtualEntry } from '../trees/virtual-tree.js';

/** Items of the options: `base DN:name,name`, `*` for every domain; names, OIDs, `*`, `+` and `@class`. */
export interface IncludeItems {
  readonly always: readonly string[];
  /** Of deletes, besides those. */
  readonly deletes: readonly string[];
}

export class IncludedAttributes {
  readonly #schema: Schema;
  readonly #always: readonly string[];
  readonly #deletes: readonly string[];
  #compiled: { readonly version: number; readonly always: Chosen; readonly deletes: Chosen } | undefined;

  /** `base`: of the domain. */
  constructor(schema: Schema, base: string, items: IncludeItems) {
    this.#schema = schema;
    this.#always = namesFor(schema, base, items.always);
    this.#deletes = [...this.#always, ...namesFor(schema, base, items.deletes)];
  }

  /** Names that the schema does not have now: misspelt, or of a definition that has yet to come. */
  unknown(): readonly string[] {
    const isUnknown = (name: string): boolean => {
      if (name === '*' || name === '+') return false;
      if (name.startsWith('@')) return this.#schema.objectClass(name.slice(1)) === undefined;
      return this.#schema.describe(name)?.type === undefined;
    };
    return [...new Set(this.#deletes.filter(isUnknown))];
  }

  /** What goes with the record of a change; undefined: nothing. */
  of(domain: Pick<Domain, 'backend' | 'deleted'>, { entry, body }: Change): Uint8Array | undefined {
    const names = body.kind === 'delete' ? this.#deletes : this.#always;
    if (names.length === 0) return undefined;
    const { version } = this.#schema;
    if (this.#compiled?.version !== version) {
      const [always, deletes] = [chosen(this.#schema, this.#always), chosen(this.#schema, this.#deletes)];
      this.#compiled = { version, always, deletes };
    }
    const view = domain.backend.byUuid(entry) ?? deadView(domain, entry);
    if (view === undefined) return undefined;
    return ldifOf(view, body.kind === 'delete' ? this.#compiled.deletes : this.#compiled.always);
  }
}

interface Chosen {
  readonly selection: Selection;
  /** Only what was named, by name or class. */
  readonly named: Selection;
}

function chosen(schema: Schema, names: readonly string[]): Chosen {
  const explicit = names.filter((name) => name !== '*' && name !== '+');
  return {
    selection: compileSelection(names.length === 0 ? ['1.1'] : names, schema),
    named: compileSelection(explicit.length === 0 ? ['1.1'] : explicit, schema),
  };
}

function namesFor(schema: Schema, base: string, items: readonly string[]): readonly string[] {
  const key = schema.dnKey(parseDn(base));
  return items.flatMap((item) => {
    const colon = item.lastIndexOf(':');
    const of = item.slice(0, colon).trim();
    if (of !== '*' && schema.dnKey(parseDn(of)) !== key) return [];
    return item
      .slice(colon + 1)
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '');
  });
}

function deadView({ deleted }: Pick<Domain, 'deleted'>, entry: Change['entry']): EntryView | undefined {
  const dead = deleted?.find(entry);
  if (deleted === undefined || dead === undefined) return undefined;
  return new VirtualEntry(deleted.dnOf(dead.state), '', deleted.attributesOf(dead.state), new Map());
}

function ldifOf(view: EntryView, { selection, named }: Chosen): Uint8Array | undefined {
  const attributes: Attribute[] = [];
  let bytes = 0;
  // In one order on every server.
  const found = selectAttributes(selection, view).sort((a, b) =>
    a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1,
  );
  for (const attribute of found) {
    const key = attribute.name.toLowerCase();
    const secret = SECRET_ATTRIBUTES.includes(baseKey(key));
    // Values that stand in rows of their own would have to be read for each record of a large group.
    if (attribute.many !== undefined || (secret && !isSelected(named, key as AttributeKey))) continue;
    bytes += attribute.values.reduce((sum, value) => sum + value.length, attribute.name.length);
    if (bytes > LIMITS.includedAttributeBytes) break;
    attributes.push(attribute);
  }
  if (attributes.length === 0) return undefined;
  const record = formatRecord(
    {
      kind: 'content',
      dn: '',
      attributes: attributes.map(({ name, values }) => ({
        description: name,
        values: [...values].sort((a, b) => (latin1(a) < latin1(b) ? -1 : 1)),
      })),
    },
    { wrap: false },
  );
  return utf8Encode(`${record.slice(record.indexOf('\n') + 1).trimEnd()}\n`);
}
