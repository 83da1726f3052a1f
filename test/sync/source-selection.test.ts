/**
 * Which upstream serves which origin (replication-model.md section 7: a change crosses each link at most once).
 */
import t from 'tap';
import type { Csn, ReplicaId } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { type Choice, type Holdings, selectSources, type Upstream } from '../../lib/sync/source-selection.js';
import { csn, replica } from './session-fixtures.js';

const NONE: ReadonlyMap<ReplicaId, Choice> = new Map();

function upstream(
  id: number,
  origin: number | undefined,
  log: readonly Csn[],
  trimmed: readonly Csn[] = [],
): Upstream {
  return {
    id,
    replica: origin === undefined ? undefined : replica(origin),
    log: ServerState.of(log),
    trimmed: ServerState.of(trimmed),
    unavailable: new Set(),
  };
}

function holding(own: number | undefined, csns: readonly Csn[] = []): Holdings {
  const state = ServerState.of(csns);
  return { replica: own === undefined ? undefined : replica(own), newest: (origin) => state.get(origin) };
}

function chosen(choices: ReadonlyMap<ReplicaId, Choice>): Record<number, number> {
  return Object.fromEntries([...choices].map(([origin, choice]) => [origin, choice.upstream]));
}

t.test('an origin whose session is up serves its own changes, also before it has any', (t) => {
  const ups = [upstream(1, 2, [csn(5, 3)]), upstream(2, 3, [csn(5, 3)]), upstream(3, 4, [])];
  t.same(chosen(selectSources(NONE, ups, holding(1), 0).choices), { 2: 1, 3: 2, 4: 3 });
  t.end();
});

t.test('an origin that is not connected is served by the newest advert, of equals by the lowest id', (t) => {
  const ups = [upstream(1, 2, [csn(5, 9)]), upstream(2, 3, [csn(6, 9)]), upstream(3, 4, [csn(6, 9)])];
  t.equal(selectSources(NONE, ups, holding(1), 0).choices.get(replica(9))?.upstream, 2);
  t.end();
});

t.test('the choice is kept while it serves, whoever is momentarily newer', (t) => {
  const ups = [upstream(1, 2, [csn(5, 9)]), upstream(2, 3, [csn(5, 9)])];
  const first = selectSources(NONE, ups, holding(1), 0).choices;
  const newer = [upstream(1, 2, [csn(5, 9)]), upstream(2, 3, [csn(6, 9)])];
  const second = selectSources(first, newer, holding(1, [csn(5, 9)]), 10).choices;
  t.equal(second.get(replica(9))?.upstream, 1);
  t.same(second.get(replica(9))?.owed, { csn: csn(6, 9), sinceMs: 10 });
  t.end();
});

t.test(
  'a source that owes one change for the grace time is left; one that goes on delivering is not',
  (t) => {
    const at = (n: number, held: number, before: ReadonlyMap<ReplicaId, Choice>, nowMs: number) =>
      selectSources(
        before,
        [upstream(1, 2, [csn(held, 9)]), upstream(2, 3, [csn(n, 9)])],
        holding(1, [csn(held, 9)]),
        nowMs,
        300,
      ).choices;
    let stuck = at(5, 5, NONE, 0);
    for (const nowMs of [100, 200, 300, 399]) {
      stuck = at(6, 5, stuck, nowMs);
      t.equal(stuck.get(replica(9))?.upstream, 1, `${nowMs}`);
    }
    t.equal(at(6, 5, stuck, 400).get(replica(9))?.upstream, 2);
    let moving = at(5, 5, NONE, 0);
    for (let i = 0; i < 20; i++) moving = at(7 + i, 6 + i, moving, i * 100);
    t.equal(moving.get(replica(9))?.upstream, 1);
    t.end();
  },
);

t.test(
  'a session that is gone is left at once; the origin is taken again when it is back and not behind',
  (t) => {
    const first = selectSources(
      NONE,
      [upstream(1, 2, []), upstream(2, 3, [csn(4, 2)])],
      holding(1),
      0,
    ).choices;
    const gone = selectSources(first, [upstream(2, 3, [csn(4, 2)])], holding(1), 1).choices;
    t.equal(gone.get(replica(2))?.upstream, 2);
    const behind = selectSources(
      gone,
      [upstream(2, 3, [csn(4, 2)]), upstream(5, 2, [csn(3, 2)])],
      holding(1, [csn(4, 2)]),
      2,
    ).choices;
    t.equal(behind.get(replica(2))?.upstream, 2, 'restored, and behind what we hold');
    const back = selectSources(
      behind,
      [upstream(2, 3, [csn(4, 2)]), upstream(5, 2, [csn(4, 2)])],
      holding(1, [csn(4, 2)]),
      3,
    ).choices;
    t.equal(back.get(replica(2))?.upstream, 5);
    t.end();
  },
);

t.test('our own changes are asked for only when a peer has newer ones than we', (t) => {
  const ups = [upstream(1, 2, [csn(5, 1)])];
  t.notOk(selectSources(NONE, ups, holding(1, [csn(5, 1)]), 0).choices.has(replica(1)));
  t.equal(selectSources(NONE, ups, holding(1, [csn(4, 1)]), 0).choices.get(replica(1))?.upstream, 1);
  t.equal(selectSources(NONE, ups, holding(1), 0).choices.get(replica(1))?.upstream, 1);
  t.end();
});

t.test(
  'an upstream that trimmed what we need, or said no, is not asked; with none left the origin is unservable',
  (t) => {
    const trimmed = upstream(1, 2, [csn(9, 2)], [csn(4, 2)]);
    t.same(selectSources(NONE, [trimmed], holding(1, [csn(3, 2)]), 0), {
      choices: new Map(),
      unservable: [2],
    });
    t.same(selectSources(NONE, [trimmed], holding(1, [csn(4, 2)]), 0).unservable, []);
    const other = upstream(2, 3, [csn(9, 2)]);
    t.equal(selectSources(NONE, [trimmed, other], holding(1), 0).choices.get(replica(2))?.upstream, 2);
    const refusing = { ...other, unavailable: new Set([replica(2)]) };
    t.same(selectSources(NONE, [trimmed, refusing], holding(1), 0).unservable, [2]);
    t.end();
  },
);

t.test('the same inputs give the same choice, and every choice is of an upstream that can serve', (t) => {
  const ups = [4, 2, 3].map((id) => upstream(id, id, [csn(id, 8), csn(7, 9)]));
  const once = chosen(selectSources(NONE, ups, holding(1), 0).choices);
  t.same(chosen(selectSources(NONE, [...ups].reverse(), holding(1), 0).choices), once);
  t.same(once, { 2: 2, 3: 3, 4: 4, 8: 4, 9: 2 });
  t.end();
});
