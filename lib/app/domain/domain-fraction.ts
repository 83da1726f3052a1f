/**
 * The part of a domain's attributes that a server holds, as its configuration says; and what cannot be done on such a server.
 */

import { uniqueAttributeNames } from '../../backend/rules/unique-rules.js';
import { OperatorError } from '../../base/operator-error.js';
import type { Settings } from '../../config/option-table.js';
import { parseDn } from '../../dn/dn-text.js';
import { Fraction } from '../../entry/fraction.js';
import { configuredFraction } from '../../entry/fraction-text.js';
import type { Schema } from '../../schema/schema.js';

/** The fraction of the domain with this base. OperatorError FRACTION_INVALID that lists every fault. */
export function fractionOf(settings: Settings, base: string, schema: Schema): Fraction {
  if (!isFractional(settings, base, schema)) return Fraction.ALL;
  const { 'fraction.exclude': exclude, 'fraction.include': include } = settings;
  const fraction = configuredFraction({ exclude, include }, schema);
  const faults = fraction instanceof Fraction ? unkept(settings, fraction, schema) : fraction;
  if (fraction instanceof Fraction && faults.length === 0) return fraction;
  throw new OperatorError(
    'FRACTION_INVALID',
    'the part of the attributes that this server is to hold is not one',
    faults,
  );
}

/** As status shows it: nothing where everything is held. */
export function heldPart(text: string): { readonly fraction?: string } {
  return text === '' ? {} : { fraction: text };
}

/** Throws OperatorError FRACTION_REFUSED where a server that holds a part of the domain's attributes is given a data set to begin with: others could not be made from it. */
export function refuseAsSource(settings: Settings, base: string, schema: Schema, what: string): void {
  if (isFractional(settings, base, schema)) throw refusal(base, what);
}

/** The same for data that hold the fraction with this text. */
export function refusePart(text: string, base: string, what: string): void {
  if (text !== '') throw refusal(base, what);
}

function refusal(base: string, what: string): OperatorError {
  return new OperatorError(
    'FRACTION_REFUSED',
    `this server holds a part of the attributes of ${base} and cannot take ${what}: give it to a server that holds all, and initialize this one from there`,
  );
}

function isFractional(settings: Settings, base: string, schema: Pick<Schema, 'dnKey'>): boolean {
  if (settings['fraction.exclude'].length === 0 && settings['fraction.include'].length === 0) return false;
  const key = (text: string) => schema.dnKey(parseDn(text));
  // Schema, topology and whatever else all servers share are held whole.
  if (!settings.domains.some((text) => key(text) === key(base))) return false;
  const domains = settings['fraction.domains'];
  return domains.length === 0 || domains.some((text) => key(text) === key(base));
}

/** What writes taken here would be judged by, or be followed by, and is not held: a clause each. */
function unkept(settings: Settings, fraction: Fraction, schema: Schema): readonly string[] {
  if (settings.readOnly) return [];
  const uses: readonly (readonly [string, readonly string[]])[] = [
    ['uniqueness', uniqueAttributeNames(settings.uniqueness)],
    ['references.attributes', settings['references.attributes']],
  ];
  return uses.flatMap(([option, names]) => {
    const lacking = names.filter((name) => {
      const type = schema.attributeType(name);
      return type !== undefined && fraction.mayLack(type.key);
    });
    return lacking.length === 0
      ? []
      : [
          `${option} names ${lacking.join(', ')}, which this server would not hold: writes taken here could not keep to it; hold them, or set readOnly`,
        ];
  });
}
