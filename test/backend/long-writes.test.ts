/** Writes of many values go in turns: others read meanwhile, see the entry before or after, and the rows are those of a write in one piece. */
import t from 'tap';
import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import { must } from '../../lib/base/assert.js';
import { latin1 } from '../../lib/base/bytes.js';
import type { Change } from '../../lib/change/change.js';
import { type Csn, makeCsn, type ReplicaId } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { SeededRandom } from '../sim/seeded-random.js';
import {
  adding,
  deleting,
  type Edit,
  type Engine,
  freshUuid,
  modifying,
  openEngine,
  violations,
} from './engine.js';

const BASE = 'dc=example,dc=com';
const GROUP = `cn=g,${BASE}`;
const MEMBER = 'member' as AttributeKey;
const VALUES = { most: 64, load: 8 };
const members = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => `uid=u${from + i},${BASE}`);

interface Turning extends Engine {
  /** Turns that were shared. */
  turns: number;
  onTurn: () => void;
}

/** A server whose turn of the event loop is over at each look. */
async function turning(store = new MemoryStore()): Promise<Turning> {
  const engine: Turning = Object.assign(await openEngine({ store, values: VALUES }), {
    turns: 0,
    onTurn: () => undefined,
  });
  let now = 0;
  engine.clock.monotonicMs = () => {
    now += 1000;
    return now;
  };
  engine.clock.after = (_delayMs, run) => {
    engine.turns += 1;
    engine.onTurn();
    const timer = setImmediate(run);
    return () => clearImmediate(timer);
  };
  return engine;
}

const shown = ({ backend }: Engine) => backend.byDnText(GROUP)?.attribute(MEMBER)?.values.map(latin1).sort();

/** Values of random edits: some of those there, some new ones. */
function edits(seed: number, count: number): Edit[] {
  const random = new SeededRandom(seed);
  const below = (most: number) => Math.floor(random.next() * most);
  return Array.from({ length: count }, (_, n) => {
    const add = members(below(2000), 550 + below(900));
    if (n % 4 === 2) return { remove: members(below(1500), 600 + below(600)) };
    if (n % 4 === 3) return { clear: true, add: n % 8 === 7 ? add.slice(0, 3) : add };
    return { add, remove: n % 3 === 0 ? members(below(2000), 40) : [] };
  });
}

t.test('in turns and in one piece: the same values, sums and index rows', async (t) => {
  const uuid = freshUuid();
  const first = adding(GROUP, { objectClass: ['groupOfNames'], cn: ['g'], member: members(0, 700) }, uuid);
  const pieces = await turning();
  const whole = await openEngine({ values: VALUES });
  const domain = freshUuid();
  for (const { backend } of [pieces, whole]) {
    await backend.submit('', adding(BASE, { objectClass: ['domain'], dc: ['example'] }, domain));
    await backend.submit('', first);
  }
  t.ok(pieces.turns > 2, `the add took ${pieces.turns} turns`);
  for (const [n, edit] of edits(3, 9).entries()) {
    const before = pieces.turns;
    for (const { backend } of [pieces, whole]) await backend.submit('', modifying(GROUP, { member: edit }));
    t.ok(pieces.turns > before, `edit ${n} took ${pieces.turns - before} turns`);
    t.same(shown(pieces), shown(whole), `values after edit ${n}`);
    const [one, other] = [pieces, whole].map(
      ({ backend }) => backend.byDnText(GROUP)?.attribute(MEMBER)?.many,
    );
    t.same([one?.count, one?.sum], [other?.count, other?.sum]);
  }
  t.same(await violations(pieces), [], 'every row follows from the entries');
  t.same(await violations(whole), []);
  for (const { backend } of [pieces, whole]) await backend.submit('', deleting(GROUP));
  t.same(await violations(pieces), [], 'and when the group is dead');
  t.same(shown(pieces), undefined);
});

