/**
 * Schema descriptions from text (RFC 4512 section 4.1): a linear scanner over LIMITS.schemaDescriptionBytes octets at most.
 *
 * Reads what other products' schema files hold besides the standard: keywords in any case and order, quoted OIDs, unquoted names and
 * strings, lists with or without '$', identifiers that are words ('foo-oid'), empty descriptions. Answers with a sentence instead of
 * throwing, since descriptions also come from clients. References are not resolved here.
 */
import { LIMITS } from '../base/limits.js';
import type { Description, DescriptionKind, FieldForm } from './description.js';
import { FIELD_FORMS } from './description.js';

const QUOTE = 0x27;
const OPEN = 0x28;
const CLOSE = 0x29;
const DOLLAR = 0x24;

// One pass each over text that is bounded. Machine code from the first call on, where loops over characters would cost a server its start.
const BLANKS = /[ \t-\r]*/y;
const WORD = /[^ \t-\r'()$]+/y;
const IDENTIFIER = /^[A-Za-z0-9._-]{1,256}$/;
const RULE_ID = /^[0-9]{1,15}$/;

/** A token, and whether it was quoted: `'SUP'` is a name and never a keyword. */
interface Token {
  readonly kind: 'word' | 'quoted' | 'open' | 'close' | 'dollar' | 'end';
  readonly text: string;
}

interface Scanner {
  readonly text: string;
  at: number;
  readonly resolve: ResolveIdentifier;
}

/** What an identifier as written stands for: macros of OpenLDAP schema files. */
export type ResolveIdentifier = (written: string) => string;

const itself: ResolveIdentifier = (written) => written;

/** Carries the sentence out of the scanner; never leaves this file. */
class Fault extends Error {}

/**
 * The description that `text` holds, or a sentence that says what is wrong with it. Values beyond the bound are refused. `resolve`: for
 * identifiers that a file defined; with it, what the files of other products add is passed over.
 */
export function parseDescription(
  kind: DescriptionKind,
  text: string,
  resolve: ResolveIdentifier = itself,
): Description | string {
  if (text.length > LIMITS.schemaDescriptionBytes) {
    return `The definition is longer than ${LIMITS.schemaDescriptionBytes} octets (schemaDescriptionBytes).`;
  }
  try {
    return readDescription(kind, { text, at: 0, resolve });
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
}

function readDescription(kind: DescriptionKind, scanner: Scanner): Description {
  if (next(scanner).kind !== 'open') throw new Fault("The definition does not start with '('.");
  const id = next(scanner);
  if (id.kind !== 'word' && id.kind !== 'quoted') throw new Fault('The definition has no identifier.');
  const identifier = scanner.resolve(id.text);
  if (kind === 'dITStructureRules' ? !isRuleId(identifier) : !isIdentifier(identifier)) {
    throw new Fault(`'${clip(id.text)}' is no ${kind === 'dITStructureRules' ? 'rule id' : 'OID'}.`);
  }
  const found = new Map<string, readonly string[]>();
  for (;;) {
    const token = next(scanner);
    if (token.kind === 'close') break;
    if (token.kind === 'end') throw new Fault("The definition lacks its closing ')'.");
    if (token.kind !== 'word') throw new Fault(`A keyword is expected before '${clip(token.text)}'.`);
    const keyword = token.text.toUpperCase();
    const form = FIELD_FORMS[kind].get(keyword);
    if (keyword === 'NAME' && kind === 'ldapSyntaxes' && scanner.resolve !== itself) {
      // OpenLDAP's files name syntaxes, which have no names (RFC 4512 section 4.1.5).
      readValues(scanner, keyword);
      continue;
    }
    if (form === undefined && !keyword.startsWith('X-'))
      throw new Fault(`'${clip(token.text)}' is no keyword.`);
    if (found.has(keyword)) throw new Fault(`${clip(keyword)} is given twice.`);
    found.set(keyword, readField(scanner, keyword, form));
  }
  if (next(scanner).kind !== 'end') throw new Fault("Text follows the definition's closing ')'.");
  return { kind, id: identifier, fields: inOrder(kind, found) };
}

/** Fields in publication order, extensions last; as they were found when they stand in that order. */
function inOrder(
  kind: DescriptionKind,
  found: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, readonly string[]> {
  const forms = FIELD_FORMS[kind];
  if (isOrdered(forms, found)) return found;
  const fields = new Map<string, readonly string[]>();
  for (const keyword of forms.keys()) {
    const values = found.get(keyword);
    if (values !== undefined) fields.set(keyword, values);
  }
  for (const [keyword, values] of found) if (!fields.has(keyword)) fields.set(keyword, values);
  return fields;
}

function isOrdered(forms: ReadonlyMap<string, FieldForm>, found: ReadonlyMap<string, unknown>): boolean {
  const keywords = found.keys();
  let wanted = keywords.next();
  for (const keyword of forms.keys()) if (keyword === wanted.value) wanted = keywords.next();
  for (; wanted.done !== true; wanted = keywords.next()) if (forms.has(wanted.value)) return false;
  return true;
}

function readField(scanner: Scanner, keyword: string, form: FieldForm | undefined): readonly string[] {
  if (form === 'flag') return [];
  const written = readValues(scanner, keyword);
  if (form === undefined) return written;
  const values = isIdentifierForm(form) ? written.map(scanner.resolve) : written;
  if (form === 'qdstring' || form === 'oid' || form === 'noidlen' || form === 'word') {
    if (values.length !== 1) throw new Fault(`${keyword} takes one value.`);
  }
  for (const value of values) {
    if (!isOfForm(form, value))
      throw new Fault(`${keyword} has the value '${clip(value)}', which it cannot have.`);
  }
  return values;
}

function isIdentifierForm(form: FieldForm): boolean {
  return form === 'oid' || form === 'oids' || form === 'noidlen';
}

function isOfForm(form: FieldForm, value: string): boolean {
  switch (form) {
    case 'oid':
    case 'oids':
    case 'qdescrs':
      return isIdentifier(value);
    case 'noidlen': {
      const brace = value.indexOf('{');
      if (brace < 0) return isIdentifier(value);
      return (
        isIdentifier(value.slice(0, brace)) && value.endsWith('}') && isRuleId(value.slice(brace + 1, -1))
      );
    }
    case 'ruleid':
    case 'ruleids':
      return isRuleId(value);
    default:
      return true;
  }
}

/** One value, or a list in parentheses with '$' or spaces between; RFC 4512 knows no list in a list. */
function readValues(scanner: Scanner, keyword: string): readonly string[] {
  const first = next(scanner);
  if (first.kind === 'word' || first.kind === 'quoted') return [first.text];
  if (first.kind !== 'open') throw new Fault(`${clip(keyword)} has no value.`);
  const values: string[] = [];
  for (;;) {
    const token = next(scanner);
    if (token.kind === 'close') return values;
    if (token.kind === 'dollar') continue;
    if (token.kind === 'open' || token.kind === 'end')
      throw new Fault(`The list of ${clip(keyword)} is not closed.`);
    values.push(token.text);
  }
}

function next(scanner: Scanner): Token {
  const { text } = scanner;
  BLANKS.lastIndex = scanner.at;
  BLANKS.test(text);
  const start = BLANKS.lastIndex;
  scanner.at = start;
  if (start >= text.length) return { kind: 'end', text: '' };
  switch (text.charCodeAt(start)) {
    case OPEN:
      scanner.at += 1;
      return { kind: 'open', text: '(' };
    case CLOSE:
      scanner.at += 1;
      return { kind: 'close', text: ')' };
    case DOLLAR:
      scanner.at += 1;
      return { kind: 'dollar', text: '$' };
    case QUOTE:
      return readQuoted(scanner);
    default:
      WORD.lastIndex = start;
      WORD.test(text);
      scanner.at = WORD.lastIndex;
      return { kind: 'word', text: text.slice(start, WORD.lastIndex) };
  }
}

/** `'...'` with \27 and \5C inside (RFC 4512 section 4.1 qdstring). */
function readQuoted(scanner: Scanner): Token {
  const end = scanner.text.indexOf("'", scanner.at + 1);
  if (end < 0) throw new Fault('A quoted string lacks its closing quote.');
  const raw = scanner.text.slice(scanner.at + 1, end);
  scanner.at = end + 1;
  if (!raw.includes('\\')) return { kind: 'quoted', text: raw };
  let out = '';
  for (let i = 0; i < raw.length; i++) {
    const pair = raw.charAt(i) === '\\' ? raw.slice(i + 1, i + 3).toUpperCase() : '';
    if (pair === '27' || pair === '5C') {
      out += pair === '27' ? "'" : '\\';
      i += 2;
    } else {
      out += raw.charAt(i);
    }
  }
  return { kind: 'quoted', text: out };
}

/** A descriptor or OID, with the '_' and the words for OIDs that other products allow. */
function isIdentifier(text: string): boolean {
  return IDENTIFIER.test(text);
}

function isRuleId(text: string): boolean {
  return RULE_ID.test(text);
}

function clip(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
}
