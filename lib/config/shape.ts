/**
 * Shapes of documents: what a value of a configuration or topology file looks like, with the TypeScript type of what conforms.
 *
 * Owns the kinds and how types follow from them; check-shape.ts judges values. A library for JSON schemas was two hundred modules and a code generator at every start of
 * a server, for the six kinds that our files need; a third of the start went there.
 */

/** A shape whose values are of type `T`. */
export type Shape<T = unknown> = Form & {
  /** Only for the compiler: no shape has it. */
  readonly conforms?: T;
};

type Form =
  | {
      readonly type: 'string';
      /** Lengths in UTF-16 units. */
      readonly minLength?: number;
      readonly maxLength?: number;
      /** Letters, digits, '.', '_' and '-' only, the first a letter or digit. */
      readonly plain?: true;
    }
  | { readonly type: 'choice'; readonly words: readonly string[] }
  | { readonly type: 'integer'; readonly minimum?: number; readonly maximum?: number }
  | { readonly type: 'boolean' }
  | {
      readonly type: 'array';
      readonly items: Shape;
      readonly minItems?: number;
      readonly maxItems?: number;
    }
  /** Known keys; any other is a fault. */
  | { readonly type: 'record'; readonly properties: Properties }
  /** Free keys, all values of one shape. */
  | { readonly type: 'map'; readonly values: Shape };

/** Keys of a record with their shapes, in the order of messages. */
export type Properties = Readonly<Record<string, Shape>>;

/** The shape of a key that may be missing. */
export type Optional<T> = Shape<T> & { readonly optional: true };

/** Type of the values that conform to a shape. */
export type ValueOf<S> = S extends { readonly conforms?: infer T } ? T : never;

type RecordOf<P> = {
  readonly [K in keyof P as P[K] extends { readonly optional: true } ? never : K]: ValueOf<P[K]>;
} & {
  readonly [K in keyof P as P[K] extends { readonly optional: true } ? K : never]?: ValueOf<P[K]>;
};

/** Text; `plain` is for names that stand in addresses, file names and logs. */
export function string(
  bounds: { readonly minLength?: number; readonly maxLength?: number; readonly plain?: true } = {},
): Shape<string> {
  return { type: 'string', ...bounds };
}

/** One of a few words. */
export function word<const T extends readonly string[]>(words: T): Shape<T[number]> {
  return { type: 'choice', words };
}

/** A whole number; bounds are inclusive. */
export function wholeNumber(
  bounds: { readonly minimum?: number; readonly maximum?: number } = {},
): Shape<number> {
  return { type: 'integer', ...bounds };
}

export function boolean(): Shape<boolean> {
  return { type: 'boolean' };
}

export function array<T>(
  items: Shape<T>,
  bounds: { readonly minItems?: number; readonly maxItems?: number } = {},
): Shape<T[]> {
  return { type: 'array', items, ...bounds };
}

/** Known keys, each with its shape. */
export function record<const P extends Properties>(properties: P): Shape<RecordOf<P>> {
  return { type: 'record', properties };
}

/** Free keys, all values of one shape. */
export function mapOf<T>(values: Shape<T>): Shape<Record<string, T>> {
  return { type: 'map', values };
}

/** The same shape for a key that may be missing. */
export function optional<T>(shape: Shape<T>): Optional<T> {
  return { ...shape, optional: true };
}
