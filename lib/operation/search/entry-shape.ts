/**
 * EntryShape: how controls of a search change the entries that it gives: fewer values, fewer attributes, controls beside them.
 *
 * undefined for searches without such a control: those have the fast ways of entry-bytes.ts. Owns the order in which the controls work: first real or
 * virtual attributes alone (entry/virtual-attributes.ts), then the attribute list of the search, then matched values (RFC 3876), then effective rights. Access rules come before all: shapes get the reader's view.
 */
import type { Reader } from '../../access/access-policy.js';
import type { BerWriter } from '../../ber/ber-writer.js';
import type { Dn } from '../../dn/dn.js';
import type { Attribute, Attributes, EntryView } from '../../entry/entry.js';
import { type Selection, selectAttributes } from '../../entry/select-attributes.js';
import { isVirtualKey } from '../../entry/virtual-attributes.js';
import { CONTROL_OIDS } from '../../ldap/control-oids.js';
import { writeControls, writeEnvelope } from '../../ldap/encode-parts.js';
import { writeAttributeList } from '../../ldap/encode-response.js';
import type { Control } from '../../ldap/message.js';
import { OP } from '../../ldap/protocol-tags.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import { usabilityControls } from '../bind/account-usability.js';
import type { Operation } from '../operation.js';
import type { ServerParts } from '../server-parts.js';
import type { NamedEntry } from '../trees/virtual-tree.js';
import { dereferencer } from './dereference.js';
import { withRights } from './effective-rights.js';
import { type Choice, valueFilter } from './matched-values.js';

/** What an entry becomes. `view` is the entry as the reader sees it. */
export interface EntryShape {
  /** Whether values of this attribute are gone through, sent or not. */
  reads(key: AttributeKey): boolean;
  choose(view: EntryView, selection: Selection): Choice;
  /** Controls of the SearchResultEntry; a promise where they take their time. */
  controls(view: EntryView): readonly Control[] | Promise<readonly Control[]>;
}

const NO_CONTROLS: readonly Control[] = [];
const CHANGELOG_COOKIE = 'changelogcookie' as AttributeKey;
const NO_ATTRIBUTES: Attributes = new Map();

/** The shape that a search's controls ask for. Throws LdapError where they cannot be applied. */
export function entryShape(parts: ServerParts, operation: Operation, reader: Reader): EntryShape | undefined {
  const { matchedValues, dereference, realAttributesOnly, virtualAttributesOnly, changelogCookie } =
    operation.controls;
  const { accountUsability } = operation.controls;
  const source = sourceOf(realAttributesOnly, virtualAttributesOnly);
  const shapes = matchedValues ?? dereference ?? source ?? changelogCookie;
  if (shapes === undefined && !accountUsability && operation.rightsOf === undefined) return undefined;
  const keep = matchedValues === undefined ? undefined : valueFilter(parts.schema, matchedValues);
  const follow = dereference === undefined ? undefined : dereferencer(parts, operation, reader, dereference);
  return {
    reads: (key) => follow?.reads(key) === true,
    choose: (view, selection) => {
      const selected = selectAttributes(selection, source === undefined ? view : source(view));
      // Without values there is nothing to choose from.
      const choice = keep === undefined || selection.typesOnly ? made(selected) : keep(view, selected);
      return withRights(parts, operation, selection, view, selected, choice);
    },
    controls: (view) => {
      if (changelogCookie !== undefined) return cookieControls(view);
      const followed = follow === undefined ? NO_CONTROLS : follow.controls(view);
      return accountUsability ? both(followed, usabilityControls(parts, view)) : followed;
    },
  };
}

/** Both lists, at once where both are there. */
function both(
  one: readonly Control[] | Promise<readonly Control[]>,
  other: readonly Control[] | Promise<readonly Control[]>,
): readonly Control[] | Promise<readonly Control[]> {
  if (one instanceof Promise || other instanceof Promise)
    return Promise.all([one, other]).then((all) => all.flat());
  return [...one, ...other];
}

function made(attributes: readonly Attribute[]): Choice {
  return { step: () => false, attributes };
}

/** The position behind an entry of cn=changelog (OpenDJ behaviour). */
function cookieControls(view: EntryView): readonly Control[] {
  const value = view.attribute(CHANGELOG_COOKIE)?.values[0];
  return value === undefined ? NO_CONTROLS : [{ oid: CONTROL_OIDS.changelogCookie, critical: false, value }];
}

/** Writes the SearchResultEntry of a reshaped entry. The writer was reset. */
export function writeShaped(
  writer: BerWriter,
  id: number,
  entry: NamedEntry,
  attributes: readonly Attribute[],
  controls: readonly Control[],
): void {
  writeControls(writer, controls);
  const mark = writer.length;
  writeAttributeList(writer, attributes);
  writer.text(entry.dnText);
  writer.wrap(OP.searchEntry, mark);
  writeEnvelope(writer, id, 0);
}

/** Both controls together leave nothing out: each attribute is one or the other. */
function sourceOf(real: boolean, virtual: boolean): ((view: EntryView) => EntryView) | undefined {
  if (real === virtual) return undefined;
  return real ? (view) => new RealAttributes(view) : (view) => new VirtualAttributes(view);
}

/** An entry without what is derived when it is read. */
class RealAttributes implements EntryView {
  readonly dn: Dn;
  readonly stored: Attributes;
  readonly #view: EntryView;

  constructor(view: EntryView) {
    this.dn = view.dn;
    this.stored = view.stored;
    this.#view = view;
  }

  attribute(key: AttributeKey): Attribute | undefined {
    if (isVirtualKey(key) || this.#view.collective?.()?.has(key) === true) return undefined;
    return this.#view.attribute(key);
  }

  computed(): Attributes {
    return only(this.#view.computed(), false);
  }
}

/** What is derived when an entry is read, alone. */
class VirtualAttributes implements EntryView {
  readonly dn: Dn;
  readonly stored = NO_ATTRIBUTES;
  readonly #view: EntryView;

  constructor(view: EntryView) {
    this.dn = view.dn;
    this.#view = view;
  }

  attribute(key: AttributeKey): Attribute | undefined {
    return isVirtualKey(key) ? this.#view.attribute(key) : this.collective()?.get(key);
  }

  collective(): Attributes | undefined {
    return this.#view.collective?.();
  }

  computed(): Attributes {
    return only(this.#view.computed(), true);
  }
}

function only(attributes: Attributes, virtual: boolean): Attributes {
  const kept = new Map<AttributeKey, Attribute>();
  for (const [key, attribute] of attributes) if (isVirtualKey(key) === virtual) kept.set(key, attribute);
  return kept;
}
