/** Claims about snapshots that a total update was cut from: it goes on exactly where the target is, and every snapshot is closed in the end. */
import t from 'tap';
import type { SnapshotReader } from '../../lib/broker/broker-seams.js';
import { type ImageReader, SnapshotShelf } from '../../lib/broker/snapshot-shelf.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { processorMs } from '../processor-time.js';

const COUNT = 12;

/** After what was begun without waiting. */
const later = () => new Promise((done) => setImmediate(done));

function world() {
  const closed: number[] = [];
  const timers = new Map<number, () => void>();
  let made = 0;
  let timer = 0;
  const clock = {
    after(_ms: number, run: () => void) {
      const id = ++timer;
      timers.set(id, run);
      return () => void timers.delete(id);
    },
  };
  const shelf = new SnapshotShelf(clock, 'boot');
  const open = (): ImageReader => {
    const number = ++made;
    const snapshot: SnapshotReader = {
      generationId: 'g',
      state: ServerState.EMPTY,
      entryCount: COUNT,
      async *images() {
        for (let at = 0; at < COUNT; at += 5)
          yield Array.from({ length: Math.min(5, COUNT - at) }, (_, i) => new Uint8Array(10).fill(at + i));
      },
      close: async () => void closed.push(number),
    };
    return shelf.reader(snapshot);
  };
  return { shelf, open, closed, timers };
}

/** First octets of the images that a reader still gives. */
async function rest(reader: ImageReader, maxBytes = 30): Promise<number[]> {
  const found: number[] = [];
  for (let images = await reader.next(maxBytes); images !== undefined; images = await reader.next(maxBytes))
    for (const image of images) found.push(image[0] ?? -1);
  return found;
}

const from = (first: number) => Array.from({ length: COUNT - first }, (_, i) => first + i);

t.test('whatever was given and stored when it was cut, the target gets all the rest, once', async (t) => {
  for (let portions = 0; portions <= 5; portions++) {
    for (let stored = 0; stored <= COUNT; stored++) {
      const { shelf, open, closed } = world();
      const reader = open();
      let given = 0;
      for (let n = 0; n < portions; n++) given += (await reader.next(30))?.length ?? 0;
      if (stored > given) continue;
      // The last of what was stored may not have been credited yet.
      reader.stored(10 * Math.max(0, stored - 1));
      shelf.keep('s3', reader);
      const back = shelf.take('s3', { snapshot: reader.id, images: stored });
      t.equal(back, reader);
      t.same(await rest(reader), from(stored), `${portions} portions, ${stored} stored`);
      t.same(closed, []);
    }
  }
});

t.test('a target that asks for another copy, or for what is settled, begins anew', async (t) => {
  const ask = async (place: { snapshot: string; images: number } | undefined) => {
    const { shelf, open, closed } = world();
    const reader = open();
    await reader.next(60);
    reader.stored(20);
    shelf.keep('s3', reader);
    const found = shelf.take('s3', place);
    await later();
    t.same(closed, found === undefined ? [1] : []);
    return found !== undefined;
  };
  t.equal(await ask({ snapshot: 'boot:1', images: 2 }), true);
  t.equal(await ask({ snapshot: 'boot:1', images: 1 }), false, 'it was stored before');
  t.equal(await ask({ snapshot: 'boot:1', images: 6 }), false, 'it was never given');
  t.equal(await ask({ snapshot: 'boot:2', images: 2 }), false);
  t.equal(await ask(undefined), false);
});

t.test(
  'snapshots wait for a bounded time, in a bounded number, and not beyond the end of the broker',
  async (t) => {
    const { shelf, open, closed, timers } = world();
    shelf.keep('s1', open());
    shelf.keep('s1', open());
    await later();
    t.same(closed, [1], 'one for each target');
    for (const run of [...timers.values()]) run();
    await later();
    t.same(closed, [1, 2], 'its time is over');
    t.equal(shelf.take('s1', { snapshot: 'boot:2', images: 0 }), undefined);
    for (const name of ['a', 'b', 'c', 'd', 'e']) shelf.keep(name, open());
    await later();
    t.same(closed, [1, 2, 3], 'the oldest goes');
    shelf.close();
    shelf.keep('late', open());
    await later();
    t.same(closed, [1, 2, 3, 4, 5, 6, 7, 8]);
  },
);

t.test('a snapshot whose reading failed says so each time, is not kept, and never looks ended', async (t) => {
  const { shelf, closed } = world();
  const broken = shelf.reader({
    generationId: 'g',
    state: ServerState.EMPTY,
    entryCount: COUNT,
    async *images() {
      yield [new Uint8Array(10)];
      throw new Error('the link that carried it ended');
    },
    close: async () => void closed.push(1),
  });
  t.equal((await broken.next(30))?.length, 1);
  for (let i = 0; i < 2; i++) await t.rejects(broken.next(30), { message: 'the link that carried it ended' });
  t.ok(broken.done, 'nobody is to come back for it');
  shelf.keep('s1', broken);
  await later();
  t.same(closed, [1]);
  t.equal(shelf.take('s1', { snapshot: broken.id, images: 0 }), undefined);
});

t.test(
  'what is stored is counted off in little time, however small the pieces in which the target tells it',
  async (t) => {
    const many = 200_000;
    const snapshot: SnapshotReader = {
      generationId: 'g',
      state: ServerState.EMPTY,
      entryCount: many,
      async *images() {
        yield new Array<Uint8Array>(many).fill(new Uint8Array(1));
      },
      close: async () => undefined,
    };
    const reader = new SnapshotShelf({ after: () => () => undefined }, 'boot').reader(snapshot);
    for (let given = 0; given < many; ) given += (await reader.next(many))?.length ?? many;
    t.equal(await reader.next(many), undefined, 'all is given');
    const took = processorMs(() => {
      for (let n = 0; n < many; n++) reader.stored(1);
    });
    t.ok(reader.done, 'and all is stored');
    t.ok(took < 200, `${took} ms: each piece cost as much as there was open`);
  },
);