t.test(
  'between turns a reader sees the group as it was; another write waits and finds it whole',
  async (t) => {
    const engine = await turning();
    const { backend } = engine;
    await backend.submit('', adding(BASE, { objectClass: ['domain'], dc: ['example'] }));
    await backend.submit(
      '',
      adding(GROUP, { objectClass: ['groupOfNames'], cn: ['g'], member: members(0, 100) }),
    );
    const before = shown(engine);
    const held = must(backend.byDnText(GROUP), 'the group');
    let done = false;
    let looks = 0;
    engine.onTurn = () => {
      if (done) return;
      looks += 1;
      t.same(shown(engine), before, 'nothing of it is seen');
    };
    const large = backend
      .submit('', modifying(GROUP, { member: { add: members(100, 2000), remove: members(0, 50) } }))
      .then(() => {
        done = true;
      });
    const small = backend.submit('', (view) => {
      t.equal(view.byDnText(GROUP)?.attribute(MEMBER)?.many?.count, 2050, 'decided on all of it');
      return modifying(GROUP, { member: { add: members(5000, 1) } })(view);
    });
    await Promise.all([large, small]);
    t.ok(looks > 5, `${looks} looks`);
    t.equal(shown(engine)?.length, 2051);
    t.same(
      held.attribute(MEMBER)?.values.map(latin1).sort(),
      before,
      'who holds the entry holds it as it was',
    );
    t.same(await violations(engine), []);
  },
);

t.test('a store that fails meanwhile leaves nothing of it', async (t) => {
  const store = new MemoryStore();
  const engine = await turning(store);
  const { backend } = engine;
  await backend.submit('', adding(BASE, { objectClass: ['domain'], dc: ['example'] }));
  await backend.submit(
    '',
    adding(GROUP, { objectClass: ['groupOfNames'], cn: ['g'], member: members(0, 100) }),
  );
  const before = shown(engine);
  let turns = 0;
  engine.onTurn = () => {
    turns += 1;
    if (turns === 6) backend.parts.commit.fail(new Error('the disk is gone'));
  };
  await t.rejects(backend.submit('', modifying(GROUP, { member: { add: members(100, 2000) } })), {
    message: /disk is gone/,
  });
  t.same(shown(engine), before);
  const again = await openEngine({ store, values: VALUES });
  t.same(shown(again), before);
  t.same(await violations(again), []);
});

async function grouped(store: MemoryStore): Promise<Turning> {
  const engine = await turning(store);
  await engine.backend.submit('', adding(BASE, { objectClass: ['domain'], dc: ['example'] }));
  const first = { objectClass: ['groupOfNames'], cn: ['g'], member: members(0, 100) };
  await engine.backend.submit('', adding(GROUP, first));
  return engine;
}

t.test('a server that is stopped meanwhile ends the write first: it stands whole afterwards', async (t) => {
  const store = new MemoryStore();
  const engine = await grouped(store);
  let closed: Promise<void> | undefined;
  engine.onTurn = () => {
    closed ??= engine.backend.close();
  };
  await engine.backend.submit('', modifying(GROUP, { member: { add: members(100, 2000) } }));
  await must(closed, 'it was stopped in a turn of the write');
  store.crash(0);
  const again = await openEngine({ store, values: VALUES });
  t.equal(shown(again)?.length, 2100);
  t.same(await violations(again), []);
});

t.test(
  'a batch before it that meets a full disk takes it along; both stand once there is space',
  async (t) => {
    const store = new MemoryStore();
    const engine = await grouped(store);
    const { backend } = engine;
    const before = shown(engine);
    let refused = (): void => undefined;
    store.faults.delay = () =>
      new Promise((resolve) => {
        refused = () => {
          store.faults.refuse = 'full';
          resolve();
        };
      });
    const writes = [
      backend.submit('', modifying(BASE, { description: { add: ['small'] } })),
      // A turn later, so that the small one is on its way.
      new Promise((resolve) => void setImmediate(resolve)).then(() =>
        backend.submit('', modifying(GROUP, { member: { add: members(100, 2000) } })),
      ),
    ];
    let turns = 0;
    engine.onTurn = () => {
      turns += 1;
      if (turns === 6) refused();
    };
    for (const { status, ...rest } of await Promise.allSettled(writes)) {
      t.equal(status, 'rejected');
      t.match(rest, { reason: { message: /disk is full/ } });
    }
    t.ok(turns >= 6);
    t.same(shown(engine), before, 'nothing of it is seen');
    store.faults.refuse = undefined;
    store.faults.delay = undefined;
    await backend.submit('', modifying(GROUP, { member: { add: members(100, 2000) } }));
    t.equal(shown(engine)?.length, 2100);
    t.same(await violations(engine), []);
  },
);

