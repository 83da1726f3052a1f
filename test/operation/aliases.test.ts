/** Aliases in searches (RFC 4511 section 4.5.1.3). */
import t from 'tap';
import { CONTROL_OIDS } from '../../lib/ldap/control-oids.js';
import { decodePagedResults, encodePagedResults } from '../../lib/ldap/controls/paged-results.js';
import type { DerefAliases, SearchScope } from '../../lib/ldap/message.js';
import { followAliases } from '../../lib/operation/search/aliases.js';
import { BASE, type Reply, TestServer } from './test-server.js';

const MODES: readonly DerefAliases[] = ['never', 'searching', 'finding', 'always'];
const names = (reply: Reply): string[] => reply.entries.map((entry) => entry.dn).sort();

async function withAliases() {
  const server = await TestServer.open();
  const admin = await server.populate();
  const alias = async (dn: string, target: string) => {
    const reply = await admin.add(dn, {
      objectClass: ['alias', 'extensibleObject'],
      aliasedObjectName: target,
    });
    if (reply.result !== 'success') throw new Error(`${dn}: ${reply.result} ${reply.diagnostic}`);
  };
  await alias(`cn=staff,${BASE}`, `ou=people,${BASE}`);
  await alias(`cn=boss,ou=groups,${BASE}`, `uid=ann,ou=people,${BASE}`);
  await alias(`cn=gone,ou=groups,${BASE}`, `uid=nobody,ou=people,${BASE}`);
  await alias(`cn=ring1,ou=groups,${BASE}`, `cn=ring2,ou=groups,${BASE}`);
  await alias(`cn=ring2,ou=groups,${BASE}`, `cn=ring1,ou=groups,${BASE}`);
  return { server, admin, client: server.connect() };
}

t.test('an alias as base is followed by finding and always (RFC 4511 section 4.5.1.3)', async (t) => {
  const { client } = await withAliases();
  for (const deref of MODES) {
    const reply = await client.search({ base: `cn=staff,${BASE}`, scope: 'one', deref });
    const follows = deref === 'finding' || deref === 'always';
    t.same(names(reply), follows ? [`uid=ann,ou=people,${BASE}`, `uid=bob,ou=people,${BASE}`] : [], deref);
    const below = await client.search({ base: `uid=ann,cn=staff,${BASE}`, scope: 'base', deref });
    t.equal(below.result, follows ? 'success' : 'noSuchObject', `an alias on the way, ${deref}`);
    const itself = await client.search({ base: `cn=staff,${BASE}`, scope: 'base', deref });
    t.same(names(itself), [follows ? `ou=people,${BASE}` : `cn=staff,${BASE}`]);
  }
});

t.test('aliases below the base are followed by searching and always, each entry given once', async (t) => {
  const { client } = await withAliases();
  const search = (deref: DerefAliases, scope: SearchScope, base: string, filter = '(objectClass=*)') =>
    client.search({ base, scope, deref, filter });
  t.same(names(await search('searching', 'one', `ou=groups,${BASE}`)), [`uid=ann,ou=people,${BASE}`]);
  t.same(names(await search('always', 'sub', `ou=groups,${BASE}`)), [
    `ou=groups,${BASE}`,
    `uid=ann,ou=people,${BASE}`,
  ]);
  t.same(
    names(await search('searching', 'sub', `ou=groups,${BASE}`, '(uid=ann)')),
    [`uid=ann,ou=people,${BASE}`],
    'found by the filter of the target, not of the alias',
  );
  const all = names(await search('always', 'sub', BASE));
  t.equal(all.length, new Set(all).size);
  t.equal(all.length, 5, 'aliases themselves are not given');
  t.equal(names(await search('never', 'sub', BASE)).length, 10);
  t.equal(names(await search('finding', 'sub', BASE)).length, 10);
});

t.test(
  'loops and dangling aliases are aliasProblem as base, and nothing when met (reliability class 36)',
  async (t) => {
    const { client, server } = await withAliases();
    for (const name of ['ring1', 'ring2', 'gone']) {
      const reply = await client.search({
        base: `cn=${name},ou=groups,${BASE}`,
        scope: 'base',
        deref: 'always',
      });
      t.equal(reply.result, 'aliasProblem', name);
      if (name === 'gone')
        t.equal(reply.matchedDn, `cn=gone,ou=groups,${BASE}`, 'the last entry used (RFC 4511 section 4.1.9)');
    }
    t.same(server.log.errors, []);
  },
);

