/**
 * Shape faults of a document under a JSON schema: types, bounds, missing and unknown keys, all at once, in our words.
 *
 * Owns the one use of ajv. Unknown keys are refused with the nearest known name.
 */
import type { TSchema } from '@sinclair/typebox';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { ConfigFault, DocumentPath } from './document.js';
import { nearestName } from './nearest-name.js';

const OPTIONS = { allErrors: true, verbose: true, strict: true, allowUnionTypes: true } as const;
/** What typebox makes is good: reading the schema of schemas at every start would cost a third of the check. */
const ajv = new Ajv({ code: { optimize: false }, ...OPTIONS, meta: false, validateSchema: false });

/** What was compiled last for a schema, and for documents with which keys: a running server reads its own again and again. */
const last = new WeakMap<TSchema, { readonly held: string; readonly validate: ValidateFunction }>();

/** Faults of `value` under `schema`; none when it conforms. */
export function checkShape(schema: TSchema, value: unknown): ConfigFault[] {
  const validate = validatorFor(schema, value);
  if (validate(value)) return [];
  return (validate.errors ?? []).map((error) => toFault(error));
}

function validatorFor(schema: TSchema, value: unknown): ValidateFunction {
  const held = JSON.stringify(heldKeys(schema, value));
  const known = last.get(schema);
  if (known?.held === held) return known.validate;
  const asked = askedOf(schema, value);
  const validate = ajv.compile(asked);
  // ajv keeps what it compiled, and this one serves documents with these keys only.
  if (asked !== schema) ajv.removeSchema(asked);
  last.set(schema, { held, validate });
  return validate;
}

/** The keys by which askedOf() tells documents apart: those known ones that it holds, and theirs. */
function heldKeys(schema: TSchema, value: unknown): unknown {
  const properties: Readonly<Record<string, TSchema>> | undefined = schema.properties;
  if (properties === undefined || typeof value !== 'object' || value === null) return 0;
  const held = value as Readonly<Record<string, unknown>>;
  return Object.entries(properties).flatMap(([key, one]) =>
    Object.hasOwn(held, key) ? [key, heldKeys(one, held[key])] : [],
  );
}

/**
 * The schema with nothing said about keys that a map lacks; they stay known. A document names a few of some two hundred options; to compile what is said of the others
 * took 46 of 58 ms of each start that reads the configuration.
 */
function askedOf(schema: TSchema, value: unknown): TSchema {
  const properties: Readonly<Record<string, TSchema>> | undefined = schema.properties;
  if (properties === undefined || typeof value !== 'object' || value === null) return schema;
  const held = value as Readonly<Record<string, unknown>>;
  const asked = Object.entries(properties).map(([key, one]) => [
    key,
    Object.hasOwn(held, key) ? askedOf(one, held[key]) : {},
  ]);
  return { ...schema, properties: Object.fromEntries(asked) };
}

function toFault(error: ErrorObject): ConfigFault {
  const path = pointerPath(error.instancePath);
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(error.params.additionalProperty);
      const known = Object.keys((error.parentSchema?.properties as object | undefined) ?? {});
      return { path: [...path, key], message: `unknown key${suggestion(key, known)}` };
    }
    case 'required':
      return { path: [...path, String(error.params.missingProperty)], message: 'is missing' };
    case 'enum':
      return {
        path,
        message: `${shown(error.data)} is not one of ${(error.params.allowedValues as string[]).join(', ')}`,
      };
    default:
      return { path, message: `${shown(error.data)} ${expectation(error)}` };
  }
}

function suggestion(key: string, known: readonly string[]): string {
  const near = nearestName(key, known);
  if (near !== undefined) return `; did you mean "${near}"?`;
  return known.length > 0 ? `; known keys are ${known.join(', ')}` : '';
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  object: 'a map of keys',
  array: 'a list',
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
};

function expectation(error: ErrorObject): string {
  const { minimum, maximum } = (error.parentSchema ?? {}) as { minimum?: number; maximum?: number };
  switch (error.keyword) {
    case 'type':
      return `is not ${TYPE_NAMES[String(error.params.type)] ?? error.params.type}`;
    case 'minimum':
    case 'maximum':
      if (minimum !== undefined && maximum !== undefined) return `is not within ${minimum} to ${maximum}`;
      return minimum !== undefined ? `is less than ${minimum}` : `is more than ${maximum}`;
    case 'minLength':
    case 'minItems':
      return 'is too short';
    case 'maxLength':
    case 'maxItems':
      return 'is too long';
    default:
      return error.message ?? 'is not valid';
  }
}

/** A value as messages show it: short, and never a whole document. */
function shown(value: unknown): string {
  if (typeof value === 'string') return value.length > 60 ? `"${value.slice(0, 57)}..."` : `"${value}"`;
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a map' : String(value);
}

/** JSON pointer -> path. Ajv writes array indexes as digits; keys of digits do not occur in our documents. */
function pointerPath(pointer: string): DocumentPath {
  if (pointer === '') return [];
  return pointer
    .slice(1)
    .split('/')
    .map((part) =>
      /^\d{1,6}$/.test(part) ? Number(part) : part.replaceAll('~1', '/').replaceAll('~0', '~'),
    );
}
