/** What a restore to a point in time takes from logs: everything up to it, nothing after it, and never with a hole. */
import t from 'tap';
import { RestoredLogs } from '../../lib/app/backup/restored-logs.js';
import { domainNumber, textOp } from '../../lib/backend/domain-facts.js';
import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import { KeySpace } from '../../lib/backend/rows/key-space.js';
import type { EncodedChange } from '../../lib/change/change.js';
import { Changelog } from '../../lib/changelog/changelog.js';
import type { Csn } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { changes, replica } from '../sync/session-fixtures.js';

const BASE = 'dc=example,dc=com';
const ALL = changes(1, 6);
const csnOf = (i: number) => (ALL[i] as EncodedChange).csn;

/** A store whose log holds ALL from `from` up to `to`; what comes before was trimmed. */
async function storeWith(from: number, to: number, generation = 'one') {
  const store = new MemoryStore();
  const keys = new KeySpace(await domainNumber(store, BASE));
  await store.batch([textOp(keys, 'generation', generation)], { sync: true });
  const log = await Changelog.open(store, { ownReplica: undefined, prefix: keys.changelogPrefix() });
  if (from > 0) await log.reset(ServerState.of([csnOf(from - 1)]));
  const outcome = log.append(ALL.slice(from, to));
  if (outcome.kind === 'taken') await outcome.durable;
  return { store, log };
}

async function restored(held: number, to: Csn, sources: readonly MemoryStore[]): Promise<Csn | undefined> {
  const { store } = await storeWith(0, held);
  const logs = await RestoredLogs.open(store, to, () => {});
  for (const source of sources) await logs.takeStore(source);
  logs.finish();
  const keys = new KeySpace(await domainNumber(store, BASE));
  const log = await Changelog.open(store, { ownReplica: undefined, prefix: keys.changelogPrefix() });
  return log.state.get(replica(1));
}

t.test('changes up to the point are taken, later ones are not', async (t) => {
  const { store } = await storeWith(0, 6);
  for (let to = 0; to < 6; to++) t.equal(await restored(1, csnOf(to), [store]), csnOf(to));
});

t.test(
  'where a source begins right behind what is held, or another fills the hole, nothing is missing',
  async (t) => {
    const late = (await storeWith(4, 6)).store;
    t.equal(await restored(4, csnOf(3), [late]), csnOf(3));
    const middle = (await storeWith(1, 4)).store;
    t.equal(await restored(2, csnOf(4), [middle, late]), csnOf(4));
  },
);

t.test('a hole before the point is refused, wherever the trimmed log begins', async (t) => {
  for (const from of [3, 4, 5, 6])
    await t.rejects(restored(2, csnOf(3), [(await storeWith(from, 6)).store]), {
      code: 'BACKUP_INVALID',
      message: /are missing between/,
    });
});

t.test('changes of another data set are passed over', async (t) => {
  const { store } = await storeWith(0, 6, 'another');
  t.equal(await restored(2, csnOf(5), [store]), csnOf(1));
});
