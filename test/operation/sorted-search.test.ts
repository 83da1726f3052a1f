/** Claims about order: sorting (RFC 2891), sorted pages, virtual list views (draft-ietf-ldapext-ldapv3-vlv-09). */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { utf8Encode } from '../../lib/base/bytes.js';
import { CONTROL_OIDS } from '../../lib/ldap/control-oids.js';
import { decodePagedResults, encodePagedResults } from '../../lib/ldap/controls/paged-results.js';
import { decodeSortResponse, encodeSortRequest } from '../../lib/ldap/controls/sort.js';
import {
  decodeVirtualListResponse,
  encodeVirtualListRequest,
  type ListTarget,
  type VirtualListResponse,
} from '../../lib/ldap/controls/virtual-list.js';
import type { Control } from '../../lib/ldap/message.js';
import { BASE, type Reply, seededRandom, type TestClient, TestServer } from './test-server.js';

/** Keys as ldapsearch -E sss= writes them: `-cn`, `cn:rule`. */
function sort(keys: string, critical = true): Control {
  const parsed = keys.split('/').map((key) => {
    const reverse = key.startsWith('-');
    const [attribute = '', rule] = (reverse ? key.slice(1) : key).split(':');
    return { attribute, rule, reverse };
  });
  return { oid: CONTROL_OIDS.sortRequest, critical, value: encodeSortRequest(parsed) };
}

const page = (size: number, cookie: Uint8Array = new Uint8Array(0)): Control => ({
  oid: CONTROL_OIDS.pagedResults,
  critical: true,
  value: encodePagedResults({ size, cookie }),
});

function view(before: number, after: number, target: ListTarget, contextId?: Uint8Array): Control {
  const value = encodeVirtualListRequest({ before, after, target, contextId });
  return { oid: CONTROL_OIDS.virtualListRequest, critical: true, value };
}
const at = (offset: number, contentCount = 0): ListTarget => ({ kind: 'offset', offset, contentCount });
const from = (text: string): ListTarget => ({ kind: 'value', value: utf8Encode(text) });

const controlValue = (reply: Reply, oid: string): Uint8Array | undefined =>
  reply.controls.find((one) => one.oid === oid)?.value;
const sorted = (reply: Reply) => decodeSortResponse(controlValue(reply, CONTROL_OIDS.sortResponse));
const viewed = (reply: Reply): VirtualListResponse =>
  decodeVirtualListResponse(controlValue(reply, CONTROL_OIDS.virtualListResponse));
const names = (reply: Reply): string[] => reply.entries.map(({ dn }) => dn.slice(3, dn.indexOf(',')));

/** Devices below ou=groups: name -> attributes. */
async function devices(
  given: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>,
): Promise<{ server: TestServer; admin: TestClient; client: TestClient }> {
  const server = await TestServer.open();
  const admin = await server.populate();
  for (const [cn, attributes] of Object.entries(given)) {
    const reply = await admin.add(`cn=${cn},ou=groups,${BASE}`, {
      objectClass: ['device'],
      cn,
      ...attributes,
    });
    if (reply.result !== 'success') throw new Error(reply.diagnostic);
  }
  return { server, admin, client: server.connect() };
}
const DEVICES = { base: `ou=groups,${BASE}`, scope: 'one', attributes: ['cn'] } as const;

t.test('one key, several, reverse; equal keys keep their order (RFC 2891 section 1.1)', async (t) => {
  const { client } = await devices({
    d1: { serialNumber: '20', l: 'Berlin' },
    d2: { serialNumber: '3', l: 'aachen' },
    d3: { serialNumber: '100', l: 'Berlin' },
    d4: { serialNumber: '3', l: 'Celle' },
  });
  const order = async (keys: string) => names(await client.search(DEVICES, [sort(keys)])).join(' ');
  t.equal(await order('cn'), 'd1 d2 d3 d4');
  t.equal(await order('-cn'), 'd4 d3 d2 d1');
  t.equal(await order('l'), 'd2 d1 d3 d4', 'case does not count');
  t.equal(await order('l/-cn'), 'd2 d3 d1 d4');
  t.equal(await order('serialNumber'), 'd3 d1 d2 d4', 'as text');
  t.equal(await order('-serialNumber/cn'), 'd2 d4 d1 d3');
  t.equal(await order('l:caseExactOrderingMatch'), 'd1 d3 d4 d2', 'the rule that was asked for');
  t.equal(await order('l:2.5.13.6'), 'd1 d3 d4 d2', 'by its OID');
  const reply = await client.search(DEVICES, [sort('cn')]);
  t.same(sorted(reply), { result: 'success', attribute: undefined });
});

