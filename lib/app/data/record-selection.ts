/**
 * Which records of LDIF are taken, and which of their attributes: branches, a filter, a list of attributes, the line to begin at.
 *
 * Names compare as the schema says. Filter and attributes are about entries: change records other than adds pass them as they are. A record whose DN cannot be read is
 * taken, so that its fault is told where it is used.
 */
import { LdapError } from '../../base/ldap-error.js';
import { OperatorError } from '../../base/operator-error.js';
import type { Dn } from '../../dn/dn.js';
import { parseDn } from '../../dn/dn-text.js';
import type { Attribute, EntryView } from '../../entry/entry.js';
import type { RawValues } from '../../entry/modification.js';
import { compileSelection, isSelected, type Selection } from '../../entry/select-attributes.js';
import { compileFilter } from '../../filter/compile-filter.js';
import type { Filter } from '../../filter/filter.js';
import { type FilterMatcher, prepareMatch } from '../../filter/filter-match.js';
import type { LdifItem, LdifRecord } from '../../ldif/ldif-record.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { Schema } from '../../schema/schema.js';

export interface SelectionOptions {
  readonly schema: Schema;
  /** Only what lies at or below one of these DNs; none: everything. */
  readonly include: readonly string[];
  /** Nothing that lies at or below one of these. */
  readonly exclude: readonly string[];
  readonly filter: Filter | undefined;
  /** Attributes to keep, as in a search; none: all. */
  readonly attributes: readonly string[];
  /** Records whose `dn:` stands before this line are passed over. */
  readonly fromLine?: number;
}

interface Branch {
  readonly length: number;
  readonly key: string;
}

export class RecordSelection {
  readonly #schema: Schema;
  readonly #include: readonly Branch[];
  readonly #exclude: readonly Branch[];
  readonly #matches: FilterMatcher | undefined;
  readonly #attributes: Selection | undefined;
  readonly #fromLine: number;

  /** Throws OperatorError COMMAND_INVALID for a branch that is no DN. */
  constructor(options: SelectionOptions) {
    const { schema, filter, attributes } = options;
    this.#schema = schema;
    this.#include = options.include.map((text) => branchOf(text, schema, '--include-branch'));
    this.#exclude = options.exclude.map((text) => branchOf(text, schema, '--exclude-branch'));
    this.#matches = filter === undefined ? undefined : prepareMatch(compileFilter(filter, schema));
    this.#attributes = attributes.length === 0 ? undefined : compileSelection(attributes, schema);
    this.#fromLine = options.fromLine ?? 1;
  }

  /** Whether the branches take this DN. */
  takesDn(dn: Dn): boolean {
    const below = (branch: Branch) => this.#liesBelow(dn, branch);
    return (this.#include.length === 0 || this.#include.some(below)) && !this.#exclude.some(below);
  }

  /** The item as it is to be used, or undefined when it is passed over. */
  item(item: LdifItem): LdifItem | undefined {
    if (item.line < this.#fromLine) return undefined;
    if (item.kind === 'fault') return item;
    const record = this.record(item.record);
    return record === undefined ? undefined : { ...item, record };
  }

  /** The record with the attributes that are asked for, or undefined when it is passed over. */
  record(record: LdifRecord): LdifRecord | undefined {
    const dn = dnOf(record.dn);
    if (dn === undefined) return record;
    if (!this.takesDn(dn)) return undefined;
    if (record.kind === 'content') {
      const attributes = this.#entry(dn, record.attributes);
      return attributes === undefined ? undefined : { ...record, attributes };
    }
    if (record.change.kind !== 'add') return record;
    const attributes = this.#entry(dn, record.change.attributes);
    return attributes === undefined ? undefined : { ...record, change: { kind: 'add', attributes } };
  }

  /** Attributes of an entry with the filter and the list applied. */
  #entry(dn: Dn, given: readonly RawValues[]): readonly RawValues[] | undefined {
    if (this.#matches !== undefined && this.#matches(this.#view(dn, given)) !== true) return undefined;
    const wanted = this.#attributes;
    if (wanted === undefined) return given;
    return given.filter(({ description }) => {
      const key = this.#schema.describe(description)?.key;
      if (key === undefined) return false;
      return isSelected(wanted, key) || (wanted.operationalAttributes && wanted.isOperational(key));
    });
  }

  #view(dn: Dn, given: readonly RawValues[]): EntryView {
    const stored = new Map<AttributeKey, Attribute>();
    for (const { description, values } of given) {
      const known = this.#schema.describe(description);
      if (known !== undefined) stored.set(known.key, { name: description, values });
    }
    return { dn, stored, attribute: (key) => stored.get(key), computed: () => new Map() };
  }

  #liesBelow(dn: Dn, { length, key }: Branch): boolean {
    const above = dn.rdns.length - length;
    return above >= 0 && this.#schema.dnKey({ rdns: dn.rdns.slice(above) }) === key;
  }
}

function branchOf(text: string, schema: Schema, option: string): Branch {
  const dn = dnOf(text);
  const key = dn === undefined ? undefined : schema.dnKey(dn);
  if (dn === undefined || key === undefined)
    throw new OperatorError('COMMAND_INVALID', `${option}: "${text}" is not a DN`);
  return { length: dn.rdns.length, key };
}

function dnOf(text: string): Dn | undefined {
  try {
    return parseDn(text);
  } catch (error) {
    if (error instanceof LdapError) return undefined;
    throw error;
  }
}
