/**
 * The table of a domain's servers on disk: one row a server, and the data set that the rows are of.
 *
 * Invariants: a row that is on disk is not ahead of those that were given before it: what the store refused (a full disk) goes with the next one. So a report that others, and we ourselves, act by never
 * outlives a crash without the decisions that it was made by. No row is on disk before the data set that it is of is named there: a start would take it for one of the data set before, and drop it.
 */
import { ByteReader } from '../base/binary.js';
import { utf8Decode, utf8Encode } from '../base/bytes.js';
import { type OrderedStore, StoreError, type StoreOp } from '../port/ordered-store.js';
import { decodeMember, encodeMember, type MemberRow } from '../sync/member-row.js';

const GENERATION = 1;
const MEMBER = 2;

/** A data set, and the names of the one before. */
interface Beginning {
  readonly generation: string;
  readonly dropped: ReadonlySet<string>;
}

export class MemberStore {
  readonly #store: OrderedStore;
  readonly #prefix: Uint8Array;
  /** Given, and not known to be written yet. */
  readonly #unwritten = new Map<string, MemberRow>();
  /** While it is not known to be written. */
  #beginning: Beginning | undefined;
  #writingBegin: Promise<void> | undefined;

  /** `prefix`: of every key. */
  constructor(store: OrderedStore, prefix: Uint8Array) {
    this.#store = store;
    this.#prefix = prefix;
  }

  /** Rejects with a StoreError. */
  async load(): Promise<{ readonly generation: string | undefined; readonly rows: readonly MemberRow[] }> {
    const generation = this.#store.get(this.#key(GENERATION, ''));
    const rows: MemberRow[] = [];
    for await (const found of this.#store.scan({
      gte: this.#key(MEMBER, ''),
      lt: this.#key(MEMBER + 1, ''),
    })) {
      for (const { value } of found) {
        const reader = new ByteReader(value, (reason) => new StoreError('damaged', `member row: ${reason}`));
        rows.push(decodeMember(reader));
      }
    }
    return { generation: generation === undefined ? undefined : utf8Decode(generation), rows };
  }

  /** Writes these, which the table has already, and what was refused before. Rejects with a StoreError. */
  async save(rows: readonly MemberRow[], sync: boolean): Promise<void> {
    for (const row of rows) this.#unwritten.set(row.name, row);
    await this.#write([], sync);
  }

  /** Writes a row that the table has once this resolves, behind what was refused before; refused itself, it is none of that. Rejects with a StoreError. */
  saveFirst(row: MemberRow): Promise<void> {
    return this.#write([row], true);
  }

  async #write(more: readonly MemberRow[], sync: boolean): Promise<void> {
    if (this.#beginning !== undefined) await this.#begun();
    const given = [...this.#unwritten.values()];
    const ops = [...given, ...more].map(
      (row): StoreOp => ({ type: 'put', key: this.#key(MEMBER, row.name), value: encodeMember(row) }),
    );
    await this.#store.batch(ops, { sync });
    for (const row of given) if (this.#unwritten.get(row.name) === row) this.#unwritten.delete(row.name);
  }

  /** The rows from now on are of this data set; those of the names given are dropped. Refused, it goes before the next row. Rejects with a StoreError. */
  begin(generation: string, dropped: Iterable<string>): Promise<void> {
    this.#unwritten.clear();
    this.#beginning = {
      generation,
      dropped: new Set([...(this.#beginning?.dropped ?? []), ...dropped]),
    };
    return this.#begun();
  }

  /** Resolves when no data set begins any more. */
  async #begun(): Promise<void> {
    while (this.#beginning !== undefined) {
      this.#writingBegin ??= this.#writeBegin(this.#beginning).finally(() => {
        this.#writingBegin = undefined;
      });
      await this.#writingBegin;
    }
  }

  async #writeBegin(beginning: Beginning): Promise<void> {
    const ops: StoreOp[] = [];
    for (const name of beginning.dropped) ops.push({ type: 'del', key: this.#key(MEMBER, name) });
    ops.push({ type: 'put', key: this.#key(GENERATION, ''), value: utf8Encode(beginning.generation) });
    await this.#store.batch(ops, { sync: false });
    if (this.#beginning === beginning) this.#beginning = undefined;
  }

  #key(kind: number, name: string): Uint8Array {
    const text = utf8Encode(name);
    const key = new Uint8Array(this.#prefix.length + 1 + text.length);
    key.set(this.#prefix);
    key[this.#prefix.length] = kind;
    key.set(text, this.#prefix.length + 1);
    return key;
  }
}