t.test(
  'an entry without the key is larger than all others; the least of several values counts (RFC 2891 section 2.2)',
  async (t) => {
    const { client } = await devices({
      d1: {},
      d2: { l: ['m', 'z'] },
      d3: { l: 'n' },
      d4: { l: ['a', 'y'] },
    });
    t.same(names(await client.search(DEVICES, [sort('l')])), ['d4', 'd2', 'd3', 'd1']);
    t.same(names(await client.search(DEVICES, [sort('-l')])), ['d1', 'd3', 'd2', 'd4']);
  },
);

t.test('computed attributes, integers and times sort by their own rules', async (t) => {
  const { server, admin, client } = await devices({ d1: {}, d2: {} });
  server.clock.advance(5000);
  await admin.add(`cn=d0,ou=groups,${BASE}`, { objectClass: ['device'], cn: 'd0' });
  t.same(names(await client.search(DEVICES, [sort('createTimestamp/cn')])), ['d1', 'd2', 'd0']);
  for (const [cn, uidNumber] of [
    ['p1', '9'],
    ['p2', '10'],
    ['p3', '-1'],
  ] as const) {
    await admin.add(`cn=${cn},ou=people,${BASE}`, {
      objectClass: ['account', 'posixAccount'],
      uid: cn,
      cn,
      uidNumber,
      gidNumber: '1',
      homeDirectory: '/',
    });
  }
  const reply = await client.search({ filter: '(uidNumber=*)' }, [sort('uidNumber')]);
  t.same(names(reply), ['p3', 'p1', 'p2']);
});

t.test(
  'what cannot be sorted: refused where critical, else given as it comes and said so (RFC 2891 section 2)',
  async (t) => {
    const { client } = await devices({ d1: {}, d2: {} });
    const unknown = await client.search(DEVICES, [sort('cn/nosuch')]);
    t.equal(unknown.result, 'unavailableCriticalExtension');
    t.equal(unknown.entries.length, 0);
    t.same(sorted(unknown), { result: 'noSuchAttribute', attribute: 'nosuch' });
    const lenient = await client.search(DEVICES, [sort('cn/nosuch', false)]);
    t.equal(lenient.result, 'success');
    t.equal(lenient.entries.length, 2);
    t.same(sorted(lenient), { result: 'noSuchAttribute', attribute: 'nosuch' });
    const rule = await client.search(DEVICES, [sort('cn:nosuchMatch')]);
    t.same(sorted(rule), { result: 'inappropriateMatching', attribute: 'cn' });
    const unfit = await client.search(DEVICES, [sort('cn:integerOrderingMatch', false)]);
    t.same(sorted(unfit), { result: 'inappropriateMatching', attribute: 'cn' }, 'a rule for other values');
    const fit = await client.search(DEVICES, [sort('cn:caseExactOrderingMatch/serialNumber:2.5.13.3')]);
    t.same(sorted(fit), { result: 'success', attribute: undefined }, 'any rule of strings for any string');
    t.equal((await client.search(DEVICES, [sort('cn'), sort('cn')])).result, 'protocolError');
    t.equal((await client.delete(BASE, [sort('cn')])).result, 'unavailableCriticalExtension');
  },
);

t.test('a hidden attribute is no key: the order tells nothing of it', async (t) => {
  const server = await TestServer.open();
  await server.populate();
  const people = { base: `ou=people,${BASE}`, scope: 'one' } as const;
  const client = server.connect();
  t.same(names(await client.search(people, [sort('-userPassword')])), ['=ann', '=bob']);
  const admin = await server.admin();
  t.same(names(await admin.search(people, [sort('-userPassword')])), ['=bob', '=ann']);
});

t.test('the size limit gives the first of the order', async (t) => {
  const { client } = await devices({ d1: {}, d2: {}, d3: {} });
  const reply = await client.search({ ...DEVICES, sizeLimit: 2 }, [sort('-cn')]);
  t.equal(reply.result, 'sizeLimitExceeded');
  t.same(names(reply), ['d3', 'd2']);
});

