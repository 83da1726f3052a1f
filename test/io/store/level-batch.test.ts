/** Rows are handed to a batch of LevelDB in turns, and a batch that moves to larger memory never does so in the turn of a large row. */
import t from 'tap';
import { fillBatch, type RawBatch } from '../../../lib/io/store/level-batch.js';
import type { StoreOp } from '../../../lib/port/ordered-store.js';

const MIB = 1 << 20;
const HEADER = 12;

/** A batch as LevelDB's: a string of octets that doubles its room when it is full. Counts what one turn of the event loop copies. */
class CountingBatch implements RawBatch {
  readonly rows: string[] = [];
  /** Octets copied in the fullest turn. */
  most = 0;
  #size = HEADER;
  #room = HEADER;
  #thisTurn = 0;
  #watched = false;

  _put(key: Uint8Array, value: Uint8Array): void {
    this.rows.push(`put ${key.join()} ${value.length}`);
    // The binding's copy, and the one in the batch.
    this.#copied(2 * (key.length + value.length));
    this.#append(key.length + value.length + 7);
  }

  _del(key: Uint8Array): void {
    this.rows.push(`del ${key.join()}`);
    this.#copied(2 * key.length);
    this.#append(key.length + 3);
  }

  _clear(): void {
    this.rows.length = 0;
    this.#size = HEADER;
  }

  #append(octets: number): void {
    if (this.#size + octets > this.#room) {
      this.#copied(this.#size);
      this.#room = Math.max(2 * this.#room, this.#size + octets);
    }
    this.#size += octets;
  }

  #copied(octets: number): void {
    this.#thisTurn += octets;
    this.most = Math.max(this.most, this.#thisTurn);
    if (this.#watched) return;
    this.#watched = true;
    setImmediate(() => {
      this.#thisTurn = 0;
      this.#watched = false;
    });
  }
}

const put = (key: number, octets: number): StoreOp => ({
  type: 'put',
  key: Uint8Array.of(key),
  value: new Uint8Array(octets),
});

t.test(
  'a turn with a row of 15 MiB copies the row alone, whatever stands in the batch before it',
  async (t) => {
    const batch = new CountingBatch();
    const first = [put(1, 15 * MIB), put(2, 100)];
    const second: StoreOp[] = [put(3, 15 * MIB), { type: 'del', key: Uint8Array.of(4) }];
    const octets = await fillBatch(batch, [first, second]);
    t.same(
      batch.rows,
      [`put 1 ${15 * MIB}`, 'put 2 100', `put 3 ${15 * MIB}`, 'del 4'],
      'all rows, in order',
    );
    t.equal(octets, 30 * MIB + 103);
    t.ok(batch.most <= 31 * MIB, `${batch.most} octets in one turn`);
  },
);

t.test('ten thousand small rows take a MiB a turn, and what the batch copies of itself', async (t) => {
  const batch = new CountingBatch();
  await fillBatch(batch, [Array.from({ length: 10_000 }, (_, n) => put(n % 256, 1000))]);
  t.equal(batch.rows.length, 10_000);
  t.ok(batch.most <= 2 * MIB + 8 * MIB, `${batch.most} octets in one turn`);
});
