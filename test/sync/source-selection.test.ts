/**
 * Which upstream serves which origin (replication-model.md section 7: a change crosses each link at most once).
 */
import t from 'tap';
import type { Csn, ReplicaId } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import {
  type Choice,
  type Holdings,
  STARVED_MS,
  selectSources,
  type Upstream,
} from '../../lib/sync/source-selection.js';
import { serverDistances } from '../../lib/topology/distances.js';
import type { Topology } from '../../lib/topology/topology.js';
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

/** Servers a1, a2 in site A, b1, b2 and broker bx in B, c1 in C; A-B 10, A-C 10, B-C 1. Replica ids 11, 12, 21, 22, 31. */
const SITES: Topology = {
  domains: [],
  sites: [{ name: 'A' }, { name: 'B' }, { name: 'C' }],
  links: [
    { between: ['A', 'B'], cost: 10, schedule: 'always' },
    { between: ['A', 'C'], cost: 10, schedule: 'always' },
    { between: ['B', 'C'], cost: 1, schedule: 'always' },
  ],
  servers: [
    ['a1', 11, 'A'],
    ['a2', 12, 'A'],
    ['b1', 21, 'B'],
    ['b2', 22, 'B'],
    ['bx', 99, 'B'],
    ['c1', 31, 'C'],
  ].map(([name, id, site]) => ({
    name: String(name),
    id: replica(Number(id)),
    site: String(site),
    ldap: undefined,
    ldaps: undefined,
    replication: 'h:1',
    http: undefined,
    runs: 'both',
    role: 'repli-master',
    peers: undefined,
  })),
};

/** What `own` follows, of all the others in the mesh. */
function mesh(own: string, others: readonly string[], origin: number, log: readonly Csn[] = []): string {
  const ids = new Map(SITES.servers.map((server) => [server.name, server.id]));
  const ups = others.map((name, i) => ({
    ...upstream(i + 1, name === 'bx' ? undefined : ids.get(name), log),
    name,
  }));
  const held = holding(own === 'bx' ? undefined : ids.get(own), []);
  const { choices } = selectSources(NONE, ups, held, 0, 300, serverDistances(SITES, own));
  return others[(choices.get(replica(origin))?.upstream ?? 0) - 1] ?? 'none';
}

t.test(
  'over a dear link a change comes once for a whole site: one server fetches it, the others from that one',
  (t) => {
    const log = [csn(5, 11)];
    t.equal(mesh('b1', ['a1', 'a2', 'b2', 'c1'], 11, log), 'a1', 'the first of its site');
    t.equal(mesh('b2', ['a1', 'a2', 'b1', 'c1'], 11, log), 'b1');
    t.equal(mesh('bx', ['a1', 'a2', 'b1', 'b2', 'c1'], 11, log), 'a1', 'a broker comes before directories');
    t.equal(mesh('b1', ['a1', 'b2', 'bx'], 11, log), 'bx');
    t.equal(mesh('a2', ['a1', 'b1', 'b2', 'bx'], 11, log), 'a1', 'within a site straight from the origin');
    t.equal(
      mesh('c1', ['a1', 'b1', 'b2', 'bx'], 11, log),
      'a1',
      'no detour through a near site that is as far',
    );
    t.equal(mesh('c1', ['a1', 'b1', 'b2', 'bx'], 22, [csn(5, 22)]), 'b2');
    t.end();
  },
);

t.test('no two servers ever take one origin from each other, whatever is connected', (t) => {
  const names = SITES.servers.map(({ name }) => name);
  for (const origin of [11, 12, 21, 22, 31]) {
    const log = [csn(5, origin)];
    const takes = new Map(
      names.map((own) => [
        own,
        mesh(
          own,
          names.filter((name) => name !== own),
          origin,
          log,
        ),
      ]),
    );
    for (const start of names) {
      const way = [start];
      let server = SITES.servers.find(({ name }) => name === start);
      while (server !== undefined && server.id !== origin && way.length < 9) {
        const next = takes.get(server.name);
        server = SITES.servers.find(({ name }) => name === next);
        way.push(next ?? 'none');
      }
      t.equal(server?.id, origin, `${origin}: ${way.join(' < ')}`);
    }
  }
  t.end();
});

