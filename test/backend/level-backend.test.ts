/** The backend on LevelDB: restarts, a torn log, a second process (issue 2: a data directory is safe). */
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { openLevelStore } from '../../lib/io/store/level-store.js';
import { adding, modifying, openEngine, renaming, searchDns, TestSink, violations } from './engine.js';

const BASE = 'dc=example,dc=com';
const PEOPLE = `ou=people,${BASE}`;
const person = (uid: string) => ({
  objectClass: ['person', 'inetOrgPerson'],
  uid: [uid],
  cn: [uid],
  sn: ['S'],
});

t.test(
  'everything is there after a restart, and a log torn at its end costs only what stood there (F1, F6)',
  async (t) => {
    const dir = join(t.testdir(), 'db');
    const store = await openLevelStore(dir);
    const { backend } = await openEngine({ store });
    await backend.submit('', adding(BASE, { objectClass: ['domain'], dc: ['example'] }));
    await backend.submit('', adding(PEOPLE, { objectClass: ['organizationalUnit'], ou: ['people'] }));
    await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        backend.submit('', adding(`uid=u${i},${PEOPLE}`, person(`u${i}`))),
      ),
    );
    await backend.submit('', modifying(`uid=u1,${PEOPLE}`, { sn: { clear: true, add: ['T'] } }));
    await backend.submit('', renaming(PEOPLE, 'ou=folk'));
    await backend.submit('', adding(`uid=last,ou=folk,${BASE}`, person('last')));
    await backend.close();
    await store.close();

    const log = join(
      dir,
      must(
        readdirSync(dir)
          .filter((name) => name.endsWith('.log'))
          .sort()
          .at(-1),
        'a log',
      ),
    );
    truncateSync(log, statSync(log).size - 20);
    const reopened = await openLevelStore(dir);
    const again = await openEngine({ store: reopened, sink: new TestSink() });
    t.equal(again.backend.entryCount, 42);
    t.equal(again.backend.byDnText(`uid=last,ou=folk,${BASE}`), undefined, 'the torn batch is wholly gone');
    t.same(await searchDns(again.backend, BASE, 'sub', '(sn=t)'), [`uid=u1,ou=folk,${BASE}`]);
    t.equal((await searchDns(again.backend, BASE, 'sub', '(objectClass=*)')).length, 42);
    t.equal((await searchDns(again.backend, `ou=folk,${BASE}`, 'one', '(cn=u*)')).length, 40);
    t.same(await violations(again), []);
    await again.backend.submit('', adding(`uid=last,ou=folk,${BASE}`, person('last')));
    t.same(await violations(again), []);

    const script = `import('${new URL('../../lib/io/store/level-store.js', import.meta.url).href}')
    .then((m) => m.openLevelStore(process.argv[1])).then(() => console.log('OPENED'), (e) => console.log(e.code));`;
    const other = spawnSync(process.execPath, ['--input-type=module', '-e', script, dir], {
      encoding: 'utf8',
    });
    t.equal(other.stdout.trim(), 'DATA_DIR_LOCKED', 'another process is refused');
    await again.backend.close();
    await reopened.close();
  },
);
