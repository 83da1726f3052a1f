/**
 * Merged entries and the schema (replication-model.md section 4): an entry whose concurrent changes left it outside the schema is kept, marked and
 * listed in the journal until it conforms again or dies.
 *
 * One row for each merged entry (EntryState.merged), empty while it conforms or is dead, else its journal line. Mark and line follow from the
 * entry's state and the schema alone, so replicas agree. The rows tell what the journal holds, whichever schema wrote it: after
 * a change of the schema all of them are judged again when the domain is opened.
 */
import { equalBytes, utf8Encode } from '../../base/bytes.js';
import type { JournalLine } from '../../conflict/domain-view.js';
import { type EntryState, isAlive } from '../../conflict/entry-state.js';
import type { Attributes } from '../../entry/entry.js';
import type { Fraction } from '../../entry/fraction.js';
import { findViolation, type SchemaViolation } from '../../entry/schema-violation.js';
import type { OrderedStore, StoreOp } from '../../port/ordered-store.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { DescriptionKind } from '../../schema/description.js';
import type { Schema } from '../../schema/schema.js';
import { formatDescription } from '../../schema/schema-format.js';
import type { EntryId } from '../backend.js';
import { textOp } from '../domain-facts.js';
import type { Layer, PendingRows } from '../layer.js';
import type { Dictionary } from '../rows/dictionary.js';
import { checkRecord, decodeState } from '../rows/entry-record.js';
import { decodeJournalLine, encodeJournalLine, journalLineKey } from '../rows/history-rows.js';
import { type KeySpace, readId, TAG } from '../rows/key-space.js';
import { shownOf } from '../rows/shown.js';
import { hash64 } from '../rows/value-hash.js';

/** A schema, as far as entries are judged by it. */
export interface Conformance {
  violation(shown: Attributes): SchemaViolation | undefined;
  /** Tells schemas apart. */
  readonly fingerprint: string;
}

/** What entries are judged by. */
const JUDGES: ReadonlySet<DescriptionKind> = new Set(['attributeTypes', 'objectClasses', 'dITContentRules']);
const CONFORMS = new Uint8Array(0);
const ROWS = 500;

const made = new WeakMap<Schema, Conformance>();

/** How entries are judged by this schema. */
export function conformanceOf(schema: Schema): Conformance {
  const known = made.get(schema);
  if (known !== undefined) return known;
  let fingerprint = fingerprintOf(schema);
  let { version } = schema;
  const conformance: Conformance = {
    violation: (shown) => findViolation(shown, schema),
    get fingerprint() {
      if (version !== schema.version) {
        fingerprint = fingerprintOf(schema);
        version = schema.version;
      }
      return fingerprint;
    },
  };
  made.set(schema, conformance);
  return conformance;
}

/** The same for a replica that holds a part of the attributes: what it does not hold is not missed. `fraction`: asked each time. */
export function conformanceOfPart(schema: Schema, fraction: { readonly held: Fraction }): Conformance {
  const whole = conformanceOf(schema);
  return {
    violation: (shown) => findViolation(shown, schema, fraction.held),
    get fingerprint() {
      return whole.fingerprint;
    },
  };
}

function fingerprintOf(schema: Schema): string {
  const hash = new Uint8Array(8);
  // What cn=schema publishes says the same, and is not put together before somebody asks for it.
  const judges = schema.sources.filter(({ description }) => JUDGES.has(description.kind));
  const text = judges.map(({ description }) => formatDescription(description));
  hash64(utf8Encode(text.join('\n')), hash, 0);
  return [...hash].map((octet) => octet.toString(16).padStart(2, '0')).join('');
}

/** What the row of a merged entry says: its line, or nothing. */
export function markOf(state: EntryState, shown: Attributes, conformance: Conformance): Uint8Array {
  const violation = isAlive(state) ? conformance.violation(shown) : undefined;
  if (violation === undefined) return CONFORMS;
  const line: JournalLine = {
    loser: state.created.csn,
    winner: undefined,
    entry: state.uuid,
    kind: 'schema-violation',
    attribute: violation.attribute,
    value: utf8Encode(violation.reason),
  };
  return encodeJournalLine(line);
}

/** Judges a merged entry that changed; its row and its line follow. */
export function putMark(
  world: { readonly keys: KeySpace; readonly rows: PendingRows; readonly conformance: Conformance },
  layer: Layer,
  id: EntryId,
  state: EntryState,
  shown: Attributes,
): void {
  if (!state.merged) return;
  const before = world.rows.mark(id);
  const mark = markOf(state, shown, world.conformance);
  if (before !== undefined && equalBytes(before, mark)) return;
  layer.marks.set(id, mark);
  for (const op of lineOps(world.keys, before, mark)) layer.ops.push(op);
}

/** The journal rows that a new mark takes away and puts. */
function lineOps(keys: KeySpace, before: Uint8Array | undefined, mark: Uint8Array): StoreOp[] {
  const ops: StoreOp[] = [];
  if (before !== undefined && before.length > 0) {
    ops.push({ type: 'del', key: journalLineKey(keys, decodeJournalLine(before)) });
  }
  if (mark.length > 0) {
    ops.push({ type: 'put', key: journalLineKey(keys, decodeJournalLine(mark)), value: mark });
  }
  return ops;
}

/** What judging every merged entry again needs. */
export interface RecheckWorld {
  readonly store: OrderedStore;
  readonly keys: KeySpace;
  readonly dictionary: Dictionary;
  readonly isSingle: (key: AttributeKey) => boolean;
  readonly conformance: Conformance;
}

/** Judges every merged entry by the schema of now. StoreError. */
export async function recheckMarks(world: RecheckWorld): Promise<void> {
  const { store, keys, dictionary, isSingle, conformance } = world;
  for await (const rows of store.scan(keys.tagRange(TAG.mark), ROWS)) {
    const ops: StoreOp[] = [];
    for (const { key, value } of rows) {
      const record = store.get(keys.entry(readId(key, 3)));
      if (record === undefined) continue;
      const state = decodeState(checkRecord(record), dictionary);
      const mark = markOf(state, shownOf(state, isSingle), conformance);
      if (equalBytes(value, mark)) continue;
      ops.push({ type: 'put', key, value: mark }, ...lineOps(keys, value, mark));
    }
    if (ops.length > 0) await store.batch(ops, { sync: false });
  }
  await store.batch([textOp(keys, 'schema', conformance.fingerprint)], { sync: true });
}
