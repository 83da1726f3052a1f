/**
 * Attribute descriptions as text (RFC 4512 section 2.5): type and options, split and checked, nothing looked up.
 */
import { isDigit, isLetter } from '../base/ascii.js';
import { isNumericOid } from '../dn/oid-text.js';

export interface ParsedDescription {
  /** As written: a descriptor or an OID. */
  readonly type: string;
  /** In lower case, sorted, each once, without `binary`. */
  readonly options: readonly string[];
  /** The transfer option `binary` was there (RFC 4522). */
  readonly binary: boolean;
}

const NONE: readonly string[] = [];

/** The parts of a description, or undefined where it is malformed. */
export function readAttributeDescription(text: string): ParsedDescription | undefined {
  const semicolon = text.indexOf(';');
  const type = semicolon < 0 ? text : text.slice(0, semicolon);
  if (!isType(type)) return undefined;
  if (semicolon < 0) return { type, options: NONE, binary: false };
  const options = new Set<string>();
  for (const option of text.slice(semicolon + 1).split(';')) {
    if (!isOption(option)) return undefined;
    options.add(option.toLowerCase());
  }
  const binary = options.delete('binary');
  return { type, options: [...options].sort(), binary };
}

function isType(text: string): boolean {
  if (!isLetter(text.charCodeAt(0))) return isNumericOid(text);
  for (let i = 1; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (!isLetter(c) && !isDigit(c) && c !== 0x2d && c !== 0x5f) return false;
  }
  return true;
}

/** RFC 4512 section 2.5: one or more keychars; '_' and '.' as other products allow. */
function isOption(text: string): boolean {
  if (text === '') return false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (!isLetter(c) && !isDigit(c) && c !== 0x2d && c !== 0x2e && c !== 0x5f) return false;
  }
  return true;
}
