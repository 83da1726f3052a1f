/**
 * Dereference: beside an entry, attributes of the entries that its DN values name (draft-masarati-ldap-deref; SSSD reads the members of a group so).
 *
 * Access rules hold for the named entries as for the entry itself: one that the requester may not see is only named. Large attributes are done in turns, so
 * that a group of many members holds up nobody.
 */
import type { Reader } from '../../access/access-policy.js';
import { RowsAway, withRows } from '../../backend/index/reverse-lookup.js';
import { utf8Decode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import { LIMITS } from '../../base/limits.js';
import type { EntryView } from '../../entry/entry.js';
import { compileSelection, type Selection, selectAttributes } from '../../entry/select-attributes.js';
import { CONTROL_OIDS } from '../../ldap/control-oids.js';
import {
  type Dereferenced,
  type DereferenceSpec,
  encodeDereferencedPart,
  joinDereferenced,
} from '../../ldap/controls/dereference.js';
import type { Control } from '../../ldap/message.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import { checkStopped, type Operation } from '../operation.js';
import type { ServerParts } from '../server-parts.js';

/** Values looked at between two turns of the event loop. */
const TURN_VALUES = 200;
/** DN, and Name and Optional UID. */
const DN_SYNTAXES: ReadonlySet<string> = new Set([
  '1.3.6.1.4.1.1466.115.121.1.12',
  '1.3.6.1.4.1.1466.115.121.1.34',
]);
const NO_CONTROLS: readonly Control[] = [];

interface Spec {
  readonly name: string;
  readonly key: AttributeKey;
  readonly selection: Selection;
}

/** What the control asks for. */
export interface Follow {
  /** Whether values of this attribute are gone through. */
  reads(key: AttributeKey): boolean;
  /** The control of one entry; a promise where it takes its time. */
  controls(view: EntryView): readonly Control[] | Promise<readonly Control[]>;
}

/** Makes the control of each entry. Throws LdapError protocolError for an attribute without DNs; unknown ones are passed over. */
export function dereferencer(
  parts: ServerParts,
  operation: Operation,
  reader: Reader,
  specs: readonly DereferenceSpec[],
): Follow {
  const known: Spec[] = [];
  for (const { attribute, attributes } of specs) {
    const description = parts.schema.describe(attribute);
    if (description?.type === undefined) continue;
    if (!DN_SYNTAXES.has(description.type.syntax.oid)) {
      throw new LdapError('protocolError', `The values of ${attribute} are no DNs to dereference.`);
    }
    const selection = compileSelection(attributes, parts.schema);
    known.push({ name: attribute, key: description.key, selection });
  }
  let budget: number = LIMITS.dereferencedEntries;
  return { reads: (key) => known.some((spec) => spec.key === key), controls };

  function controls(view: EntryView): readonly Control[] | Promise<readonly Control[]> {
    const wanted: { readonly spec: Spec; readonly value: Uint8Array }[] = [];
    for (const spec of known) {
      for (const value of view.attribute(spec.key)?.values ?? []) wanted.push({ spec, value });
    }
    if (wanted.length === 0) return NO_CONTROLS;
    budget -= wanted.length;
    if (budget < 0) {
      throw new LdapError(
        'adminLimitExceeded',
        `A search may dereference ${LIMITS.dereferencedEntries} entries (dereferencedEntries).`,
      );
    }
    let looked = 0;
    const encoded: Uint8Array[] = [];
    const turn = (): void => {
      const some = wanted.slice(looked, looked + TURN_VALUES);
      encoded.push(encodeDereferencedPart(some.map(({ spec, value }) => look(parts, reader, spec, value))));
      looked += some.length;
    };
    try {
      turn();
    } catch (error) {
      if (!(error instanceof RowsAway)) throw error;
      return goOn();
    }
    return looked === wanted.length ? controlOf(encoded) : goOn();

    async function goOn(): Promise<readonly Control[]> {
      while (looked < wanted.length) {
        await new Promise<void>((resolve) => {
          parts.clock.after(0, resolve);
        });
        checkStopped(operation);
        await withRows(turn);
      }
      return controlOf(encoded);
    }
  }
}

function controlOf(encoded: readonly Uint8Array[]): readonly Control[] {
  return [{ oid: CONTROL_OIDS.dereference, critical: false, value: joinDereferenced(encoded) }];
}

function look(parts: ServerParts, reader: Reader, spec: Spec, value: Uint8Array): Dereferenced {
  const dn = utf8Decode(value) ?? '';
  const entry = entryOf(parts, dn);
  const seen = entry !== undefined && reader.seesEntry(entry);
  const attributes = seen ? selectAttributes(spec.selection, reader.view(entry)) : [];
  return { attribute: spec.name, dn, attributes };
}

function entryOf({ directory }: ServerParts, dn: string): EntryView | undefined {
  try {
    const known = directory.entryOf(dn);
    if (known !== undefined) return known.entry;
    const route = directory.route(dn);
    return route.kind === 'domain' ? route.domain.backend.byDn(route.dn) : undefined;
  } catch (error) {
    if (error instanceof LdapError) return undefined;
    throw error;
  }
}
