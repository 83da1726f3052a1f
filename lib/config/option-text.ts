/**
 * Option values as one line of text: flags and environment variables.
 *
 * Lists are joined by `;` (DNs hold commas), maps are `name=value` joined by `;`, lists of words `name=word,word` joined by `;`.
 */
import type { OptionForm } from './option.js';

/** The value that `text` writes, or undefined where it cannot be read; bounds are not checked here. */
export function parseOptionText(form: OptionForm, text: string): unknown {
  switch (form) {
    case 'text':
    case 'choice':
      return text;
    case 'integer':
      return /^-?\d{1,15}$/.test(text) ? Number(text) : undefined;
    case 'boolean':
      return parseBoolean(text);
    case 'list':
      return parts(text);
    case 'map':
      return pairs(text, (value) => value);
    case 'lists':
      return pairs(text, (value) => value.split(',').map((word) => word.trim()));
  }
}

/** The inverse of parseOptionText(): what a flag or a variable would say; '' where there is no value. */
export function formatOptionText(value: unknown): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.join(';');
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([name, item]) => `${name}=${String(item)}`)
    .join(';');
}

/** Why parseOptionText() has no value for `text`. */
export function misreadText(form: OptionForm, text: string): string {
  return `"${text}" is not ${WRITTEN[form]}`;
}

const WRITTEN: Readonly<Record<OptionForm, string>> = {
  text: 'text',
  choice: 'text',
  integer: 'a whole number',
  boolean: 'true or false',
  list: 'a list',
  map: 'name=value;name=value',
  lists: 'name=word,word;name=word',
};

function parseBoolean(text: string): boolean | undefined {
  const lower = text.toLowerCase();
  if (lower === 'true' || lower === 'yes' || lower === '1') return true;
  return lower === 'false' || lower === 'no' || lower === '0' ? false : undefined;
}

function parts(text: string): string[] {
  return text
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function pairs<T>(text: string, read: (value: string) => T): Record<string, T> | undefined {
  const out: Record<string, T> = Object.create(null) as Record<string, T>;
  for (const part of parts(text)) {
    const at = part.indexOf('=');
    if (at <= 0) return undefined;
    out[part.slice(0, at).trim()] = read(part.slice(at + 1).trim());
  }
  return out;
}
