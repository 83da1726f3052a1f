/**
 * polyarch.yaml as programs change it: one change at a time, checked as a whole before it is written, replaced at once or not at all.
 *
 * Comments, order and mode of the file stay. A link stays a link: what it names is replaced. What a configuration must be is config's.
 */
import { readFile, realpath, stat } from 'node:fs/promises';
import { OperatorError } from '../../base/operator-error.js';
import type { Settings } from '../../config/option-table.js';
import { type ConfigSources, resolveConfig, splitKey } from '../../config/server-config.js';
import { unwritable, writeFileAtomic } from '../../io/files.js';
import { editYaml, parseYaml } from '../../io/yaml-file.js';
import type { OptionEdit } from '../../operation/trees/config-entry.js';

const PERMISSIONS = 0o777;

/** What runs on each file, by its name. */
const turns = new Map<string, Promise<unknown>>();

/** Runs `work` when no other change of this file is in progress in this process. */
export function inFileTurn<T>(file: string, work: () => Promise<T>): Promise<T> {
  const done = (turns.get(file) ?? Promise.resolve()).then(work, work);
  const settled = done.then(
    () => {},
    () => {},
  );
  turns.set(file, settled);
  void settled.then(() => {
    if (turns.get(file) === settled) turns.delete(file);
  });
  return done;
}

/** Replaces the file; within inFileTurn(). Rejects with OperatorError FILE_UNWRITABLE or DISK_FULL. */
export async function replaceConfigFile(file: string, text: string): Promise<void> {
  try {
    const real = await realpath(file);
    await writeFileAtomic(real, text, (await stat(real)).mode & PERMISSIONS);
  } catch (error) {
    throw unwritable(file, error);
  }
}

export interface EditedConfig {
  /** undefined: the file says it already. */
  readonly text: string | undefined;
  readonly sources: ConfigSources;
  readonly settings: Settings;
}

/**
 * The file as it would be with other values. `sources`: what besides the file counts. Rejects with OperatorError CONFIG_INVALID with all faults, also those that the file has now.
 */
export async function editedConfig(
  file: string,
  sources: ConfigSources,
  edits: readonly OptionEdit[],
): Promise<EditedConfig> {
  const before = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new OperatorError('CONFIG_INVALID', `cannot read ${file}`, [], { cause: error });
  });
  // A file that has faults already is not written into: whoever edits it is not ready.
  resolveConfig({ ...sources, document: parseYaml(before, file) });
  let text = before;
  for (const { key, value } of edits) text = editYaml(text, file, splitKey(key), value);
  const edited = { ...sources, document: parseYaml(text, file) };
  const settings = resolveEdited(edited);
  return { text: text === before ? undefined : text, sources: edited, settings };
}

function resolveEdited(sources: ConfigSources): Settings {
  try {
    return resolveConfig(sources);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    throw new OperatorError(
      error.code,
      'nothing was changed: the file would not be a valid configuration',
      error.faults,
      { cause: error },
    );
  }
}
