import t from 'tap';
import { BASE, TestServer } from './test-server.js';

t.test('smoke', async (t) => {
  const server = await TestServer.open();
  await server.populate();
  const r = await server.connect().search({ filter: '(uid=ann)' });
  t.equal(r.result, 'success', r.diagnostic);
  t.same(r.entries, []);
  t.same(server.log.errors, []);
  const c = server.connect();
  for (const [base, scope] of [
    ['', 'base'],
    ['cn=schema', 'base'],
    [BASE, 'base'],
    ['', 'one'],
    ['', 'sub'],
  ] as const) {
    const x = await c.search({ base, scope, attributes: ['*', '+'] });
    t.comment(
      base,
      scope,
      x.result,
      x.diagnostic,
      x.entries.map((e) => e.dn),
    );
  }
});
