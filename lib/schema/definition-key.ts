/** What makes two definitions of a schema one: a file, or a server, that brings a definition again is known by its key. */
import type { Description } from './description.js';
import { elementKey } from './standard-names.js';

/** Two definitions with the same key are one definition: its kind, and its OID or rule id as the equality rule of its attribute compares it. */
export function definitionKey({ kind, id }: Pick<Description, 'kind' | 'id'>): string {
  return `${kind} ${elementKey(id)}`;
}