t.test('a near source that lags is left, and not taken again before it kept up for a while', (t) => {
  const distances = serverDistances(SITES, 'b2');
  const ups = (b1: number, a1: number) => [
    { ...upstream(1, 21, [csn(b1, 11)]), name: 'b1' },
    { ...upstream(2, 11, [csn(a1, 11)]), name: 'a1' },
  ];
  const at = (b1: number, a1: number, own: number, before: ReadonlyMap<ReplicaId, Choice>, nowMs: number) =>
    selectSources(before, ups(b1, a1), holding(22, [csn(own, 11)]), nowMs, 300, distances).choices;
  const of = (choices: ReadonlyMap<ReplicaId, Choice>) => choices.get(replica(11))?.upstream;
  let choices = at(5, 5, 5, NONE, 0);
  t.equal(of(choices), 1);
  choices = at(5, 6, 5, choices, 100);
  choices = at(5, 6, 5, choices, 399);
  t.equal(of(choices), 1);
  choices = at(5, 6, 5, choices, 400);
  t.equal(of(choices), 2, 'left after the grace time');
  choices = at(6, 6, 6, choices, 1000);
  t.equal(of(choices), 2, 'level again, and not trusted yet');
  choices = at(7, 8, 8, choices, 5400);
  t.equal(of(choices), 2, 'behind at that moment');
  choices = at(8, 8, 8, choices, 5401);
  t.equal(of(choices), 1);
  t.end();
});

t.test('of equal upstreams the least loaded is chosen, and kept when loads change', (t) => {
  const ups = (a: number, b: number) => [
    { ...upstream(1, undefined, [csn(5, 9)]), load: a },
    { ...upstream(2, undefined, [csn(5, 9)]), load: b },
  ];
  const first = selectSources(NONE, ups(7, 3), holding(1), 0).choices;
  t.equal(first.get(replica(9))?.upstream, 2);
  t.equal(selectSources(first, ups(3, 7), holding(1), 1).choices.get(replica(9))?.upstream, 2);
  t.end();
});

t.test('an upstream with a hole is not asked, and a hole alone never calls for a total update', (t) => {
  const holed = { ...upstream(1, 9, [csn(9, 9)]), holes: new Set([replica(9)]) };
  t.same(selectSources(NONE, [holed], holding(1, [csn(3, 9)]), 0), { choices: new Map(), unservable: [] });
  const other = upstream(2, 3, [csn(5, 9)]);
  t.equal(selectSources(NONE, [holed, other], holding(1), 0).choices.get(replica(9))?.upstream, 2);
  t.end();
});

t.test(
  'who could serve and waits for us does not hide that another one no longer keeps what we need: after a while only a copy helps',
  (t) => {
    const held = holding(1, [csn(3, 9)]);
    const waiting = upstream(1, 4, [csn(3, 9)]);
    const copied = upstream(2, 2, [csn(8, 9)], [csn(7, 9)]);
    const first = selectSources(NONE, [waiting, copied], held, 100);
    t.same([chosen(first.choices)[9], first.unservable], [1, []]);
    const later = selectSources(first.choices, [waiting, copied], held, 100 + STARVED_MS - 1);
    t.same(later.unservable, []);
    t.same(selectSources(later.choices, [waiting, copied], held, 100 + STARVED_MS).unservable, [9]);
    const helped = selectSources(
      later.choices,
      [upstream(1, 4, [csn(4, 9)]), copied],
      held,
      100 + STARVED_MS,
    );
    t.same(
      [helped.unservable, helped.choices.get(replica(9))?.starvedMs],
      [[], undefined],
      'it has some of it after all',
    );
    const holed = { ...copied, trimmed: ServerState.EMPTY, holes: new Set([replica(9)]) };
    const never = selectSources(later.choices, [waiting, holed], held, 100 + STARVED_MS);
    t.same(never.unservable, [], 'a hole waits for another upstream');
    t.end();
  },
);
