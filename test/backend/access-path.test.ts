/** How searches find their candidates: the same entries whichever way, and never more rows read than the way is worth. */
import t from 'tap';
import type { Candidates, StoredEntry } from '../../lib/backend/backend.js';
import { beginLoad } from '../../lib/backend/load/bulk-load.js';
import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import { must } from '../../lib/base/assert.js';
import { parseDn } from '../../lib/dn/dn-text.js';
import { compileFilter } from '../../lib/filter/compile-filter.js';
import { matchFilter } from '../../lib/filter/filter-match.js';
import { parseFilter } from '../../lib/filter/filter-text.js';
import type { SearchScope } from '../../lib/ldap/message.js';
import type { StoreRange, StoreRow, StoreSnapshot } from '../../lib/port/ordered-store.js';
import {
  adding,
  attributesOf,
  type Engine,
  freshUuid,
  modifying,
  openEngine,
  REPLICA,
  schema,
  TestClock,
  violations,
} from './engine.js';

const BASE = 'dc=example,dc=com';
const PEOPLE = `ou=people,${BASE}`;
const TEAM = `ou=team,${BASE}`;
const COUNT = 3000;

/** A memory store that counts the rows that it gives. */
class CountingStore extends MemoryStore {
  rows = 0;
  gets = 0;

  override get(key: Uint8Array, snapshot?: StoreSnapshot): Uint8Array | undefined {
    this.gets += 1;
    return super.get(key, snapshot);
  }

  override async *scan(
    range: StoreRange,
    sliceRows?: number,
    snapshot?: StoreSnapshot,
  ): AsyncIterable<StoreRow[]> {
    for await (const rows of super.scan(range, sliceRows, snapshot)) {
      this.rows += rows.length;
      yield rows;
    }
  }
}

const person = (n: number): Record<string, string[]> => ({
  objectClass: ['top', 'person', 'inetOrgPerson', 'posixAccount'],
  uid: [`user.${n}`],
  cn: [`User Number ${n}`],
  sn: [`Name${n % 7}`],
  uidNumber: [String(n)],
  gidNumber: [String(n % 2)],
  homeDirectory: [`/home/${n}`],
  ...(n % 1000 === 0 ? { telephoneNumber: [`+1 555 ${n}`] } : {}),
});

/** 3000 people below one container, ten below another, indexes in blocks as an import leaves them. */
async function loaded(): Promise<{ store: CountingStore; engine: Engine }> {
  const store = new CountingStore();
  const load = await beginLoad({
    store,
    baseDn: parseDn(BASE),
    schema,
    replica: REPLICA,
    clock: new TestClock(),
    generationId: 'g1',
    initiator: 'cn=import',
  });
  const put = (text: string, attributes: Record<string, string[]>) => {
    const dn = parseDn(text);
    const rdn = must(schema.namedRdn(must(dn.rdns[0], 'an RDN')), 'a named RDN');
    const map = new Map(attributesOf(attributes).map(({ key, name, values }) => [key, { name, values }]));
    load.add({ dn, rdn, uuid: freshUuid(), attributes: map });
  };
  put(BASE, { objectClass: ['top', 'domain'], dc: ['example'] });
  put(PEOPLE, { objectClass: ['organizationalUnit'], ou: ['people'] });
  put(TEAM, { objectClass: ['organizationalUnit'], ou: ['team'] });
  for (let n = 0; n < COUNT; n++) put(`uid=user.${n},${n % 300 === 0 ? TEAM : PEOPLE}`, person(n));
  await load.finish();
  const engine = await openEngine({ store });
  return { store, engine };
}

const world = loaded();

interface Found {
  readonly dns: readonly string[];
  /** Rows that scans gave, and point reads. */
  readonly rows: number;
  readonly gets: number;
  /** Candidates that were looked at. */
  readonly looked: number;
  readonly plan: string;
  readonly unindexed: boolean;
  readonly sure: boolean;
}

interface Asked {
  readonly base?: string;
  readonly scope?: SearchScope;
  readonly few?: number;
}

