/** What clients see and do of an entry that a merge left outside the schema (replication-model.md section 4). */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { utf8Encode } from '../../lib/base/bytes.js';
import type { Change } from '../../lib/change/change.js';
import { ServerState } from '../../lib/csn/server-state.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { elsewhere } from './elsewhere.js';
import { BASE, TestServer } from './test-server.js';

const ANN = `uid=ann,ou=people,${BASE}`;
const CLASSES = ['top', 'person', 'organizationalPerson', 'inetOrgPerson'];
const MARK = 'ds-sync-schema-violation';

/** A replace of objectClass on another server that had not heard of the last change here. */
function replacedClasses(server: TestServer, seen: ServerState, classes: readonly string[]): Change {
  const entry = must(server.backend.byDnText(ANN), 'ann');
  return elsewhere(
    server,
    entry.uuid,
    {
      kind: 'modify',
      attributes: [
        {
          key: 'objectclass' as AttributeKey,
          name: 'objectClass',
          equality: 'objectIdentifierMatch',
          single: false,
          clear: true,
          remove: [],
          add: classes.map(utf8Encode),
          increment: 0n,
        },
      ],
    },
    seen,
  );
}

t.test('it is marked, found, listed, and mended step by step', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const seen = ServerState.of(server.backend.state.csns());
  const posix = await admin.modify(ANN, [
    ['add', 'objectClass', 'posixAccount'],
    ['add', 'uidNumber', '7'],
    ['add', 'gidNumber', '7'],
    ['add', 'homeDirectory', '/home/ann'],
  ]);
  t.equal(posix.result, 'success', posix.diagnostic);
  await server.backend.replay([replacedClasses(server, seen, CLASSES)]);

  const marked = async (): Promise<string | undefined> => {
    const { entries } = await admin.search({ base: ANN, scope: 'base', attributes: ['+'] });
    const values = (entries[0]?.attributes as Record<string, string[]> | undefined)?.[MARK];
    return values?.join();
  };
  t.match(await marked(), /'gidNumber' is not allowed/, "shown with '+'");
  const plain = await admin.search({ base: ANN, scope: 'base', attributes: ['*'] });
  t.notOk(MARK in (plain.entries[0]?.attributes ?? {}), 'and not as a user attribute');
  const found = await admin.search({ base: BASE, scope: 'sub', filter: `(${MARK}=*)`, attributes: ['1.1'] });
  t.same(
    found.entries.map(({ dn }) => dn),
    [ANN],
  );
  const conflicts = await admin.search({
    base: 'cn=conflicts,cn=monitor',
    scope: 'one',
    filter: '(conflict-kind=schema-violation)',
    attributes: ['*', '+'],
  });
  t.equal(conflicts.entries.length, 1);

  t.equal((await admin.modify(ANN, [['add', MARK, 'x']])).result, 'constraintViolation');
  t.equal((await admin.modify(ANN, [['add', 'mail', 'second@example.com']])).result, 'success');
  t.equal((await admin.modify(ANN, [['replace', 'gidNumber', '8']])).result, 'objectClassViolation');
  t.equal((await admin.modify(ANN, [['delete', 'gidNumber']])).result, 'success');
  t.match(await marked(), /'homeDirectory' is not allowed/);
  t.equal((await admin.modify(ANN, [['delete', 'homeDirectory']])).result, 'success');
  t.equal((await admin.modify(ANN, [['delete', 'uidNumber']])).result, 'success');
  t.equal(await marked(), undefined);
  for await (const lines of server.backend.journal())
    t.notOk(lines.some(({ kind }) => kind === 'schema-violation'));
});
