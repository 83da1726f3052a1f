/**
 * Schema files: the standard ones of the package (schema/NN-name.ldif) and a server's own, read in the order of their names.
 *
 * Owns reading only; what they say is schema/load-schema.ts.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OperatorError } from '../base/operator-error.js';
import { readSmallFile } from './files.js';

export interface SchemaFile {
  /** File name, for faults. */
  readonly name: string;
  readonly text: string;
}

/** The standard files. Throws OperatorError SCHEMA_INVALID when the package is incomplete. */
export async function readStandardSchemaFiles(): Promise<SchemaFile[]> {
  const folder = standardFolder();
  const files = await readSchemaFolder(folder);
  if (files.length === 0) {
    throw new OperatorError(
      'SCHEMA_INVALID',
      `the installation is incomplete: ${folder} holds no schema files`,
    );
  }
  return files;
}

/** All *.ldif and *.schema (OpenLDAP's form) files of a folder by name; none when the folder does not exist. */
export async function readSchemaFolder(folder: string): Promise<SchemaFile[]> {
  const files: SchemaFile[] = [];
  for (const name of (await namesIn(folder)).filter(isSchemaFile).sort()) {
    const bytes = await readSmallFile(join(folder, name));
    if (bytes !== undefined) files.push({ name, text: new TextDecoder().decode(bytes) });
  }
  return files;
}

/** Files of a schema folder that are not read, hidden ones aside. */
export async function passedOverInSchemaFolder(folder: string): Promise<readonly string[]> {
  return (await namesIn(folder)).filter((name) => !isSchemaFile(name) && !name.startsWith('.')).sort();
}

function isSchemaFile(name: string): boolean {
  return name.endsWith('.ldif') || name.endsWith('.schema');
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** The package's version, for vendorVersion. */
export async function packageVersion(): Promise<string> {
  const text = await readFile(join(packageRoot(), 'package.json'), 'utf8');
  return String((JSON.parse(text) as { version?: unknown }).version);
}

function standardFolder(): string {
  return join(packageRoot(), 'schema');
}

/** The folder with package.json above this file: the same in the source tree and in the build. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    if (existsSync(join(folder, 'package.json')) && existsSync(join(folder, 'schema'))) return folder;
    const above = dirname(folder);
    if (above === folder)
      throw new OperatorError('SCHEMA_INVALID', 'the installation is incomplete: no schema folder');
    folder = above;
  }
}