async function find(filterText: string, { base = BASE, scope = 'sub', few }: Asked = {}): Promise<Found> {
  const { store, engine } = await world;
  const filter = compileFilter(parseFilter(filterText), schema);
  const entry = must(engine.backend.byDnText(base), base);
  engine.backend.parts.tree.clear();
  store.rows = 0;
  store.gets = 0;
  const wanted = few === undefined ? {} : { few, anyOrder: true };
  const candidates: Candidates = engine.backend.search({ base: entry, scope, filter, ...wanted });
  const dns: string[] = [];
  let looked = 0;
  let sure = true;
  for (;;) {
    const slice = await candidates.next();
    if (slice === undefined) break;
    looked += slice.length;
    sure &&= candidates.sure;
    for (const one of slice as readonly StoredEntry[]) {
      const matches = matchFilter(filter, one) === true;
      if (candidates.sure && !matches) throw new Error(`sure of ${one.dnText}, which does not match`);
      if (matches) dns.push(one.dnText);
    }
    if (few !== undefined && dns.length >= few) break;
  }
  candidates.close();
  const { rows, gets } = store;
  return {
    dns: dns.sort(),
    rows,
    gets,
    looked,
    plan: candidates.plan,
    unindexed: candidates.unindexed,
    sure,
  };
}

t.test('an and reads its smallest part and narrows only while that is cheaper than looking', async (t) => {
  const one = await find('(&(objectClass=person)(uid=user.7))');
  t.equal(one.dns.length, 1);
  t.equal(one.rows, 0, 'nothing is scanned for a user name');
  t.ok(one.gets < 20, `${one.gets} point reads`);
  const range = await find('(&(uidNumber>=0)(cn=user number 12*))');
  t.equal(range.dns.length, 111);
  t.ok(range.rows < 1500, `${range.rows} rows: the range of all numbers is left out`);
  t.equal(range.looked, 111);
  const unknown = await find('(&(uidNumber>=2990)(cn=user*)(gidNumber=1))');
  t.equal(unknown.dns.length, 5);
  t.ok(unknown.rows < 1600, `${unknown.rows} rows`);
  t.ok(unknown.looked <= 10);
});

t.test('two bounds on an attribute of one value read the rows between them', async (t) => {
  const found = await find('(&(uidNumber>=100)(uidNumber<=119))');
  t.equal(found.dns.length, 20);
  t.equal(found.rows, 20);
  t.ok(found.sure, 'and the filter need not be evaluated');
  const above = await find('(uidNumber>=2995)');
  t.equal(above.dns.length, 5);
  t.equal(above.rows, 5);
});

t.test(
  'stamps are found by their indexes though no entry stores them (incremental sync of Keycloak)',
  async (t) => {
    for (const stamp of ['modifyTimestamp', 'createTimestamp']) {
      const since = await find(`(&(uid=user.7)(${stamp}>=19700101000000Z))`);
      t.equal(since.dns.length, 1, `${since.plan}`);
      t.equal((await find(`(${stamp}=*)`)).dns.length, COUNT + 3);
      t.equal((await find(`(&(objectClass=person)(${stamp}>=20990101000000.0Z))`)).dns.length, 0);
    }
  },
);

t.test('an or of many clauses, over several indexes, is a union', async (t) => {
  const clauses = Array.from({ length: 600 }, (_, n) => `(uid=user.${n * 4})`).join('');
  const found = await find(`(|${clauses})`);
  t.equal(found.dns.length, 600);
  t.equal(found.looked, 600);
  t.equal(found.rows, 0);
  t.ok(found.sure);
  const most = Array.from({ length: 4000 }, (_, n) => `(member=cn=nobody${n})`).join('');
  t.equal((await find(`(|${most}(uid=user.1))`)).dns.length, 1, 'as many clauses as a filter may have');
  const groups = await find(
    `(|(member=uid=user.1,${PEOPLE})(uniqueMember=uid=user.1,${PEOPLE})(memberUid=user.1))`,
  );
  t.same(groups.dns, []);
  t.equal(groups.rows, 0);
  t.ok(groups.gets < 10);
});

t.test('a presence or range of nearly all entries is given up; a rare one is read', async (t) => {
  const all = await find('(uidNumber>=1)');
  t.equal(all.dns.length, COUNT - 1);
  t.match(all.plan, /^all, gave up: ge\(uidnumber\)$/);
  t.ok(all.unindexed);
  t.ok(all.rows < COUNT + 3 + 1100, `${all.rows} rows`);
  const rare = await find('(telephoneNumber=*)');
  t.equal(rare.dns.length, 3);
  t.equal(rare.rows, 3);
});

