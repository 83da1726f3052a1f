/**
 * The option `indexes` as commands change it: `mail:equality,substring` on a command line, lists of kinds by attribute in the file.
 *
 * Which names mean the same attribute is the schema's to say (`keyOf`); a name that is listed already keeps its spelling.
 */
import { OperatorError } from '../base/operator-error.js';
import { INDEX_KINDS } from './option-table.js';

export type IndexKindName = (typeof INDEX_KINDS)[number];

/** Kinds by attribute, as in polyarch.yaml. */
export type IndexLists = Readonly<Record<string, readonly IndexKindName[]>>;

/** One attribute and the kinds that a command names. */
export interface NamedIndex {
  readonly attribute: string;
  /** Empty: all kinds that there are. */
  readonly kinds: readonly IndexKindName[];
}

/** The key of an attribute; undefined where the schema does not know it. */
export type KeyOf = (attribute: string) => string | undefined;

const SYNTAX = 'write attribute:kind,kind with the kinds equality, presence, substring and ordering';

/** Reads `mail:equality,substring` or, where `kindsNeeded` is false, `mail`. OperatorError COMMAND_INVALID with every fault. */
export function parseIndexNames(texts: readonly string[], kindsNeeded: boolean): readonly NamedIndex[] {
  const faults: string[] = [];
  const named = texts.map((text): NamedIndex => {
    const colon = text.indexOf(':');
    const attribute = (colon < 0 ? text : text.slice(0, colon)).trim();
    const words =
      colon < 0
        ? []
        : text
            .slice(colon + 1)
            .split(',')
            .map((word) => word.trim());
    const kinds = words.filter(isKind);
    if (attribute === '' || attribute.includes(';')) faults.push(`"${text}": ${SYNTAX}`);
    for (const word of words)
      if (!isKind(word)) faults.push(`"${text}": "${word}" is no kind of index; ${SYNTAX}`);
    if (kindsNeeded && colon < 0) faults.push(`"${text}": say which kind; ${SYNTAX}`);
    return { attribute, kinds: [...new Set(kinds)] };
  });
  if (named.length === 0) faults.push(`name the indexes with --index; ${SYNTAX}`);
  if (faults.length > 0) throw new OperatorError('COMMAND_INVALID', 'the indexes cannot be read', faults);
  return named;
}

/** The lists with these indexes. */
export function withIndexes(lists: IndexLists, named: readonly NamedIndex[], keyOf: KeyOf): IndexLists {
  const out = new Map(Object.entries(lists));
  for (const { attribute, kinds } of named) {
    const name = nameIn(out, attribute, keyOf) ?? attribute;
    const all = new Set([...(out.get(name) ?? []), ...kinds]);
    out.set(
      name,
      INDEX_KINDS.filter((kind) => all.has(kind)),
    );
  }
  return Object.fromEntries(out);
}

/** The lists without these indexes. OperatorError COMMAND_INVALID for one that is not there. */
export function withoutIndexes(lists: IndexLists, named: readonly NamedIndex[], keyOf: KeyOf): IndexLists {
  const out = new Map(Object.entries(lists));
  const faults: string[] = [];
  for (const { attribute, kinds } of named) {
    const name = nameIn(out, attribute, keyOf);
    const has = name === undefined ? [] : (out.get(name) ?? []);
    const missing = kinds.filter((kind) => !has.includes(kind));
    if (name === undefined || missing.length > 0) {
      faults.push(`${attribute}${missing.length > 0 ? `:${missing.join(',')}` : ''} is not indexed`);
      continue;
    }
    const left = kinds.length === 0 ? [] : has.filter((kind) => !kinds.includes(kind));
    if (left.length === 0) out.delete(name);
    else out.set(name, left);
  }
  if (faults.length > 0) throw new OperatorError('COMMAND_INVALID', 'there are no such indexes', faults);
  return Object.fromEntries(out);
}

function nameIn(lists: ReadonlyMap<string, unknown>, attribute: string, keyOf: KeyOf): string | undefined {
  const key = keyOf(attribute);
  for (const name of lists.keys()) {
    if (name === attribute || (key !== undefined && keyOf(name) === key)) return name;
  }
  return undefined;
}

function isKind(word: string): word is IndexKindName {
  return (INDEX_KINDS as readonly string[]).includes(word);
}
