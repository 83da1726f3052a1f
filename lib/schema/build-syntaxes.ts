/**
 * Syntaxes that a schema has: those in code, and what schema files add in terms of them (X-SUBST) or as a list of values (X-ENUM).
 */
import { utf8Decode } from '../base/bytes.js';
import { field, fieldValues, hasField } from './description.js';
import type { SchemaFaults, SourcedDescription } from './schema-fault.js';
import type { Syntax } from './syntax.js';
import { syntaxes } from './syntaxes.js';

/** Syntaxes by OID. A file may repeat one that is in code; the code's meaning stands. */
export function buildSyntaxes(
  descriptions: readonly SourcedDescription[],
  faults: SchemaFaults,
): ReadonlyMap<string, Syntax> {
  const table = new Map<string, Syntax>(syntaxes().map((one) => [one.oid, one]));
  for (const sourced of descriptions) {
    const { description } = sourced;
    if (table.has(description.id)) continue;
    const isValid = checkOf(sourced, table, faults);
    if (isValid === undefined) continue;
    table.set(description.id, {
      oid: description.id,
      description: field(description, 'DESC') ?? description.id,
      humanReadable: !hasField(description, 'X-NOT-HUMAN-READABLE'),
      isValid,
    });
  }
  return table;
}

function checkOf(
  sourced: SourcedDescription,
  table: ReadonlyMap<string, Syntax>,
  faults: SchemaFaults,
): Syntax['isValid'] | undefined {
  const { description } = sourced;
  const allowed = new Set(fieldValues(description, 'X-ENUM').map((value) => value.toLowerCase()));
  if (allowed.size > 0) {
    return (value) => {
      const text = value.length > 1024 ? undefined : utf8Decode(value);
      return text !== undefined && allowed.has(text.toLowerCase());
    };
  }
  const substitute = field(description, 'X-SUBST');
  if (substitute === undefined) {
    faults.of(
      sourced,
      'is not built in; say X-SUBST and the OID of a syntax that is, or X-ENUM and its values.',
    );
    return undefined;
  }
  const known = table.get(substitute);
  if (known === undefined)
    faults.of(sourced, `has X-SUBST '${substitute}', which this server does not have.`);
  return known?.isValid;
}