t.test(
  'the children or the subtree of a small base instead of a long list, and the other way round',
  async (t) => {
    const team = await find('(objectClass=person)', { base: TEAM, scope: 'one' });
    t.equal(team.dns.length, 10);
    t.ok(team.looked <= 10);
    t.ok(team.rows <= 90, `${team.rows} rows`);
    const below = await find('(objectClass=person)', { base: TEAM });
    t.equal(below.dns.length, 10);
    t.ok(below.looked <= 11);
    const people = await find('(uid=user.300)', { base: PEOPLE, scope: 'one' });
    t.same(people.dns, [], 'in scope only');
    t.equal(people.rows, 0);
    const leaf = await find('(objectClass=person)', { base: `uid=user.7,${PEOPLE}` });
    t.equal(leaf.dns.length, 1);
    t.equal(leaf.rows, 0);
    t.equal(
      (await find('(objectClass=*)', { base: `uid=user.7,${PEOPLE}`, scope: 'subordinates' })).looked,
      0,
    );
    const unindexed = await find('(homeDirectory=/home/300)', { base: TEAM, scope: 'one' });
    t.equal(unindexed.dns.length, 1);
    t.equal(unindexed.rows, 10);
  },
);

t.test('who wants one or two entries does not wait for all postings', async (t) => {
  for (const filter of [
    '(uidNumber>=1)',
    '(telephoneNumber=*)',
    '(cn=user*)',
    '(objectClass=*)',
    '(gidNumber=1)',
  ]) {
    const found = await find(filter, { few: 2 });
    t.ok(found.dns.length >= 2, filter);
    t.ok(found.rows <= 130, `${filter}: ${found.rows} rows`);
    t.ok(found.looked <= 128, `${filter}: ${found.looked} looked at`);
  }
  const none = await find('(homeDirectory=/nowhere)', { few: 1 });
  t.same(none.dns, []);
  t.equal(none.looked, COUNT + 3, 'a scan that finds nothing goes on to the end');
});

t.test('whichever way, the same entries as evaluating the filter on all of them', async (t) => {
  const filters = [
    '(objectClass=*)',
    '(sn=name3)',
    '(&(sn=name3)(gidNumber=1))',
    '(|(sn=name3)(uidNumber<=20))',
    '(&(uidNumber>=10)(uidNumber<=1000)(cn=*number 1*))',
    '(&(objectClass=person)(!(sn=name3)))',
    '(!(uid=user.1))',
    '(cn=*99)',
    '(telephoneNumber=*)',
    '(|(telephoneNumber=*)(homeDirectory=/home/5))',
  ];
  const { engine } = await world;
  const all = (await find('(objectClass=*)')).dns;
  for (const text of filters) {
    const filter = compileFilter(parseFilter(text), schema);
    const matching = all.filter((dn) => matchFilter(filter, must(engine.backend.byDnText(dn), dn)) === true);
    for (const base of [BASE, PEOPLE, TEAM]) {
      const inside = matching.filter((dn) => dn === base || dn.endsWith(`,${base}`));
      t.same((await find(text, { base })).dns, inside, `${text} below ${base}`);
      const depth = parseDn(base).rdns.length + 1;
      const children = inside.filter((dn) => dn !== base && parseDn(dn).rdns.length === depth);
      t.same((await find(text, { base, scope: 'one' })).dns, children, `${text} one level below ${base}`);
    }
  }
});

t.test('an index is sure of an entry only as long as nothing was committed since', async (t) => {
  const engine = await openEngine();
  const { backend } = engine;
  await backend.submit('', adding(BASE, { objectClass: ['top', 'domain'], dc: ['example'] }));
  const many = Array.from({ length: 200 }, (_, n) => `uid=u${n},${BASE}`);
  await Promise.all(many.map((dn, n) => backend.submit('', adding(dn, person(n)))));
  const filter = compileFilter(parseFilter('(sn=name3)'), schema);
  const base = must(backend.byDnText(BASE), BASE);
  const clear = compileFilter(
    parseFilter('(|(sn=name3)(sn=name4)(sn=name5)(sn=name1)(sn=name2)(sn=name6))'),
    schema,
  );
  const candidates = backend.search({ base, scope: 'sub', filter: clear });
  t.equal((await candidates.next())?.length, 128);
  t.ok(candidates.sure);
  await backend.submit('', modifying(must(many[199], 'a DN'), { sn: { clear: true, add: ['Other'] } }));
  const rest = await candidates.next();
  t.notOk(candidates.sure, 'a commit came between');
  t.ok((rest ?? []).some((entry) => matchFilter(clear, entry) !== true));
  const again = backend.search({ base, scope: 'sub', filter });
  await again.next();
  t.ok(again.sure);
  t.same(await violations(engine), []);
});

