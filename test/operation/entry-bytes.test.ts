/** Answers written straight from the record are the octets that encoding the attributes gives (RFC 4511 section 4.5.2). */
import t from 'tap';
import { firstAccessRules } from '../../lib/access/first-access-rules.js';
import type { StoredEntry } from '../../lib/backend/backend.js';
import { must } from '../../lib/base/assert.js';
import { toHex } from '../../lib/base/bytes.js';
import { BerWriter } from '../../lib/ber/ber-writer.js';
import { compileSelection } from '../../lib/entry/select-attributes.js';
import { EntryBytes } from '../../lib/operation/search/entry-bytes.js';
import { adding, openEngine, schema } from '../backend/engine.js';
import { TestServer } from './test-server.js';

const BASE = 'dc=example,dc=com';

/** The same entry for those who do not know records. */
function plain(entry: StoredEntry) {
  return {
    id: entry.id,
    dn: entry.dn,
    dnText: entry.dnText,
    stored: entry.stored,
    attribute: (key: Parameters<StoredEntry['attribute']>[0]) => entry.attribute(key),
    computed: () => entry.computed(),
  };
}

t.test('every kind of entry, list of attributes and reader', async (t) => {
  const { backend } = await openEngine();
  await backend.submit('cn=admin', adding(BASE, { objectClass: ['top', 'domain'], dc: ['example'] }));
  const person = { objectClass: ['top', 'person', 'organizationalPerson', 'inetOrgPerson'], sn: ['x'] };
  const names = ['plain', 'Ann Lee', 'Lee\\, Ann', '\\#1', 'Jürgen', 'a\\+b', 'with\\"quotes', '\\ lead'];
  for (const name of names) {
    const value = name.replace(/\\(.)/g, '$1');
    await backend.submit('cn=admin', adding(`cn=${name},${BASE}`, { ...person, cn: [value, 'second'] }));
  }
  await backend.submit(
    'cn=admin',
    adding(`cn=two+sn=x,${BASE}`, {
      ...person,
      cn: ['two'],
      'description;lang-en': ['colour', 'y'.repeat(300)],
      userPassword: ['{CLEAR}secret'],
      mail: Array.from({ length: 200 }, (_, i) => `m${i}@example.com`),
    }),
  );
  await backend.submit(
    'cn=admin',
    adding(`cn=sub,${BASE}`, {
      objectClass: ['top', 'subentry'],
      cn: ['sub'],
      subtreeSpecification: ['{}'],
    }),
  );
  const policy = firstAccessRules();
  const readers = [
    policy.reader({ kind: 'anonymous' }),
    policy.reader({ kind: 'admin', dn: must(backend.byDnText(BASE), 'base').dn } as never),
  ];
  const lists = [[], ['*'], ['cn', 'mail'], ['description'], ['1.1'], ['*', '+'], ['entryUUID'], ['@person']];
  const bytes = new EntryBytes();
  const writer = new BerWriter();
  const entries = [
    BASE,
    ...names.map((name) => `cn=${name},${BASE}`),
    `cn=two+sn=x,${BASE}`,
    `cn=sub,${BASE}`,
  ];
  let compared = 0;
  for (const name of entries) {
    for (let round = 0; round < 2; round++) {
      const entry = must(backend.byDnText(name), name);
      t.equal(bytes.isSubentry(entry), name.startsWith('cn=sub'), `${name}: a subentry or not`);
      for (const reader of readers) {
        for (const list of lists) {
          const selection = compileSelection(list, schema);
          writer.reset();
          bytes.write(writer, 7, plain(entry), reader, selection);
          const want = toHex(writer.bytes());
          writer.reset();
          bytes.write(writer, 7, entry, reader, selection);
          if (toHex(writer.bytes()) !== want)
            t.fail(`${name} ${list.join(' ')} to ${reader.cacheKey ?? ''}: other octets`);
          compared += 1;
        }
      }
    }
  }
  t.equal(compared, entries.length * 2 * readers.length * lists.length);
  const hidden = must(backend.byDnText(`cn=two+sn=x,${BASE}`), 'two');
  writer.reset();
  bytes.write(writer, 7, hidden, must(readers[0], 'anonymous'), compileSelection([], schema));
  t.notMatch(Buffer.from(writer.bytes()).toString('latin1'), /secret/, 'what is hidden is not there');
});

t.test(
  'an entry of many values is read in turns of its own and comes whole, while others write it',
  async (t) => {
    const server = await TestServer.open();
    const admin = await server.populate();
    const members = Array.from({ length: 5200 }, (_, i) => `uid=u${i},ou=people,${BASE}`);
    const dn = `cn=many,ou=groups,${BASE}`;
    await admin.add(dn, { objectClass: ['groupOfNames'], cn: 'many', member: members });
    for (const [n, attributes] of [['member'], ['*', '+'], ['1.1', 'cn']].entries()) {
      const reading = admin.search({ base: dn, scope: 'base', attributes });
      const edit = await admin.modify(dn, [['delete', 'member', members[n] ?? '']]);
      t.equal(edit.result, 'success');
      const { entries } = await reading;
      t.equal(entries.length, 1);
      const found = entries[0]?.attributes.member ?? [];
      t.equal(new Set(found).size, attributes.includes('cn') ? 0 : found.length);
      t.ok(attributes.includes('cn') || found.length >= 5197, 'as it was before the edit, or after it');
    }
    const typesOnly = await admin.search({ base: dn, scope: 'base', typesOnly: true });
    t.same(typesOnly.entries[0]?.attributes.member, []);
    t.equal((await admin.search({ filter: `(member=${members[9]})` })).entries.length, 1);
    const given = await admin.search({
      base: dn,
      scope: 'base',
      filter: `(member=${members[9]?.toUpperCase()})`,
    });
    t.equal(given.entries.length, 1);
  },
);
