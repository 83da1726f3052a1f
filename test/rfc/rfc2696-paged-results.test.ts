/** RFC 2696: simple paged results. */
import t from 'tap';
import { CONTROL_OIDS } from '../../lib/ldap/control-oids.js';
import { decodePagedResults, encodePagedResults } from '../../lib/ldap/controls/paged-results.js';
import type { Control } from '../../lib/ldap/message.js';
import {
  BASE,
  type Reply,
  type SearchOptions,
  type TestClient,
  TestServer,
} from '../operation/test-server.js';

const paged = (size: number, cookie: Uint8Array = new Uint8Array(0), critical = true): Control => ({
  oid: CONTROL_OIDS.pagedResults,
  critical,
  value: encodePagedResults({ size, cookie }),
});
const page = (reply: Reply) =>
  decodePagedResults(reply.controls.find((one) => one.oid === CONTROL_OIDS.pagedResults)?.value);

async function people(count: number) {
  const server = await TestServer.open();
  const admin = await server.populate();
  for (let i = 0; i < count; i++) {
    await admin.add(`cn=p${i},ou=people,${BASE}`, { objectClass: 'person', cn: `p${i}`, sn: `s${i % 3}` });
  }
  return { server, admin, client: server.connect() };
}

async function all(client: TestClient, size: number, options: SearchOptions): Promise<string[][]> {
  const pages: string[][] = [];
  let cookie: Uint8Array = new Uint8Array(0);
  do {
    const reply = await client.search(options, [paged(size, cookie)]);
    if (reply.result !== 'success') throw new Error(`${reply.result} ${reply.diagnostic}`);
    pages.push(reply.entries.map((entry) => entry.dn));
    ({ cookie } = page(reply));
  } while (cookie.length > 0);
  return pages;
}

t.test(
  '2: pages of the size asked for together give every entry once, whatever the plan and scope',
  async (t) => {
    const { client } = await people(25);
    const searches: readonly SearchOptions[] = [
      { filter: '(cn=p*)' },
      { filter: '(sn=s1)' },
      { filter: '(!(cn=nobody))' },
      { filter: '(objectClass=*)', scope: 'one', base: `ou=people,${BASE}` },
      { scope: 'base' },
      { filter: '(cn=none)' },
    ];
    for (const options of searches) {
      const whole = (await client.search(options)).entries.map((entry) => entry.dn).sort();
      for (const size of [1, 3, 7, 100]) {
        const pages = await all(client, size, options);
        t.same(pages.flat().sort(), whole, `${options.filter} by ${size}`);
        t.ok(
          pages.slice(0, -1).every((one) => one.length === size),
          'all but the last are full',
        );
        t.ok((pages.at(-1)?.length ?? 0) > 0 || whole.length === 0, 'and no page is empty for nothing');
      }
    }
  },
);

t.test('2: the last page has an empty cookie', async (t) => {
  const { client } = await people(4);
  const reply = await client.search({ filter: '(cn=p*)' }, [paged(4)]);
  t.equal(reply.entries.length, 4);
  t.equal(page(reply).cookie.length, 0);
});

t.test('2: pages go on through changes without giving an entry twice', async (t) => {
  const { admin, client } = await people(9);
  const first = await client.search({ filter: '(cn=p*)' }, [paged(4)]);
  await admin.delete(first.entries[3]?.dn ?? '');
  await admin.add(`cn=p99,ou=people,${BASE}`, { objectClass: 'person', cn: 'p99', sn: 'x' });
  const rest = await client.search({ filter: '(cn=p*)' }, [paged(50, page(first).cookie)]);
  t.equal(rest.entries.length, 6, 'the five that were left, and the new one');
  t.equal(new Set([...first.entries, ...rest.entries].map((entry) => entry.dn)).size, 10);
});

t.test('2: another page size in between, and another connection of the same identity', async (t) => {
  const { server, client } = await people(10);
  const first = await client.search({ filter: '(cn=p*)' }, [paged(2)]);
  const second = await server.connect().search({ filter: '(cn=p*)' }, [paged(5, page(first).cookie)]);
  t.equal(second.entries.length, 5);
  const third = await client.search({ filter: '(cn=p*)' }, [paged(5, page(second).cookie)]);
  t.equal(third.entries.length, 3);
});

t.test('3: a page as large as the size limit is no page: the size limit holds', async (t) => {
  const { client } = await people(5);
  const one = await client.search({ filter: '(cn=p*)', sizeLimit: 1 }, [paged(126)]);
  t.equal(one.result, 'sizeLimitExceeded', 'ruby net-ldap: size limit 1 with pages of 126');
  t.equal(one.entries.length, 1);
  const fits = await client.search({ filter: '(cn=p1)', sizeLimit: 1 }, [paged(126)]);
  t.equal(fits.result, 'success');
  const counted = await client.search({ filter: '(cn=p*)', sizeLimit: 3 }, [paged(2)]);
  t.equal(counted.entries.length, 2);
  const over = await client.search({ filter: '(cn=p*)', sizeLimit: 3 }, [paged(2, page(counted).cookie)]);
  t.equal(over.result, 'sizeLimitExceeded', 'over all pages');
  t.equal(over.entries.length, 1);
});

t.test(
  '3: size 0 asks for the estimate, and with a cookie ends the series (reliability class 9)',
  async (t) => {
    const { client, server } = await people(5);
    const estimate = await client.search({}, [paged(0)]);
    t.equal(estimate.result, 'success');
    t.same(estimate.entries, []);
    t.equal(page(estimate).size, server.backend.entryCount);
    const first = await client.search({ filter: '(cn=p*)' }, [paged(2)]);
    const end = await client.search({ filter: '(cn=p*)' }, [paged(0, page(first).cookie)]);
    t.equal(end.result, 'success');
    t.same(end.entries, []);
    t.equal(page(end).cookie.length, 0);
  },
);

t.test('3: a cookie that this search did not give is refused', async (t) => {
  const { server, client } = await people(5);
  const first = await client.search({ filter: '(cn=p*)' }, [paged(2)]);
  const { cookie } = page(first);
  t.equal((await client.search({ filter: '(cn=*)' }, [paged(2, cookie)])).result, 'unwillingToPerform');
  const ann = server.connect();
  await ann.bind(`uid=ann,ou=people,${BASE}`, "ann's");
  t.equal((await ann.search({ filter: '(cn=p*)' }, [paged(2, cookie)])).result, 'unwillingToPerform');
  t.equal(
    (await client.search({ filter: '(cn=p*)' }, [paged(2, new Uint8Array(500))])).result,
    'unwillingToPerform',
  );
});

t.test('3: without the critical flag it is the same', async (t) => {
  const { client } = await people(5);
  const reply = await client.search({ filter: '(cn=p*)' }, [paged(2, undefined, false)]);
  t.equal(reply.entries.length, 2);
});
