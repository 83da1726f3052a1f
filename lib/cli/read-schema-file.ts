/** The schema file that a command was given: its option, and how it is read. */
import { basename } from 'node:path';
import { OperatorError } from '../base/operator-error.js';
import { readSmallFile, systemReason } from '../io/files.js';
import type { SchemaFile } from '../schema/schema-text.js';

export const schemaFileOption = {
  file: {
    type: 'string',
    demandOption: true,
    describe: 'Schema file: LDIF of any server, or .schema of OpenLDAP',
  },
} as const;

/** Reads it. Rejects with OperatorError SCHEMA_INVALID when it cannot be read. */
export async function readSchemaFile(path: string): Promise<SchemaFile> {
  let bytes: Uint8Array | undefined;
  try {
    bytes = await readSmallFile(path);
  } catch (error) {
    throw new OperatorError('SCHEMA_INVALID', `cannot read ${path}: ${systemReason(error)}`, [], {
      cause: error,
    });
  }
  if (bytes === undefined) throw new OperatorError('SCHEMA_INVALID', `there is no file ${path}`);
  return { name: basename(path), text: new TextDecoder().decode(bytes) };
}
