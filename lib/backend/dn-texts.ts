/**
 * DnTexts: entry numbers by the DN texts that clients write, so that a name sent again is not parsed.
 *
 * A text written as responses show it needs no memory of its own: a flat table guesses the number from a hash, and the entry's own text proves it.
 * Other spellings are remembered, fewer of them. Bounded; a wrong guess costs a look-up.
 */
import type { EntryId } from './backend.js';
import type { EntrySource } from './entry-tree.js';
import { HalfLifeMap } from './half-life-map.js';
import type { HeldEntry } from './stored-entry.js';

/** Texts guessed: a power of two. */
const GUESSES = 2 ** 18;
/** Other spellings remembered. */
const SPELLINGS = 8192;
/** Longest DN text that is remembered. */
const DN_TEXT_CHARACTERS = 512;

/** See the file header. */
export class DnTexts {
  readonly #guesses = new Float64Array(GUESSES);
  readonly #spellings = new HalfLifeMap<string, { readonly id: EntryId; readonly dnText: string }>(SPELLINGS);

  /** The entry that the text names, if it is remembered. */
  get(text: string, source: EntrySource): HeldEntry | undefined {
    const guess = this.#guesses[hash(text)] as EntryId;
    if (guess !== 0) {
      const entry = source.byId(guess);
      if (entry?.isNamed(text) === true) return entry;
    }
    const known = this.#spellings.get(text);
    if (known === undefined) return undefined;
    const entry = source.byId(known.id);
    if (entry?.isNamed(known.dnText) === true) return entry;
    this.#spellings.delete(text);
    return undefined;
  }

  put(text: string, entry: HeldEntry): void {
    if (text.length > DN_TEXT_CHARACTERS) return;
    const { id, dnText } = entry;
    if (text === dnText) this.#guesses[hash(text)] = id;
    else this.#spellings.set(text, { id, dnText });
  }

  clear(): void {
    this.#guesses.fill(0);
    this.#spellings.clear();
  }
}

/** FNV-1a over code units. Collisions, also wanted ones, cost a look-up each. */
function hash(text: string): number {
  let sum = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193);
  return (sum ^ (sum >>> 18)) & (GUESSES - 1);
}
