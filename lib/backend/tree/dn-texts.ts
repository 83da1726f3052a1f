/**
 * DnTexts: entry numbers by the DN texts that clients write, so that a name sent again is not parsed.
 *
 * A text written as responses show it needs no memory of its own: a flat table guesses the number from a hash, and the entry's own text proves it. Two texts have
 * room in each place of the table, the one put last in front; five bits of the hash beside a number tell most others apart without a look.
 * Other spellings are remembered, fewer of them. Bounded; a wrong guess costs a look-up.
 */
import type { EntryId } from '../backend.js';
import { HalfLifeMap } from '../memory/half-life-map.js';
import type { HeldEntry } from '../rows/stored-entry.js';
import type { EntrySource } from './entry-tree.js';

/** Texts guessed: a power of two. Half as many places. */
const GUESS_BITS = 19;
const GUESSES = 2 ** GUESS_BITS;
/** A number beside the bits of the hash, in one of 53 bits. */
const NUMBERS = 2 ** 48;
const MARK = 31;
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
    const sum = hash(text);
    const place = placeOf(sum);
    const entry = this.#guessed(place, sum, text, source) ?? this.#guessed(place + 1, sum, text, source);
    if (entry !== undefined) return entry;
    const known = this.#spellings.get(text);
    if (known === undefined) return undefined;
    const spelt = source.byId(known.id);
    if (spelt?.isNamed(known.dnText) === true) return spelt;
    this.#spellings.delete(text);
    return undefined;
  }

  #guessed(at: number, sum: number, text: string, source: EntrySource): HeldEntry | undefined {
    const guess = this.#guesses[at] as number;
    if (guess === 0 || Math.floor(guess / NUMBERS) !== (sum & MARK)) return undefined;
    const entry = source.byId((guess % NUMBERS) as EntryId);
    // Gone: its row, which may be large, is not read for that again.
    if (entry === undefined) this.#guesses[at] = 0;
    return entry?.isNamed(text) === true ? entry : undefined;
  }

  put(text: string, entry: HeldEntry): void {
    if (text.length > DN_TEXT_CHARACTERS) return;
    const { id, dnText } = entry;
    if (text === dnText) this.#guess(hash(text), id);
    else this.#spellings.set(text, { id, dnText });
  }

  /** Whoever asks for the text meets no guess any more, whatever it was about. */
  forget(text: string): void {
    const sum = hash(text);
    const place = placeOf(sum);
    for (const at of [place, place + 1])
      if (Math.floor((this.#guesses[at] as number) / NUMBERS) === (sum & MARK)) this.#guesses[at] = 0;
  }

  #guess(sum: number, id: EntryId): void {
    const guesses = this.#guesses;
    const place = placeOf(sum);
    const guess = (sum & MARK) * NUMBERS + id;
    if (guesses[place] === guess) return;
    guesses[place + 1] = guesses[place] as number;
    guesses[place] = guess;
  }

  clear(): void {
    this.#guesses.fill(0);
    this.#spellings.clear();
  }
}

/** FNV-1a over code units, stirred. Collisions, also wanted ones, cost a look-up each. */
function hash(text: string): number {
  let sum = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193);
  sum = Math.imul(sum ^ (sum >>> 16), 0x85ebca6b);
  return (sum ^ (sum >>> 13)) >>> 0;
}

/** The first of the two guesses of a hash. */
function placeOf(sum: number): number {
  return (sum >>> (33 - GUESS_BITS)) << 1;
}
