/**
 * What the directory knows of an account for password policies (draft-behera-ldap-password-policy-10 section 5.3), and the values in which it is written.
 *
 * Reads and writes values only; what they mean is bind-rules.ts and password-rules.ts. Times are milliseconds since 1970. Invariants: total; what is written are modifications of
 * operational attributes of the account's own entry, which replicate as any other: recorded failures of two servers add up.
 */
import { latin1, utf8Encode } from '../base/bytes.js';
import type { EntryView } from '../entry/entry.js';
import type { EntryModification } from '../entry/modification.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import { generalizedTimeMs } from '../schema/time-form.js';

/** A time and the value that says it. */
export interface Stamp {
  readonly ms: number;
  readonly value: Uint8Array;
}

export interface AccountState {
  /** undefined: the password was never set under a policy. */
  readonly changedMs: number | undefined;
  readonly lockedMs: number | 'forever' | undefined;
  /** Oldest first. */
  readonly failures: readonly Stamp[];
  readonly graceUses: readonly Stamp[];
  /** Values of pwdHistory, oldest first. */
  readonly history: readonly Uint8Array[];
  /** Somebody else set the password. */
  readonly reset: boolean;
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
  readonly lastSuccessMs: number | undefined;
}

/** Attributes of an account's state, as they are written. */
export const STATE = {
  changedTime: 'pwdChangedTime',
  lockedTime: 'pwdAccountLockedTime',
  failureTime: 'pwdFailureTime',
  graceUseTime: 'pwdGraceUseTime',
  history: 'pwdHistory',
  reset: 'pwdReset',
  lastSuccess: 'pwdLastSuccess',
} as const;

/** The key of a state attribute: names without options have their own in lower case. */
export function stateKey(name: string): AttributeKey {
  return name.toLowerCase() as AttributeKey;
}

/** 000001010000Z: the draft's "locked until an administrator lifts it". */
const FOREVER_MS = -62_167_219_200_000;
const OCTET_STRING = '1.3.6.1.4.1.1466.115.121.1.40';

/** What an entry says of its account. */
export function readAccount(entry: EntryView): AccountState {
  const values = (name: string): readonly Uint8Array[] => entry.attribute(stateKey(name))?.values ?? [];
  const time = (name: string): number | undefined => {
    const [value] = values(name);
    return value === undefined ? undefined : generalizedTimeMs(value);
  };
  const lockedMs = time(STATE.lockedTime);
  const reset = values(STATE.reset)[0];
  return {
    changedMs: time(STATE.changedTime),
    lockedMs: lockedMs !== undefined && lockedMs <= FOREVER_MS ? 'forever' : lockedMs,
    failures: stamps(values(STATE.failureTime)),
    graceUses: stamps(values(STATE.graceUseTime)),
    history: [...values(STATE.history)].sort((a, b) => (latin1(a) < latin1(b) ? -1 : 1)),
    reset: reset !== undefined && latin1(reset).toUpperCase() === 'TRUE',
    startMs: time('pwdStartTime'),
    endMs: time('pwdEndTime'),
    lastSuccessMs: time(STATE.lastSuccess),
  };
}

/** Whether an entry says anything that counts without a policy: a lock for good, or the time in which the account may be used. */
export function limitsItself(entry: EntryView): boolean {
  return ['pwdaccountlockedtime', 'pwdstarttime', 'pwdendtime'].some(
    (key) => entry.attribute(key as AttributeKey) !== undefined,
  );
}

function stamps(values: readonly Uint8Array[]): readonly Stamp[] {
  return values
    .flatMap((value) => {
      const ms = generalizedTimeMs(value);
      return ms === undefined ? [] : [{ ms, value }];
    })
    .sort((a, b) => a.ms - b.ms);
}

/** A Generalized Time to the millisecond. */
export function timeValue(ms: number): Uint8Array {
  const [date = '', time = ''] = new Date(ms).toISOString().split('T');
  return utf8Encode(`${date.replaceAll('-', '')}${time.replaceAll(':', '')}`);
}

/** A value of pwdHistory (section 5.3.4): when, the syntax, the length and the hash. */
export function historyValue(ms: number, hash: Uint8Array): Uint8Array {
  const text = latin1(hash);
  return utf8Encode(`${latin1(timeValue(ms))}#${OCTET_STRING}#${hash.length}#${text}`);
}

/** The hash in a value of pwdHistory; undefined where it has another form. */
export function historyHash(value: Uint8Array): Uint8Array | undefined {
  const text = latin1(value);
  let at = -1;
  for (let marks = 0; marks < 3; marks++) {
    at = text.indexOf('#', at + 1);
    if (at < 0) return undefined;
  }
  return value.subarray(at + 1);
}

/** Sets an attribute to these values; none: takes it away. */
export function setTo(name: string, ...values: readonly Uint8Array[]): EntryModification {
  return { operation: 'replace', attribute: { description: name, values } };
}

/** Takes values away. */
export function without(name: string, values: readonly Uint8Array[]): readonly EntryModification[] {
  return values.length === 0
    ? []
    : [{ operation: 'delete', attribute: { description: name, values: [...values] } }];
}

/** Adds a value. */
export function withValue(name: string, value: Uint8Array): EntryModification {
  return { operation: 'add', attribute: { description: name, values: [value] } };
}
