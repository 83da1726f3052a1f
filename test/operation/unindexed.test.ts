/** Searches without an index: bounded, in turns, logged, explained, and made into advice. */
import t from 'tap';
import { IndexAdvice } from '../../lib/operation/search/index-advice.js';
import { ScanGate } from '../../lib/operation/search/scan-gate.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { BASE, person, TestClock, TestServer } from './test-server.js';

async function withTitles(settings: Parameters<typeof TestServer.open>[0] = {}) {
  const server = await TestServer.open(settings);
  const admin = await server.populate();
  for (const uid of ['cleo', 'dora', 'emil']) {
    const reply = await admin.add(`uid=${uid},ou=people,${BASE}`, {
      ...person(uid, `${uid} Kay`),
      title: 'Dr',
      description: 'somebody',
    });
    t.equal(reply.result, 'success');
  }
  return { server, admin, client: server.connect() };
}

t.test(
  'a search that would look at too many entries is refused, and told which index would help',
  async (t) => {
    const { server, admin, client } = await withTitles({ unindexedEntries: 7 });
    const refused = await client.search({ filter: '(&(title=dr)(description=*body*))' });
    t.equal(refused.result, 'unwillingToPerform');
    t.equal(refused.entries.length, 0);
    t.match(refused.diagnostic, /up to 8 entries, more than 7 \(limits\.unindexedEntries\)/);
    t.match(refused.diagnostic, /An index would help: title \(equality\)\./);
    t.match(server.accessLog.at(-1), { unindexed: true, plan: 'all', entries: 0 });
    const two = await client.search({ filter: '(|(title=dr)(description=*body*)(uid=ann))' });
    t.match(two.diagnostic, /title \(equality\), description \(substring\)\./);
    t.equal((await admin.search({ filter: '(title=dr)' })).entries.length, 3, 'the administrator may');
    t.equal((await client.search({ filter: '(uid=ann)' })).result, 'success', 'with an index');
    t.equal((await client.search({ filter: '(l=x)' })).result, 'success', 'what no entry has needs none');
    t.equal((await client.search({ filter: '(objectClass=*)' })).entries.length, 8, 'all entries, wanted');
    const small = await client.search({ filter: '(title=dr)', base: `ou=people,${BASE}`, scope: 'one' });
    t.equal(small.entries.length, 3, 'few to look at');
    t.match(server.accessLog.at(-1), { unindexed: true, plan: 'children', examined: 5, entries: 3 });
    server.service.configure({ unindexedEntries: 0 });
    t.equal((await client.search({ filter: '(title=dr)' })).entries.length, 3);
  },
);

t.test('missed indexes are advice: for the command and on cn=monitor, without values', async (t) => {
  const { server, admin, client } = await withTitles();
  for (let i = 0; i < 3; i++) await client.search({ filter: '(title=secret value)' });
  await client.search({ filter: '(&(description>=a)(!(title=x)))' });
  const rows = server.service.advice.rows();
  t.match(rows, [{ attribute: 'title', kind: 'equality', searches: 3, examined: 24, returned: 0 }]);
  const read = await admin.search({ base: 'cn=Index Advice,cn=monitor', scope: 'base', attributes: ['+'] });
  t.match(read.entries[0]?.attributes.monitoredInfo, [
    /^polyarch index add --index title:equality {3}# 3 searches, \d+ ms, 24 entries looked at, 0 given$/,
  ]);
  t.notMatch(JSON.stringify(read.entries), /secret/);
  const counters = await admin.search({
    base: 'cn=Index Advice,cn=monitor',
    scope: 'one',
    attributes: ['+'],
  });
  t.same(
    counters.entries.map(({ attributes }) => attributes.monitorCounter),
    [['0'], ['0']],
  );
  server.service.advice.settled('title', 'equality');
  t.same(server.service.advice.rows(), []);
});

t.test('advice is bounded: what costs least is forgotten', async (t) => {
  const advice = new IndexAdvice();
  for (let n = 0; n < 2000; n++) {
    advice.note([{ attribute: `a${n}` as AttributeKey, kind: 'equality' }], {
      elapsedMs: 1,
      examined: n,
      returned: 0,
    });
  }
  t.ok(advice.rows().length <= 501);
  t.equal(advice.rows()[0]?.attribute, 'a1999');
});

t.test('debugsearchindex explains a search to administrators', async (t) => {
  const { admin, client } = await withTitles();
  const ask = { filter: '(&(uid=ann)(title=dr))', attributes: ['debugSearchIndex'] } as const;
  t.equal((await client.search(ask)).result, 'insufficientAccessRights');
  const reply = await admin.search(ask);
  t.equal(reply.result, 'success');
  t.equal(reply.entries[0]?.dn, 'cn=debugsearch');
  const told: unknown = JSON.parse(reply.entries[0]?.attributes.debugsearchindex?.[0] ?? '');
  t.match(told, {
    namingContext: BASE,
    scope: 'sub',
    filter: '(&(uid=?)(title=?))',
    plan: 'eq(uid)',
    path: 'eq(uid)',
    unindexed: false,
    candidates: 1,
    counted: true,
    exact: false,
    steps: [{ lookup: 'eq(uid)', ids: 1 }],
    missing: ['title equality'],
  });
  const unindexed = await admin.search({ ...ask, filter: '(title=dr)' });
  const shown = unindexed.entries[0]?.attributes.debugsearchindex?.[0] ?? '';
  t.match(JSON.parse(shown), { path: 'all', unindexed: true, candidates: 8, counted: false });
});

t.test(
  'only so many scans at once; the others come in their order, or not later than their limit',
  async (t) => {
    const clock = new TestClock();
    let most = 2;
    const gate = new ScanGate(clock, () => most);
    t.equal(gate.enter(Number.POSITIVE_INFINITY), undefined);
    t.equal(gate.enter(Number.POSITIVE_INFINITY), undefined);
    const order: string[] = [];
    const enter = (name: string, deadlineMs = Number.POSITIVE_INFINITY) =>
      gate.enter(deadlineMs)?.then(() => {
        order.push(name);
      });
    const a = enter('a');
    const late = enter('late', clock.monotonicMs() + 100);
    const b = enter('b');
    t.equal(gate.waiting, 3);
    clock.advance(100);
    await t.rejects(late ?? Promise.resolve(), { result: 'timeLimitExceeded' } as never);
    gate.leave();
    await a;
    t.same([gate.inside, gate.waiting], [2, 1]);
    most = 3;
    gate.leave();
    await b;
    t.same(order, ['a', 'b']);
    gate.leave();
    gate.leave();
    t.same([gate.inside, gate.waiting], [0, 0]);
    most = 0;
    const waits: (Promise<void> | undefined)[] = [];
    for (let n = 0; n < 1000; n++) waits.push(gate.enter(Number.POSITIVE_INFINITY));
    t.throws(() => gate.enter(Number.POSITIVE_INFINITY), { result: 'busy' } as never);
  },
);