t.test(
  'the clock that is told to others meanwhile is that after the write: none of an earlier one is told late',
  async (t) => {
    const { backend } = await grouped(new MemoryStore());
    let told: Promise<{ readonly clock: Csn }> | undefined;
    const large = backend.submit('', (view) => {
      told ??= backend.parts.writes.report();
      return modifying(GROUP, { member: { add: members(100, 2000) } })(view);
    });
    const [{ csn }, { clock }] = [await large, await must(told, 'it was asked for')];
    t.ok(clock >= must(csn, 'it changed something'), `${clock} after ${csn}`);
  },
);

t.test('few values of many octets take turns as many values do, and their rows are the same', async (t) => {
  const long = (n: number) => `${n} ${'Straße '.repeat(9000)}`;
  const texts = {
    objectClass: ['domain'],
    dc: ['example'],
    description: Array.from({ length: 9 }, (_, n) => long(n)),
  };
  const [pieces, one] = [await turning(), await openEngine({ values: VALUES })];
  for (const { backend } of [pieces, one]) {
    await backend.submit('', adding(BASE, texts));
  }
  const added = pieces.turns;
  t.ok(added > 1, `the add took ${added} turns`);
  for (const { backend } of [pieces, one])
    await backend.submit(
      '',
      modifying(BASE, { description: { remove: [long(3)], add: [10, 11, 12, 13].map(long) } }),
    );
  t.ok(pieces.turns > added, `the modify took ${pieces.turns - added} turns`);
  const [some, all] = [pieces, one].map(({ backend }) =>
    backend
      .byDnText(BASE)
      ?.attribute('description' as AttributeKey)
      ?.values.map(latin1),
  );
  t.equal(some?.length, 12);
  t.same(some, all);
  for (const engine of [pieces, one]) t.same(await violations(engine), []);
});

t.test(
  'a small change that comes late, below a change of thousands of values, takes turns too',
  async (t) => {
    const uuid = freshUuid();
    const [pieces, one] = [await turning(), await openEngine({ values: VALUES })];
    const domain = freshUuid();
    const replaced = { member: { clear: true, add: members(5000, 3000) } };
    for (const { backend, clock } of [pieces, one]) {
      await backend.submit('', adding(BASE, { objectClass: ['domain'], dc: ['example'] }, domain));
      await backend.submit(
        '',
        adding(GROUP, { objectClass: ['groupOfNames'], cn: ['g'], member: members(0, 700) }, uuid),
      );
      clock.ms += 2000;
      await backend.submit('', modifying(GROUP, replaced));
    }
    const { ms } = pieces.clock;
    const body = must(
      modifying(GROUP, { member: { add: members(9000, 1) } })(pieces.backend)[0],
      'a change',
    ).body;
    const late = (engine: Engine): Change => ({
      csn: makeCsn(ms - 1000, 0, 2 as ReplicaId),
      previous: undefined,
      seen: ServerState.of([must(engine.sink.given[1], 'the add of the group').csn]),
      entry: uuid,
      initiator: '',
      body,
    });
    const before = pieces.turns;
    for (const engine of [pieces, one])
      t.match(await engine.backend.replay([late(engine)]), [{ kind: 'applied' }]);
    t.ok(pieces.turns > before + 2, `it took ${pieces.turns - before} turns`);
    t.equal(shown(pieces)?.length, 3000, 'the replace is younger');
    t.same(shown(pieces), shown(one));
    for (const engine of [pieces, one]) t.same(await violations(engine), []);
  },
);