t.test('many entries: any order of arrival gives the sorted one, whole and in pages (random)', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const random = seededRandom(7);
  const numbers: string[] = [];
  for (let i = 0; i < 1100; i++) {
    const [a = 0, b = 0] = random.bytes(2);
    const l = String((a * 256 + b) % 700).padStart(5, '0');
    numbers.push(l);
    admin.send({
      kind: 'add',
      dn: `cn=n${i},ou=groups,${BASE}`,
      attributes: [
        { description: 'objectClass', values: [utf8Encode('device')] },
        { description: 'l', values: [utf8Encode(l)] },
      ],
    });
  }
  await admin.search({ scope: 'base' });
  const expected = numbers
    .map((l, i) => ({ l, i }))
    .sort((x, y) => (x.l === y.l ? x.i - y.i : x.l < y.l ? -1 : 1))
    .map(({ i }) => `n${i}`);
  t.same(names(await admin.search(DEVICES, [sort('l')])), expected);
  const paged: string[] = [];
  let cookie: Uint8Array = new Uint8Array(0);
  do {
    const reply = await admin.search(DEVICES, [sort('l'), page(400, cookie)]);
    paged.push(...names(reply));
    const control = decodePagedResults(controlValue(reply, CONTROL_OIDS.pagedResults));
    t.equal(control.size, 1100);
    cookie = control.cookie;
    if (paged.length === 800) server.clock.advance(120_000);
  } while (cookie.length > 0);
  t.same(paged, expected, 'also when the kept list is gone and made again');
});

t.test('pages of one order are no pages of another', async (t) => {
  const { client } = await devices({ d1: {}, d2: {}, d3: {} });
  const first = await client.search(DEVICES, [sort('cn'), page(2)]);
  const { cookie } = decodePagedResults(controlValue(first, CONTROL_OIDS.pagedResults));
  t.equal((await client.search(DEVICES, [sort('-cn'), page(2, cookie)])).result, 'unwillingToPerform');
  t.equal((await client.search(DEVICES, [page(2, cookie)])).result, 'unwillingToPerform');
  t.same(names(await client.search(DEVICES, [sort('cn'), page(2, cookie)])), ['d3']);
});

t.test(
  'a view by offset: around the target, cut at the ends, scaled to the size the client believes in',
  async (t) => {
    const all = Array.from({ length: 20 }, (_, i) => `d${String(i + 1).padStart(2, '0')}`);
    const { client } = await devices(Object.fromEntries(all.map((cn) => [cn, {}])));
    const see = async (before: number, after: number, target: ListTarget) => {
      const reply = await client.search(DEVICES, [sort('cn'), view(before, after, target)]);
      const { position, contentCount, result } = viewed(reply);
      t.equal(result, 'success');
      t.equal(contentCount, 20);
      return [position, ...names(reply)];
    };
    t.same(await see(1, 2, at(5)), [5, 'd04', 'd05', 'd06', 'd07']);
    t.same(await see(3, 1, at(1)), [1, 'd01', 'd02']);
    t.same(await see(2, 9, at(20)), [20, 'd18', 'd19', 'd20']);
    t.same(await see(0, 0, at(99)), [20, 'd20'], 'past the end of a list of unknown size');
    t.same(await see(0, 0, at(50, 100)), [10, 'd10'], 'half way');
    t.same(await see(0, 0, at(100, 100)), [20, 'd20']);
    t.same(await see(0, 0, at(1, 100)), [1, 'd01']);
    t.same(await see(0, 0, at(5, 20)), [5, 'd05']);
  },
);

t.test('a view by value: the first that is not before it, in either direction', async (t) => {
  const { client } = await devices({ ant: {}, bee: {}, cat: {}, dog: {} });
  const see = async (keys: string, text: string) => {
    const reply = await client.search(DEVICES, [sort(keys), view(1, 1, from(text))]);
    return [viewed(reply).position, ...names(reply)];
  };
  t.same(await see('cn', 'BEE'), [2, 'ant', 'bee', 'cat']);
  t.same(await see('cn', 'c'), [3, 'bee', 'cat', 'dog']);
  t.same(await see('cn', 'a'), [1, 'ant', 'bee']);
  t.same(await see('cn', 'z'), [5, 'dog'], 'one past the end');
  t.same(await see('-cn', 'cow'), [2, 'dog', 'cat', 'bee']);
});

