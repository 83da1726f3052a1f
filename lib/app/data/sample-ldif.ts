/**
 * Sample entries as LDIF text (RFC 2849), in chunks fit for a stream.
 */
import { toBase64, utf8Encode } from '../../base/bytes.js';
import type { SampleEntry } from './sample-people.js';

/** Characters gathered before a chunk is given out. */
const CHUNK = 65_536;

/** Chunks of LDIF text; `onCount` is told the number of entries written before each. */
export function* sampleLdif(
  entries: Iterable<SampleEntry>,
  onCount: (entries: number) => void,
): Generator<string> {
  let text = 'version: 1\n';
  let count = 0;
  for (const entry of entries) {
    text += `\n${line('dn', entry.dn)}`;
    for (const [name, values] of entry.attributes) for (const value of values) text += line(name, value);
    count += 1;
    if (text.length >= CHUNK) {
      onCount(count);
      yield text;
      text = '';
    }
  }
  onCount(count);
  yield text;
}

function line(name: string, value: string): string {
  return isSafe(value) ? `${name}: ${value}\n` : `${name}:: ${toBase64(utf8Encode(value))}\n`;
}

/** RFC 2849 SAFE-STRING, and no space at the end. */
function isSafe(value: string): boolean {
  if (value === '') return true;
  const first = value.charCodeAt(0);
  if (first === 0x20 || first === 0x3a || first === 0x3c || value.endsWith(' ')) return false;
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code < 0x20 || code > 0x7e) return false;
  }
  return true;
}
