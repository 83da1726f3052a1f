/**
 * The schema of a server: the standard files and those in its own schema folder.
 */
import { readSchemaFolder, readStandardSchemaFiles } from '../io/schema-files.js';
import { buildSchema } from '../schema/load-schema.js';
import type { Schema } from '../schema/schema.js';
import type { ServerFiles } from './server-files.js';

/** Throws OperatorError SCHEMA_INVALID with all faults. `files`: undefined for the standard schema alone. */
export async function readServerSchema(files: ServerFiles | undefined): Promise<Schema> {
  const standard = await readStandardSchemaFiles();
  const own = files === undefined ? [] : await readSchemaFolder(files.schema);
  return buildSchema([...standard, ...own]);
}