t.test('searching follows aliases below the base, not the base itself', async (t) => {
  const { client } = await withAliases();
  const itself = await client.search({ base: `cn=staff,${BASE}`, scope: 'sub', deref: 'searching' });
  t.same(names(itself), [`cn=staff,${BASE}`]);
  const always = await client.search({ base: `cn=staff,${BASE}`, scope: 'sub', deref: 'always' });
  t.equal(always.entries.length, 3, 'the people and their container');
});

t.test(
  'an alias that the requester may not read is aliasDereferencingProblem (RFC 4511 appendix A)',
  async (t) => {
    const { server } = await withAliases();
    const { directory } = server.service;
    const route = directory.route(`cn=boss,ou=groups,${BASE}`);
    t.throws(() => followAliases(directory, route, () => false), {
      result: 'aliasDereferencingProblem',
    } as never);
    t.equal(followAliases(directory, route, () => true).kind, 'entry');
  },
);

t.test('chains of aliases are followed to their end, and no further than aliasDepth', async (t) => {
  const { admin, client } = await withAliases();
  const link = (n: number) => `cn=link${n},ou=groups,${BASE}`;
  for (let n = 0; n < 40; n++) {
    const reply = await admin.add(link(n), {
      objectClass: ['alias', 'extensibleObject'],
      aliasedObjectName: n === 0 ? `uid=ann,ou=people,${BASE}` : link(n - 1),
    });
    t.equal(reply.result, 'success');
  }
  const near = await client.search({ base: link(20), scope: 'base', deref: 'always' });
  t.same(names(near), [`uid=ann,ou=people,${BASE}`]);
  const far = await client.search({ base: link(39), scope: 'base', deref: 'always' });
  t.equal(far.result, 'aliasProblem');
  const met = await client.search({ base: `ou=groups,${BASE}`, scope: 'one', deref: 'always' });
  t.same(names(met), [`uid=ann,ou=people,${BASE}`], 'met in a search, each end is given once');
});

t.test('an alias to what another server holds is answered with its referral', async (t) => {
  const { admin, client } = await withAliases();
  const manage = [{ oid: CONTROL_OIDS.manageDsaIt, critical: true, value: undefined }];
  await admin.add(
    `ou=remote,${BASE}`,
    { objectClass: ['referral', 'extensibleObject'], ou: 'remote', ref: 'ldap://there.example/ou=x' },
    manage,
  );
  await admin.add(`cn=away,ou=groups,${BASE}`, {
    objectClass: ['alias', 'extensibleObject'],
    aliasedObjectName: `cn=who,ou=remote,${BASE}`,
  });
  const reply = await client.search({ base: `cn=away,ou=groups,${BASE}`, scope: 'base', deref: 'always' });
  t.equal(reply.result, 'referral');
  t.same(reply.referrals, ['ldap://there.example/cn=who,ou=x??base']);
  const sub = await client.search({ scope: 'sub', deref: 'always' });
  t.same(
    sub.references,
    [['ldap://there.example/ou=x??sub']],
    'one continuation, however many ways lead there',
  );
});

t.test('a search over aliases can be paged', async (t) => {
  const { client } = await withAliases();
  const found: string[] = [];
  let cookie: Uint8Array = new Uint8Array(0);
  for (let pages = 0; pages === 0 || cookie.length > 0; pages++) {
    const control = {
      oid: CONTROL_OIDS.pagedResults,
      critical: true,
      value: encodePagedResults({ size: 2, cookie }),
    };
    const page = await client.search({ deref: 'always' }, [control]);
    t.equal(page.result, 'success');
    found.push(...page.entries.map((entry) => entry.dn));
    cookie = decodePagedResults(page.controls[0]?.value).cookie;
  }
  t.equal(found.length, 5);
  t.equal(new Set(found).size, 5);
});

t.test('nothing is added below an alias', async (t) => {
  const { admin } = await withAliases();
  const reply = await admin.add(`ou=x,cn=staff,${BASE}`, { objectClass: 'organizationalUnit', ou: 'x' });
  t.equal(reply.result, 'aliasProblem');
  t.equal(reply.matchedDn, `cn=staff,${BASE}`);
});
