/**
 * What stands in a domain's meta rows, and how a domain comes to be in a store: format version, number, base, generation, indexes, loading mark.
 */

import { utf8Decode, utf8Encode } from '../base/bytes.js';
import { OperatorError } from '../base/operator-error.js';
import { ServerState } from '../csn/server-state.js';
import type { OrderedStore, StoreOp, StoreSnapshot } from '../port/ordered-store.js';
import { type Counters, decodeCounters, NO_ENTRIES } from './rows/counters.js';
import { DATA_FORMAT, type DomainNumber, type KeySpace, OLDER_FORMATS } from './rows/key-space.js';
import { SERVER_KEYS } from './rows/server-keys.js';

/** Text of the loading mark of a total update: such a domain may be opened, to begin again. */
export const TOTAL_UPDATE = 'a total update';

export interface DomainFacts {
  readonly generationId: string | undefined;
  readonly state: ServerState;
  readonly counters: Counters;
  /** IndexConfig.description() of the rows that there are; undefined in a new domain. */
  readonly indexes: string | undefined;
  /** Of the common keys of those indexes (index/held-indexes.ts). */
  readonly commonKeys: Uint8Array | undefined;
  /** Fingerprint of the schema that merged entries were judged by (schema-marks.ts). */
  readonly schema: string | undefined;
  /** Text of the fraction that the rows hold (entry/fraction-text.ts); undefined: everything. */
  readonly fraction: string | undefined;
  /** A load began and did not end: what it was, for people. */
  readonly loading: string | undefined;
}

/** Reads the meta rows. */
export function readFacts(store: OrderedStore, keys: KeySpace, snapshot?: StoreSnapshot): DomainFacts {
  const text = (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : utf8Decode(bytes));
  const state = store.get(keys.meta('state'), snapshot);
  const counters = store.get(keys.meta('counters'), snapshot);
  return {
    generationId: text(store.get(keys.meta('generation'), snapshot)),
    state: state === undefined ? ServerState.EMPTY : ServerState.fromBytes(state),
    counters: counters === undefined ? NO_ENTRIES : decodeCounters(counters),
    indexes: text(store.get(keys.meta('indexes'), snapshot)),
    commonKeys: store.get(keys.meta('commonKeys'), snapshot),
    schema: text(store.get(keys.meta('schema'), snapshot)),
    fraction: text(store.get(keys.meta('fraction'), snapshot)),
    loading: text(store.get(keys.meta('loading'), snapshot)),
  };
}

/** The row that sets a text, or takes it away. */
export function textOp(
  keys: KeySpace,
  name: 'generation' | 'indexes' | 'loading' | 'base' | 'schema' | 'fraction',
  text: string | undefined,
): StoreOp {
  const key = keys.meta(name);
  return text === undefined ? { type: 'del', key } : { type: 'put', key, value: utf8Encode(text) };
}

/**
 * The number of the domain with this base in this store; a new one is entered. Checks the format version; data of an older one are of ours from then on.
 * OperatorError DATA_FORMAT_UNKNOWN for data of another version.
 */
export async function domainNumber(store: OrderedStore, baseKey: string): Promise<DomainNumber> {
  const ops: StoreOp[] = [];
  const format = store.get(SERVER_KEYS.format);
  if (format === undefined || OLDER_FORMATS.includes(format[0] as number)) {
    // From here on an older version of the program must not read it.
    ops.push({ type: 'put', key: SERVER_KEYS.format, value: Uint8Array.of(DATA_FORMAT) });
  } else if (format[0] !== DATA_FORMAT) {
    throw new OperatorError(
      'DATA_FORMAT_UNKNOWN',
      `the data are in format ${format[0]} and this version reads format ${DATA_FORMAT}; use the version that wrote them, or export and import`,
    );
  }
  const key = SERVER_KEYS.domain(baseKey);
  const row = store.get(key);
  let number = row === undefined ? 0 : (row[0] as number) * 256 + (row[1] as number);
  if (number === 0) {
    for await (const rows of store.scan(SERVER_KEYS.domains)) {
      for (const { value } of rows)
        number = Math.max(number, (value[0] as number) * 256 + (value[1] as number));
    }
    number += 1;
    ops.push({ type: 'put', key, value: Uint8Array.of(number >>> 8, number) });
  }
  if (ops.length > 0) await store.batch(ops, { sync: true });
  return number as DomainNumber;
}
