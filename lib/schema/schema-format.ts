/**
 * Schema descriptions as text for cn=schema: strictly RFC 4512 section 4.1, as ldap3, JNDI and Apache Directory Studio read it.
 *
 * Names and strings are quoted, lists have '$' between, what the grammar cannot say (an empty description) is left out.
 * Invariant: parseDescription(formatDescription(d)) says what d says.
 */
import type { Description, FieldForm } from './description.js';
import { FIELD_FORMS } from './description.js';

/** Lines of descriptions, which never change: a schema is told apart by its lines and then publishes them. */
const lines = new WeakMap<Description, string>();

/** The definition as one line. */
export function formatDescription(description: Description): string {
  const known = lines.get(description);
  if (known !== undefined) return known;
  const line = lineOf(description);
  lines.set(description, line);
  return line;
}

function lineOf(description: Description): string {
  const forms = FIELD_FORMS[description.kind];
  let text = `( ${description.id}`;
  for (const [keyword, values] of description.fields) {
    const form = forms.get(keyword);
    if (form === 'flag') text += ` ${keyword}`;
    else if (values.length > 0 && !(form === 'qdstring' && values[0] === '')) {
      text += ` ${keyword} ${formatValues(form, values)}`;
    }
  }
  return `${text} )`;
}

function formatValues(form: FieldForm | undefined, values: readonly string[]): string {
  switch (form) {
    case 'oid':
    case 'noidlen':
    case 'word':
    case 'ruleid':
    case 'flag':
      return values[0] as string;
    case 'oids':
      return values.length === 1 ? (values[0] as string) : `( ${values.join(' $ ')} )`;
    case 'ruleids':
      return values.length === 1 ? (values[0] as string) : `( ${values.join(' ')} )`;
    case 'qdstring':
    case 'qdescrs':
    case undefined:
      return values.length === 1 ? quote(values[0] as string) : `( ${values.map(quote).join(' ')} )`;
  }
}

function quote(text: string): string {
  if (!text.includes("'") && !text.includes('\\')) return `'${text}'`;
  let out = "'";
  for (const c of text) out += c === "'" ? '\\27' : c === '\\' ? '\\5C' : c;
  return `${out}'`;
}
