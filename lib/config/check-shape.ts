/**
 * Faults of a document's shape: types, bounds, missing and unknown keys, all at once, in words for the operator.
 *
 * Total: any value that YAML or JSON can give is judged, as deep as the shape goes. Unknown keys are refused with the nearest known name.
 */
import type { ConfigFault, DocumentPath } from './document.js';
import { nearestName } from './nearest-name.js';
import type { Properties, Shape } from './shape.js';

/** Faults of `value` under `shape`; none when it conforms. */
export function checkShape(shape: Shape, value: unknown): ConfigFault[] {
  const faults: ConfigFault[] = [];
  check(shape, value, [], faults);
  return faults;
}

function check(shape: Shape, value: unknown, path: DocumentPath, out: ConfigFault[]): void {
  const refuse = (clause: string) => out.push({ path, message: `${shown(value)} ${clause}` });
  switch (shape.type) {
    case 'boolean':
      if (typeof value !== 'boolean') refuse('is not true or false');
      return;
    case 'integer':
      if (!Number.isInteger(value)) refuse('is not a whole number');
      else if (!isWithin(value as number, shape.minimum, shape.maximum))
        refuse(boundsText(shape.minimum, shape.maximum));
      return;
    case 'choice':
      if (!shape.words.includes(value as string)) refuse(`is not one of ${shape.words.join(', ')}`);
      return;
    case 'string':
      if (typeof value !== 'string') refuse('is not text');
      else if (value.length < (shape.minLength ?? 0)) refuse('is too short');
      else if (value.length > (shape.maxLength ?? Number.POSITIVE_INFINITY)) refuse('is too long');
      else if (shape.plain === true && !isPlain(value))
        refuse("is not of letters, digits, '.', '_' and '-' alone, a letter or digit first");
      return;
    case 'array':
      if (!Array.isArray(value)) return void refuse('is not a list');
      if (value.length < (shape.minItems ?? 0)) refuse('is too short');
      // What is too long is not looked at: its faults would be as many.
      if (value.length > (shape.maxItems ?? Number.POSITIVE_INFINITY)) return void refuse('is too long');
      for (const [at, item] of value.entries()) check(shape.items, item, [...path, at], out);
      return;
    case 'map':
      if (!isMap(value)) return void refuse('is not a map of keys');
      for (const [key, one] of Object.entries(value)) check(shape.values, one, [...path, key], out);
      return;
    case 'record':
      if (!isMap(value)) return void refuse('is not a map of keys');
      checkKeys(shape.properties, value, path, out);
      return;
  }
}

function checkKeys(
  properties: Properties,
  value: Readonly<Record<string, unknown>>,
  path: DocumentPath,
  out: ConfigFault[],
): void {
  for (const [key, shape] of Object.entries(properties)) {
    if (Object.hasOwn(value, key)) check(shape, value[key], [...path, key], out);
    else if (!('optional' in shape)) out.push({ path: [...path, key], message: 'is missing' });
  }
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(properties, key)) continue;
    out.push({ path: [...path, key], message: `unknown key${suggestion(key, Object.keys(properties))}` });
  }
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPlain(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(text);
}

function isWithin(value: number, minimum: number | undefined, maximum: number | undefined): boolean {
  return value >= (minimum ?? Number.NEGATIVE_INFINITY) && value <= (maximum ?? Number.POSITIVE_INFINITY);
}

function boundsText(minimum: number | undefined, maximum: number | undefined): string {
  if (minimum !== undefined && maximum !== undefined) return `is not within ${minimum} to ${maximum}`;
  return minimum !== undefined ? `is less than ${minimum}` : `is more than ${maximum}`;
}

function suggestion(key: string, known: readonly string[]): string {
  const near = nearestName(key, known);
  if (near !== undefined) return `; did you mean "${near}"?`;
  return known.length > 0 ? `; known keys are ${known.join(', ')}` : '';
}

/** A value as messages show it: short, and never a whole document. */
function shown(value: unknown): string {
  if (typeof value === 'string') return value.length > 60 ? `"${value.slice(0, 57)}..."` : `"${value}"`;
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a map' : String(value);
}
