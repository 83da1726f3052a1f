/**
 * YAML files as configuration documents: parsed values and the line of every path.
 *
 * The one home of the yaml package. Syntax faults are reported with their lines (OperatorError CONFIG_INVALID); meaning is config's.
 */
import { readFile } from 'node:fs/promises';
import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { OperatorError } from '../base/operator-error.js';
import type { ConfigDocument, DocumentPath } from '../config/document.js';
import { systemReason } from './files.js';

/** Octets of a configuration file. */
const MAX_BYTES = 16_777_216;

/** Reads a file; `name` is what messages call it. Throws OperatorError CONFIG_INVALID. */
export async function readYamlFile(file: string, name: string): Promise<ConfigDocument> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new OperatorError('CONFIG_INVALID', `cannot read ${file}: ${systemReason(error)}`, [], {
      cause: error,
    });
  }
  return parseYaml(text, name);
}

/** The document that `text` writes. An empty document is an empty map. Throws OperatorError CONFIG_INVALID. */
export function parseYaml(text: string, name: string): ConfigDocument {
  if (text.length > MAX_BYTES)
    throw new OperatorError('CONFIG_INVALID', `${name} is longer than ${MAX_BYTES} octets`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    const faults = document.errors.map((error) => {
      const reason = error.message.split('\n')[0] ?? 'not YAML';
      return `${name}:${lines.linePos(error.pos[0]).line}: ${reason}`;
    });
    throw new OperatorError('CONFIG_INVALID', `${name} is not valid YAML`, faults);
  }
  const value: unknown = document.toJS({ maxAliasCount: 100 }) ?? {};
  return { name, value, lineOf: (path) => lineOf(document, lines, path) };
}

/** The text with another value at a path of keys, or (undefined) without that key; comments and all else stay. Throws OperatorError CONFIG_INVALID. */
export function editYaml(text: string, name: string, path: readonly string[], value: unknown): string {
  parseYaml(text, name);
  const document = parseDocument(text);
  const spliced = spliceScalar(text, document, path, value);
  if (spliced !== undefined) return spliced;
  try {
    if (value === undefined) {
      if (!document.hasIn(path)) return text;
      document.deleteIn(path);
    } else document.setIn(path, valueNode(document, value));
  } catch (error) {
    // A section that is an alias, or no map: who wrote it so knows where to change it.
    throw new OperatorError('CONFIG_INVALID', `${name}: cannot set ${path.join('.')}; edit the file`, [], {
      cause: error,
    });
  }
  return document.toString({ lineWidth: 0 });
}

/** The text with a single value in the place of another, not an octet else changed; undefined where that cannot be. */
function spliceScalar(
  text: string,
  document: Document,
  path: readonly string[],
  value: unknown,
): string | undefined {
  if (value === undefined || typeof value === 'object') return undefined;
  const node: unknown = document.getIn(path, true);
  if (!isScalar(node) || node.range === undefined || node.range === null || node.anchor !== undefined)
    return undefined;
  const [start, end] = node.range;
  // JSON's texts are YAML's in double quotes.
  const spliced = text.slice(0, start) + JSON.stringify(value) + text.slice(end);
  // A null that is written as nothing, a block of lines: there the text around counts too.
  const read = parseDocument(spliced);
  return read.errors.length === 0 && read.getIn(path) === value ? spliced : undefined;
}

function valueNode(document: Document, value: unknown): unknown {
  // As a plain value it goes into the node that is there, whose comment stays.
  if (typeof value !== 'object' || value === null) return value;
  const node: unknown = document.createNode(value);
  // Lists within maps stand in their line.
  if (isMap(node)) for (const { value: item } of node.items) if (isSeq(item)) item.flow = true;
  return node;
}

/** Line of the key or item of a path, else that of the nearest parent that exists. */
function lineOf(document: Document, lines: LineCounter, path: DocumentPath): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const offset = offsetOf(document, path.slice(0, length));
    if (offset !== undefined) return lines.linePos(offset).line;
  }
  return undefined;
}

function offsetOf(document: Document, path: DocumentPath): number | undefined {
  const parentPath = path.slice(0, -1);
  const parent: unknown = parentPath.length === 0 ? document.contents : document.getIn(parentPath, true);
  if (isMap(parent)) {
    const key = String(path[path.length - 1]);
    const pair = parent.items.find((item) => isNode(item.key) && String(item.key) === key);
    if (pair !== undefined && isNode(pair.key)) return pair.key.range?.[0];
    return undefined;
  }
  const node: unknown = document.getIn(path, true);
  return isNode(node) ? node.range?.[0] : undefined;
}
