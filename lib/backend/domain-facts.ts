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
 * The row that marks the data as of our format; none when they are. Before it is on disk no row may be written that an older version of the program would take for something else.
 * OperatorError DATA_FORMAT_UNKNOWN for data of a version that is not read here.
 */
export function formatOps(store: OrderedStore): readonly StoreOp[] {
  const format = store.get(SERVER_KEYS.format)?.[0];
  if (format === DATA_FORMAT) return [];
  if (format === undefined || OLDER_FORMATS.includes(format))
    return [{ type: 'put', key: SERVER_KEYS.format, value: Uint8Array.of(DATA_FORMAT) }];
  throw new OperatorError(
    'DATA_FORMAT_UNKNOWN',
    `the data are in format ${format} and this version reads format ${DATA_FORMAT}; use the version that wrote them, or export and import`,
  );
}

/**
 * The number of the domain with this base in this store; a new one is entered, and the store marked as of our format. Data of an older one are marked by who writes to them.
 * OperatorError DATA_FORMAT_UNKNOWN.
 */
export async function domainNumber(store: OrderedStore, baseKey: string): Promise<DomainNumber> {
  const mark = formatOps(store);
  const key = SERVER_KEYS.domain(baseKey);
  const row = store.get(key);
  let number = row === undefined ? 0 : (row[0] as number) * 256 + (row[1] as number);
  if (number === 0) {
    for await (const rows of store.scan(SERVER_KEYS.domains)) {
      for (const { value } of rows)
        number = Math.max(number, (value[0] as number) * 256 + (value[1] as number));
    }
    number += 1;
    const entered: StoreOp = { type: 'put', key, value: Uint8Array.of(number >>> 8, number) };
    await store.batch([...mark, entered], { sync: true });
  }
  return number as DomainNumber;
}
