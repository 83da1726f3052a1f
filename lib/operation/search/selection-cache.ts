/** SelectionCache: compiled attribute lists, by what clients ask for. Programs ask for the same few lists all day. Bounded. */
import { compileSelection, type Selection } from '../../entry/select-attributes.js';
import type { Schema } from '../../schema/schema.js';

const MAX_LISTS = 1024;
/** Longer lists are compiled every time. */
const MAX_NAMES = 32;
const MAX_TEXT = 1024;

export class SelectionCache {
  readonly #schema: Schema;
  /** The empty list: all user attributes. */
  #all: Selection;
  #known = new Map<string, Selection>();
  #version: number;

  constructor(schema: Schema) {
    this.#schema = schema;
    this.#all = compileSelection([], schema);
    this.#version = schema.version;
  }

  /** The selection of a search's attribute list. */
  get(list: readonly string[], typesOnly: boolean): Selection {
    if (this.#version !== this.#schema.version) this.#forget();
    if (list.length === 0 && !typesOnly) return this.#all;
    if (list.length > MAX_NAMES) return compileSelection(list, this.#schema, typesOnly);
    const key = typesOnly ? `\n${list.join('\n')}` : list.join('\n');
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const selection = compileSelection(list, this.#schema, typesOnly);
    if (key.length > MAX_TEXT) return selection;
    if (this.#known.size >= MAX_LISTS) this.#known = new Map();
    this.#known.set(key, selection);
    return selection;
  }

  /** The schema is another one. */
  #forget(): void {
    this.#known = new Map();
    this.#all = compileSelection([], this.#schema);
    this.#version = this.#schema.version;
  }
}