t.test('what a view needs and refuses', async (t) => {
  const { client } = await devices({ d1: {}, d2: {} });
  const faulty = async (...controls: Control[]) => {
    const reply = await client.search(DEVICES, controls);
    t.equal(reply.result, 'virtualListViewError');
    t.equal(reply.entries.length, 0);
    return viewed(reply).result;
  };
  t.equal(await faulty(view(0, 1, at(1))), 'sortControlMissing');
  t.equal(await faulty(sort('nosuch'), view(0, 1, at(1))), 'noSuchAttribute');
  t.equal(await faulty(sort('cn'), view(0, 1, at(3, 2))), 'offsetRangeError');
  t.equal(await faulty(sort('cn'), view(0, 1, at(0))), 'offsetRangeError');
  t.equal(await faulty(sort('createTimestamp'), view(0, 1, from('no time'))), 'inappropriateMatching');
  const both = await client.search(DEVICES, [sort('cn'), page(1), view(0, 1, at(1))]);
  t.equal(both.result, 'unwillingToPerform');
  const empty = await client.search({ ...DEVICES, filter: '(l=x)' }, [sort('cn'), view(0, 1, at(1))]);
  t.same([viewed(empty).result, viewed(empty).position, viewed(empty).contentCount], ['success', 0, 0]);
});

t.test(
  'a context id shows the same list again, for a while, to the same client and search only',
  async (t) => {
    const { server, admin, client } = await devices({ d1: {}, d2: {}, d3: {} });
    const first = viewed(await client.search(DEVICES, [sort('cn'), view(0, 0, at(1))]));
    await admin.delete(`cn=d2,ou=groups,${BASE}`);
    const again = (target: ListTarget, keys = 'cn') =>
      client.search(DEVICES, [sort(keys), view(0, 0, target, first.contextId)]);
    t.equal(viewed(await again(at(3))).contentCount, 3, 'the list as it was');
    t.same(names(await again(at(3))), ['d3']);
    t.same(names(await again(at(2))), [], 'an entry that is gone is left out');
    t.equal(viewed(await again(at(1), '-cn')).contentCount, 2, 'of another order: made anew');
    server.clock.advance(61_000);
    t.equal(viewed(await again(at(1))).contentCount, 2, 'forgotten: made anew');
    const context = must(first.contextId, 'a context');
    t.ok(context.length <= 64);
  },
);

t.test('the first of many come from an ordering index, and are those that sorting gives', async (t) => {
  const { admin, server } = await devices({});
  for (let n = 0; n < 60; n++) {
    const reply = await admin.add(`uid=p${n},ou=people,${BASE}`, {
      objectClass: ['inetOrgPerson', 'posixAccount'],
      cn: `Person ${n}`,
      sn: n % 10 === 0 ? 'Rare' : 'Common',
      uid: `p${n}`,
      uidNumber: String((n * 37) % 60),
      gidNumber: '1',
      homeDirectory: '/',
    });
    t.equal(reply.result, 'success');
  }
  const client = server.connect();
  for (const filter of ['(objectClass=posixAccount)', '(sn=common)', '(gidNumber=1)', '(!(sn=rare))']) {
    for (const keys of ['uidNumber', '-uidNumber', 'createTimestamp', '-createTimestamp/cn']) {
      const whole = names(await client.search({ filter }, [sort(keys)]));
      const some = await client.search({ filter, sizeLimit: 7 }, [sort(keys)]);
      t.equal(some.result, 'sizeLimitExceeded');
      t.same(names(some), whole.slice(0, 7), `${filter} by ${keys}`);
    }
  }
  const exact = await client.search({ filter: '(uidNumber>=58)', sizeLimit: 2 }, [sort('uidNumber')]);
  t.equal(exact.result, 'success');
  t.equal(exact.entries.length, 2);
});

t.test(
  'a view without a context id shows the list of a moment ago while nothing was written, and a new one after',
  async (t) => {
    const { server, admin, client } = await devices({ d1: {}, d2: {} });
    const see = async (who = client) => {
      const reply = await who.search(DEVICES, [sort('cn'), view(0, 5, at(1))]);
      return {
        names: names(reply),
        context: Buffer.from(must(viewed(reply).contextId, 'a context')).toString('hex'),
      };
    };
    const first = await see();
    t.equal((await see()).context, first.context, 'the same list');
    t.not((await see(admin)).context, first.context, "not another's");
    await admin.add(`cn=d0,ou=groups,${BASE}`, { objectClass: ['device'], cn: 'd0' });
    t.same((await see()).names, ['d0', 'd1', 'd2']);
    server.clock.advance(61_000);
    t.same((await see()).names, ['d0', 'd1', 'd2']);
  },
);
