/** The schema of the files under schema/, for tests. Owns no claims. */
import { readdirSync, readFileSync } from 'node:fs';
import { buildSchema } from '../../lib/schema/load-schema.js';
import type { Schema } from '../../lib/schema/schema.js';
import type { SchemaFile } from '../../lib/schema/schema-text.js';

/** Names and texts of schema/*.ldif in the order of their names. */
export function standardFiles(): SchemaFile[] {
  return readdirSync('schema')
    .filter((name) => name.endsWith('.ldif'))
    .sort()
    .map((name) => ({ name, text: readFileSync(`schema/${name}`, 'utf8') }));
}

let cached: Schema | undefined;

/** The standard schema, built once. */
export function standardSchema(): Schema {
  cached ??= buildSchema(standardFiles());
  return cached;
}
