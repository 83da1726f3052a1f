/**
 * A parsed configuration document and its faults, with the lines they stand on.
 *
 * Owns the form in which the shell hands over a parsed file. Parsing YAML is io's; this folder sees values and positions only.
 */

/** Keys and indexes from the root of a document. */
export type DocumentPath = readonly (string | number)[];

export interface ConfigDocument {
  /** Name for messages. */
  readonly name: string;
  /** Plain objects, arrays, strings, numbers, booleans and null. */
  readonly value: unknown;
  /** Line (from 1) on which the value or key of a path stands, or that of its nearest parent; undefined when there is none. */
  lineOf(path: DocumentPath): number | undefined;
}

/** One fault: what is wrong and where. */
export interface ConfigFault {
  readonly path: DocumentPath;
  readonly message: string;
}

/** `polyarch.yaml:12: limits.connections: must be ...`; sorted as the document is. */
export function formatFaults(document: ConfigDocument, faults: readonly ConfigFault[]): string[] {
  return faults
    .map((fault) => ({ fault, line: document.lineOf(fault.path) }))
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0))
    .map(({ fault, line }) => {
      const where = line === undefined ? document.name : `${document.name}:${line}`;
      const path = formatPath(fault.path);
      return path === '' ? `${where}: ${fault.message}` : `${where}: ${path}: ${fault.message}`;
    });
}

/** `servers[2].peers[0]`. */
export function formatPath(path: DocumentPath): string {
  let out = '';
  for (const part of path) {
    if (typeof part === 'number') out += `[${part}]`;
    else out += out === '' ? part : `.${part}`;
  }
  return out;
}

/** The value at a path of plain objects and arrays, or undefined. */
export function valueAt(root: unknown, path: DocumentPath): unknown {
  let at = root;
  for (const part of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Record<string, unknown>)[part];
  }
  return at;
}
