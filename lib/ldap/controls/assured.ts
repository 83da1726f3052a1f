/**
 * The assured write control, ours: the answer to this write waits until other servers have the change (docs/assurance.md). Values are text.
 *
 *   request:  `safe-data[=SERVERS]` or `safe-read`, then in any order `timeout=MILLISECONDS` and `required`
 *   response: `reached`, `reduced` or `timeout`, then `have=a,b`, `missing=c`, `left-out=d` where there are such servers
 */
import { utf8Encode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import { controlWords, timeoutWord } from './change-csn.js';

export interface AssuredRequest {
  readonly mode: 'safe-data' | 'safe-read';
  /** Of safe-data: how many other servers; 1 to 127. */
  readonly level: number;
  /** undefined: as configured. */
  readonly timeoutMs: number | undefined;
  /** An error where the promise was not kept. */
  readonly required: boolean;
}

const WHAT = 'assured write';

/** A request's value. Throws LdapError protocolError. */
export function decodeAssured(value: Uint8Array | undefined): AssuredRequest {
  const [mode = '', ...rest] = controlWords(WHAT, value);
  let timeoutMs: number | undefined;
  let required = false;
  for (const word of rest) {
    const given = timeoutWord(WHAT, word);
    if (given !== undefined && timeoutMs === undefined) timeoutMs = given;
    else if (word === 'required' && !required) required = true;
    else throw malformed();
  }
  if (mode === 'safe-read') return { mode, level: 1, timeoutMs, required };
  const level = mode === 'safe-data' ? 1 : levelOf(mode);
  return { mode: 'safe-data', level, timeoutMs, required };
}

function levelOf(mode: string): number {
  const digits = mode.startsWith('safe-data=') ? mode.slice(10) : '';
  const level = /^[0-9]{1,3}$/.test(digits) ? Number(digits) : 0;
  if (level < 1 || level > 127) throw malformed();
  return level;
}

function malformed(): LdapError {
  return new LdapError(
    'protocolError',
    `the ${WHAT} control takes safe-data, safe-data=1 to safe-data=127 or safe-read, then timeout=MILLISECONDS and required`,
  );
}

/** A request's value. */
export function encodeAssured({ mode, level, timeoutMs, required }: AssuredRequest): Uint8Array {
  const words: string[] = [mode === 'safe-data' ? `safe-data=${level}` : mode];
  if (timeoutMs !== undefined) words.push(`timeout=${timeoutMs}`);
  if (required) words.push('required');
  return utf8Encode(words.join(' '));
}