t.test('an explanation names the lookups, what they were allowed and what they gave', async (t) => {
  const { engine } = await world;
  const base = must(engine.backend.byDnText(BASE), BASE);
  const explain = (text: string) =>
    engine.backend.explain({ base, scope: 'sub', filter: compileFilter(parseFilter(text), schema) });
  const one = await explain('(uid=user.1)');
  t.match(one, {
    plan: 'eq(uid)',
    path: 'eq(uid)',
    candidates: 1,
    counted: true,
    exact: true,
    unindexed: false,
  });
  t.same(
    one.steps.map(({ lookup, ids }) => [lookup, ids]),
    [['eq(uid)', 1]],
  );
  const all = await explain('(uidNumber>=1)');
  t.match(all, {
    path: 'all, gave up: ge(uidnumber)',
    candidates: COUNT + 3,
    counted: false,
    unindexed: true,
  });
  t.same(all.steps, [{ lookup: 'ge(uidnumber)', ids: undefined, budget: 1024 }]);
  const both = await explain('(&(objectClass=person)(cn=user number 12*))');
  t.ok(both.steps.length >= 1);
  t.equal(both.candidates, 111);
  t.match(await explain('(homeDirectory=x)'), { plan: 'all', path: 'all', unindexed: true, steps: [] });
});

t.test(
  'an ordering index gives the first entries in order without reading the others (RFC 2891)',
  async (t) => {
    const { engine, store } = await world;
    const { backend } = engine;
    const base = must(backend.byDnText(BASE), BASE);
    const ordered = (attribute: string, reverse: boolean, text = '(objectClass=*)', of = base) => {
      const type = must(schema.attributeType(attribute), attribute);
      const rule = must(type.ordering, 'an ordering rule').name;
      const filter = compileFilter(parseFilter(text), schema);
      return backend.ordered({
        base: of,
        scope: 'sub',
        filter,
        attribute: type.key,
        rule,
        reverse,
        others: [],
      });
    };
    const dnsOf = async (candidates: Candidates | undefined, most = Number.POSITIVE_INFINITY) => {
      const dns: string[] = [];
      const found = must(candidates, 'an order');
      while (dns.length < most) {
        const slice = await found.next();
        if (slice === undefined) break;
        for (const one of slice) dns.push(one.dnText);
      }
      found.close();
      return dns.slice(0, most);
    };
    const person7 = (n: number) => `uid=user.${n},${n % 300 === 0 ? TEAM : PEOPLE}`;
    store.rows = 0;
    const first = await dnsOf(ordered('uidNumber', false), 100);
    t.same(
      first,
      Array.from({ length: 100 }, (_, n) => person7(n)),
    );
    t.ok(store.rows <= 130, `${store.rows} rows for 100 entries`);
    const last = await dnsOf(ordered('uidNumber', true, '(uidNumber>=0)'), 50);
    t.same(
      last,
      Array.from({ length: 50 }, (_, n) => person7(COUNT - 1 - n)),
    );
    const all = await dnsOf(ordered('uidNumber', false));
    t.same(all.slice(-3), [BASE, PEOPLE, TEAM], 'those without a value come last');
    t.equal(all.length, COUNT + 3);
    t.equal(new Set(all).size, COUNT + 3);
    const ties = await dnsOf(ordered('gidNumber', false), 1600);
    t.same(ties.slice(0, 3), [person7(0), person7(2), person7(4)], 'equal values in the order of numbers');
    t.equal(ties[1500], person7(1));
    t.equal(
      (await dnsOf(ordered('modifyTimestamp', true))).length,
      COUNT + 3,
      'backwards where all have one',
    );
    t.equal(ordered('uidNumber', true), undefined, 'backwards, those without would come first');
    const team = must(backend.byDnText(TEAM), TEAM);
    t.equal(ordered('uidNumber', false, '(objectClass=*)', team), undefined, 'a small base is sorted');
    t.equal(ordered('uidNumber', false, '(uid=user.1)'), undefined, 'few matches are sorted');
  },
);
