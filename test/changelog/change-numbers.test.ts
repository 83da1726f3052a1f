/** Numbers of changes: CSN order, completeness, late changes, restart, purge (the rule in the header of change-numbers.ts). */
import t from 'tap';
import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import { must } from '../../lib/base/assert.js';
import type { EncodedChange } from '../../lib/change/change.js';
import { ChangeNumbers } from '../../lib/changelog/change-numbers.js';
import { Changelog } from '../../lib/changelog/changelog.js';
import { decodeCopied, encodeCopied } from '../../lib/changelog/copied-numbers.js';
import { type Csn, ZERO_CSN } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { SeededRandom } from '../sim/seeded-random.js';
import { changes, csn, replica } from '../sync/session-fixtures.js';

const NUMBERS = new Uint8Array([0x6e]);
/** Where a copy leaves what its source had numbered. */
const COPIED = new Uint8Array([0x70]);

class Server {
  complete: Csn = ZERO_CSN;
  readonly store: MemoryStore;
  readonly log: Changelog;
  #numbers: ChangeNumbers | undefined;

  private constructor(store: MemoryStore, log: Changelog) {
    this.store = store;
    this.log = log;
  }

  get numbers(): ChangeNumbers {
    return must(this.#numbers, 'they are open');
  }

  static async open(store = new MemoryStore()): Promise<Server> {
    const log = await Changelog.open(store, { ownReplica: undefined, prefix: new Uint8Array([0x63]) });
    const server = new Server(store, log);
    const complete = (): Csn => server.complete;
    const one = { domain: 1, baseKey: 'dc=a', changelog: log, complete, copied: COPIED };
    server.#numbers = await ChangeNumbers.open(store, NUMBERS, [one]);
    return server;
  }

  async take(list: readonly EncodedChange[]): Promise<void> {
    const outcome = this.log.append(list);
    if (outcome.kind === 'gap') throw new Error('gap');
    await outcome.durable;
  }

  async step(complete: Csn): Promise<void> {
    this.complete = complete;
    await this.numbers.step();
  }

  async all(): Promise<string[]> {
    const found: string[] = [];
    for await (const slice of this.numbers.range(1, Number.MAX_SAFE_INTEGER))
      for (const one of slice) found.push(`${one.number} ${one.csn}`);
    return found;
  }
}

t.test('numbers follow the CSNs of all origins, up to what is complete', async (t) => {
  const server = await Server.open();
  await server.take(changes(1, 5, 1));
  await server.take(changes(1, 3, 2));
  await server.step(csn(2, 9));
  t.same(await server.all(), [`1 ${csn(1, 1)}`, `2 ${csn(1, 2)}`, `3 ${csn(2, 1)}`, `4 ${csn(2, 2)}`]);
  t.equal(server.numbers.numberOf(csn(2, 1), 1), 3);
  t.equal(server.numbers.numberOf(csn(3, 1), 1), undefined, 'it has none yet');
  t.equal(server.numbers.from(csn(2, 1)), 3);
  await server.step(csn(9, 9));
  t.equal(server.numbers.last, 8);
});

t.test(
  'servers that get the changes in other orders and at other times number them alike (seeded)',
  async (t) => {
    for (let seed = 1; seed <= 5; seed++) {
      const random = new SeededRandom(seed);
      const servers = [await Server.open(), await Server.open(), await Server.open()];
      const held = new Map(servers.map((server) => [server, [0, 0, 0]]));
      for (let round = 0; round < 60; round++) {
        const server = servers[random.below(3)] as Server;
        const counts = held.get(server) as number[];
        const origin = random.below(3);
        const from = (counts[origin] as number) + 1;
        const to = Math.min(30, from + random.below(4));
        if (from <= to) await server.take(changes(from, to, origin + 1));
        counts[origin] = Math.max(to, from - 1);
        // Every origin issues CSN after CSN: what is held of each is complete.
        await server.step(csn(Math.min(...counts), 9));
      }
      for (const server of servers) {
        const counts = held.get(server) as number[];
        for (const [i, count] of counts.entries())
          if (count < 30) await server.take(changes(count + 1, 30, i + 1));
        await server.step(csn(99, 9));
      }
      const [first, ...others] = await Promise.all(servers.map((server) => server.all()));
      t.equal(first?.length, 90, `seed ${seed}`);
      for (const other of others) t.same(other, first);
    }
  },
);

t.test('a late change is numbered when it comes; behind the stretch the numbers agree again', async (t) => {
  const [a, b] = [await Server.open(), await Server.open()];
  await a.take(changes(1, 4, 1));
  await a.step(csn(9, 9));
  await a.take(changes(1, 2, 2));
  await a.step(csn(9, 9));
  t.same(
    (await a.all()).slice(4),
    [`5 ${csn(1, 2)}`, `6 ${csn(2, 2)}`],
    'replica 2 did not count and came late',
  );
  t.equal(a.numbers.numberOf(csn(1, 2), 1), 5);
  await b.take(changes(1, 4, 1));
  await b.take(changes(1, 2, 2));
  await b.step(csn(9, 9));
  t.notSame(await b.all(), await a.all());
  for (const server of [a, b]) {
    await server.take(changes(5, 6, 1));
    await server.step(csn(9, 9));
  }
  t.same((await a.all()).slice(6), (await b.all()).slice(6));
  for (const { numbers } of [a, b])
    for await (const rows of numbers.range(1, 8))
      for (const { number, csn: one } of rows)
        t.equal(numbers.numberOf(one, 1), number, `${number} is found among those that came late`);
});

t.test('numbers outlive a restart; what was purged loses its number and no other changes it', async (t) => {
  const before = await Server.open();
  await before.take(changes(1, 6, 1));
  await before.step(csn(4, 9));
  const after = await Server.open(before.store);
  t.equal(after.numbers.last, 4);
  await after.step(csn(9, 9));
  t.equal(after.numbers.last, 6);
  await after.log.purge(csn(4, 1), ServerState.of([csn(6, 1)]));
  await after.step(csn(9, 9));
  t.equal(after.numbers.first, 4);
  t.same((await after.all())[0], `4 ${csn(4, 1)}`);
  await after.log.purge(csn(99, 1), ServerState.of([csn(6, 1)]));
  await after.step(csn(9, 9));
  t.same([after.numbers.first, after.numbers.last], [7, 6], 'none is left');
  const again = await Server.open(before.store);
  t.equal(again.numbers.first, 7);
  await again.take(changes(7, 7, 1));
  await again.step(csn(9, 9));
  t.same(await again.all(), [`7 ${csn(7, 1)}`]);
});

t.test('what a full disk refuses is numbered when there is room again, under the same numbers', async (t) => {
  const server = await Server.open();
  await server.take(changes(1, 2, 1));
  await server.step(csn(2, 9));
  await server.take(changes(3, 6, 1));
  server.store.faults.refuse = 'full';
  await t.rejects(server.step(csn(4, 9)));
  t.equal(server.numbers.last, 2);
  server.store.faults.refuse = undefined;
  await server.step(csn(9, 9));
  t.same(
    await server.all(),
    [1, 2, 3, 4, 5, 6].map((number) => `${number} ${csn(number, 1)}`),
  );
  const again = await Server.open(server.store);
  t.equal(again.numbers.last, 6);
});

t.test('what waits for its number is read once; trimmed meanwhile, it is counted as passed', async (t) => {
  const server = await Server.open();
  const { log } = server;
  const read = log.read.bind(log);
  let reads = 0;
  log.read = (...place) => {
    reads += 1;
    return read(...place);
  };
  await server.take(changes(1, 6, 1));
  for (const complete of [ZERO_CSN, csn(2, 9), csn(2, 9), csn(4, 9)]) await server.step(complete);
  t.equal(reads, 1);
  t.equal(server.numbers.last, 4);
  await log.purge(csn(6, 1), ServerState.of([csn(6, 1)]));
  await server.take(changes(7, 8, 1));
  await server.step(csn(9, 9));
  t.same(
    await server.all(),
    [5, 6, 7].map((number) => `${number} ${csn(number + 1, 1)}`),
    'the fifth is gone',
  );
});

t.test(
  'rows of numbers are read for trimmed changes when the log was trimmed, and not at each step',
  async (t) => {
    const server = await Server.open();
    await server.take(changes(1, 4, 1));
    await server.step(csn(2, 9));
    let scans = 0;
    const scan = server.store.scan.bind(server.store);
    server.store.scan = (...range) => {
      scans += 1;
      return scan(...range);
    };
    await server.step(csn(3, 9));
    await server.step(csn(4, 9));
    t.equal(scans, 0);
    await server.log.purge(csn(3, 1), ServerState.of([csn(4, 1)]));
    scans = 0;
    await server.step(csn(4, 9));
    t.equal(scans, 1);
    t.equal(server.numbers.first, 3);
  },
);

t.test('who waits is told when numbers are given', async (t) => {
  const server = await Server.open();
  let told = 0;
  const end = server.numbers.onAdvance(() => {
    told += 1;
  });
  await server.take(changes(1, 2, 1));
  await server.step(ZERO_CSN);
  t.equal(told, 0);
  await server.step(csn(9, 9));
  t.equal(told, 1);
  end();
  t.equal(server.log.state.get(replica(1)), csn(2, 1));
});

/** Takes a copy of `source` that holds `state`, as a total update does: the log is set to it, and the source's counts come with it. */
async function copied(source: Server, state: ServerState, server: Server): Promise<void> {
  const frozen = source.store.snapshot();
  const row = await source.numbers.copyOf(1, state, frozen);
  await frozen.close();
  await server.log.reset(state);
  if (row !== undefined) await server.store.batch([{ type: 'put', key: COPIED, value: row }], { sync: true });
}

t.test(
  'a server that takes a copy counts on as its source does, wherever the copy is cut (seeded)',
  async (t) => {
    for (let seed = 1; seed <= 12; seed++) {
      const random = new SeededRandom(seed);
      const [source, joined] = [await Server.open(), await Server.open()];
      const held = [0, 0, 0].map(() => random.below(12));
      for (const [i, count] of held.entries()) if (count > 0) await source.take(changes(1, count, i + 1));
      const least = Math.min(...held);
      // Now and then more was numbered than the copy holds: its entries lag behind its log.
      await source.step(csn(random.below(least + 1), 9));
      const lag = seed % 3 === 0 ? 1 : 0;
      const state = held.flatMap((count, i) => (count > lag ? [csn(count - lag, i + 1)] : []));
      if (seed % 4 === 0) {
        // Numbers of its own, which the copy replaces.
        await joined.take(changes(1, 2, 3));
        await joined.step(csn(99, 9));
      }
      await copied(source, ServerState.of(state), joined);
      for (const server of [source, joined]) {
        for (const [i, count] of held.entries()) {
          const from = server === joined ? Math.max(1, count - lag + 1) : count + 1;
          await server.take(changes(from, 20, i + 1));
        }
        await server.step(csn(15, 9));
      }
      const again = await Server.open(joined.store);
      for (const server of [source, again]) await server.step(csn(99, 9));
      const all = await source.all();
      t.equal(all.length, 60, `seed ${seed}`);
      const mine = await again.all();
      if (lag === 0)
        t.strictSame(all.slice(-mine.length), mine, 'each number names the change that it names there');
      t.strictSame(mine.slice(-9), all.slice(-9), 'behind the stretch of the copy in any case');
      t.equal(again.numbers.last, 60);
      t.equal(mine.length, 60 - again.numbers.first + 1, 'from the first number on each has a change');
      const unread = mine.filter((line) => again.log.trimmed.covers(line.split(' ')[1] as Csn));
      t.strictSame(unread, [], 'that can be read');
    }
  },
);

t.test('what a copy carries is read as it was written, and damage is seen', async (t) => {
  const counted = { count: 3, newest: csn(3, 1), numbered: ServerState.of([csn(3, 1)]), held: [] };
  t.strictSame(decodeCopied(encodeCopied(counted)), counted);
  const few = { ...counted, held: [csn(4, 1), csn(5, 2)] };
  t.strictSame(decodeCopied(encodeCopied(few)), few);
  t.throws(() => decodeCopied(encodeCopied(few).subarray(0, 20)), /copied numbers/);
  const server = await Server.open();
  const frozen = server.store.snapshot();
  t.equal(await server.numbers.copyOf(2, ServerState.EMPTY, frozen), undefined, 'no domain of its');
});
