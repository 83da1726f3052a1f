/**
 * The option `indexes` in polyarch.yaml, as commands change it: read, checked against the schema, written back with all else left as it is.
 *
 * The file is replaced at once or not at all, before anything is built or dropped: a crash in between is mended by the next start, which
 * follows the file.
 */
import { readFile } from 'node:fs/promises';
import { isIndexable } from '../../backend/index/index-config.js';
import { OperatorError } from '../../base/operator-error.js';
import type { IndexLists, KeyOf } from '../../config/index-lists.js';
import { OPTIONS } from '../../config/option-table.js';
import { editYaml, parseYaml } from '../../io/yaml-file.js';
import type { Schema } from '../../schema/schema.js';
import { inFileTurn, replaceConfigFile } from '../config/config-file.js';
import type { ServerFiles } from '../server-files.js';

/** What the file says; the defaults where it says nothing. OperatorError CONFIG_INVALID. */
export async function readIndexLists(files: ServerFiles): Promise<IndexLists> {
  const { value } = parseYaml(await readFile(files.config, 'utf8'), files.config);
  const given = (value as { indexes?: IndexLists }).indexes;
  return given ?? OPTIONS.indexes.preset ?? {};
}

/** Writes the lists into the file. OperatorError FILE_UNWRITABLE or CONFIG_INVALID. */
export async function writeIndexLists(files: ServerFiles, lists: IndexLists): Promise<void> {
  await inFileTurn(files.config, async () => {
    const text = await readFile(files.config, 'utf8');
    await replaceConfigFile(files.config, editYaml(text, files.config, ['indexes'], lists));
  });
}

/** Keys of attributes by any of their names. */
export function keysOf(schema: Pick<Schema, 'attributeType'>): KeyOf {
  return (attribute) => schema.attributeType(attribute)?.key;
}

/** Refuses indexes that the schema has no rules for. OperatorError COMMAND_INVALID with every fault. */
export function checkIndexable(lists: IndexLists, schema: Pick<Schema, 'attributeType'>): void {
  const faults: string[] = [];
  for (const [attribute, kinds] of Object.entries(lists)) {
    const type = schema.attributeType(attribute);
    if (type === undefined) faults.push(`${attribute}: the schema has no such attribute type`);
    else if (!isIndexable(type.key)) {
      faults.push(`${attribute}: the server derives it, and answers for it without an index of its own`);
    } else {
      for (const kind of kinds) {
        if (kind !== 'presence' && type[kind] === undefined)
          faults.push(`${attribute}: its type has no ${kind} rule, so there is no ${kind} index of it`);
      }
    }
  }
  if (faults.length > 0) throw new OperatorError('COMMAND_INVALID', 'these indexes cannot be made', faults);
}
