/**
 * Numbers with what they count, for sentences that people read: `1 entry`, `2 entries`.
 *
 * Owns the choice between the two words, and nothing of their spelling: callers give both where the plural is not the word with an s.
 */

/** `count` and the word that fits it; `many` where the plural has another form. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
