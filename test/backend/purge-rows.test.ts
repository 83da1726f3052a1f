/** Forgetting in the store (conflict/forget.ts): what may go goes, what something still names stays; undelete within its time. */
import t from 'tap';
import { deadEntries, purgeRows } from '../../lib/backend/rows/purge-rows.js';
import { deadState, undeleteIntent } from '../../lib/backend/undelete.js';
import { type Change, type EntryUuid, ROOT_UUID } from '../../lib/change/change.js';
import { type Csn, makeCsn, type ReplicaId } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { add, modify, remove } from '../conflict/story.js';
import { openEngine, violations } from './engine.js';

const csn = (at: number, replica: number): Csn => makeCsn(at, 0, replica as ReplicaId);
const id = (n: number) => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}` as EntryUuid;
const NO_MORE = () => Number.MAX_SAFE_INTEGER;

function change(at: number, of: number, entry: number, body: Change['body'], previous?: Csn): Change {
  return {
    csn: csn(at, of),
    previous,
    seen: ServerState.EMPTY,
    entry: id(entry),
    initiator: 'cn=x',
    body,
  };
}

async function withOrphan() {
  const engine = await openEngine();
  const person = { objectClass: ['person'], sn: ['x'] };
  const own: Change[] = [];
  const bodies: [number, Change['body']][] = [
    [2, add(id(1), 'old', person)],
    [3, add(id(1), 'gone', person)],
    [3, modify({ add: ['a'] })],
    [3, remove],
    [2, remove],
  ];
  const base = change(1, 7, 1, add(ROOT_UUID, 'example', { objectClass: ['top'] }));
  own.push(base);
  for (const [i, [entry, body]] of bodies.entries()) own.push(change(10 + i, 7, entry, body, own[i]?.csn));
  await engine.backend.replay(own);
  // Made by a server that had not heard of the delete.
  await engine.backend.replay([change(12, 8, 4, add(id(2), 'orphan', person))]);
  const all = { stable: ServerState.of([csn(99, 7), csn(99, 8)]), before: csn(1000, 7) };
  const purge = (buryBeforeMs: number) =>
    purgeRows(engine.backend.parts, {
      horizon: all,
      buryBeforeMs,
      journalBeforeMs: undefined,
      stopped: () => false,
    });
  const dead = async () => {
    let count = 0;
    for await (const slice of deadEntries(engine.backend.parts)) count += slice.length;
    return count;
  };
  return { engine, purge, dead };
}

t.test('history goes, a dead entry goes with it, one that a living entry names stays', async (t) => {
  const { engine, purge, dead } = await withOrphan();
  t.equal(await dead(), 2);
  t.equal((await purge(5)).tombstones, 0, 'within its time');
  const purged = await purge(500);
  t.equal(purged.tombstones, 1);
  t.equal(await dead(), 1);
  t.equal(engine.backend.parts.writes.stateOf(id(3)), undefined);
  t.ok(engine.backend.parts.writes.stateOf(id(2)), 'the orphan goes home when it is undeleted');
  t.same((await engine.backend.history(id(2))).length, 0);
  t.same(await violations(engine), []);
  t.equal((await purge(500)).tombstones, 0, 'and again finds nothing');
});

t.test('an entry comes back within its time, once, and brings its children home', async (t) => {
  const { engine, purge } = await withOrphan();
  const { writes } = engine.backend.parts;
  const undelete = (uuid: EntryUuid, fromMs: () => number) =>
    writes.submit('cn=x', () => {
      deadState(writes, uuid, fromMs());
      return [undeleteIntent(uuid)];
    });
  await purge(5);
  await t.rejects(undelete(id(2), NO_MORE), /deleted too long ago/);
  await undelete(id(2), () => 0);
  await t.rejects(
    undelete(id(2), () => 0),
    /is not deleted/,
  );
  await t.rejects(
    undelete(id(9), () => 0),
    /No deleted entry/,
  );
  const orphan = engine.backend.byUuid(id(4));
  t.match(orphan?.dnText, /^cn=orphan,cn=old,/);
  t.same(await violations(engine), []);
});

t.test('of an entry with open rows those go that no open one can name, be they few or many', async (t) => {
  for (const settled of [4, 40]) {
    const engine = await openEngine();
    const made: Change[] = [change(1, 7, 1, add(ROOT_UUID, 'example', { objectClass: ['top'] }))];
    for (let n = 0; n < settled; n++)
      made.push(change(10 + n, 7, 1, modify({ add: [`value ${n}`] }), made[n]?.csn));
    await engine.backend.replay(made);
    // Made by a server that knew the first half of them.
    const half = csn(9 + settled / 2, 7);
    const open = { ...change(500, 8, 1, modify({ add: ['late'] })), seen: ServerState.of([half]) };
    await engine.backend.replay([open]);
    const before = (await engine.backend.history(id(1))).length;
    const purged = await purgeRows(engine.backend.parts, {
      horizon: { stable: ServerState.of([csn(400, 7), csn(400, 8)]), before: csn(400, 8) },
      buryBeforeMs: undefined,
      journalBeforeMs: undefined,
      stopped: () => false,
    });
    const left = (await engine.backend.history(id(1))).map((row) => row.change.csn);
    const named = made.map((one) => one.csn).filter((one) => one > half);
    t.same(left, [...named, open.csn], `${settled} settled rows`);
    t.equal(purged.historyRows, before - left.length);
    t.equal(purged.historyLeft, left.length);
    t.same(await violations(engine), []);
  }
});
