/** The demo's places follow from its options. */
import t from 'tap';
import { demoAddresses, demoLayout, readyServer } from '../../lib/app/process/demo-layout.js';

t.test('server k is at port + 10(k-1), in one of two sites', (t) => {
  const places = demoLayout('/d', 3, 1389);
  t.same(
    places.map((place) => [place.name, place.id, place.ldapPort, place.dir]),
    [
      ['server-1', 1, 1389, '/d/server-1'],
      ['server-2', 2, 1399, '/d/server-2'],
      ['server-3', 3, 1409, '/d/server-3'],
    ],
  );
  t.same([...new Set(places.map((place) => place.site))], ['berlin', 'oslo']);
  t.end();
});

t.test('LDAPS is on the next port, replication on +2, HTTP on +3', (t) => {
  const [place] = demoLayout('/d', 1, 1389);
  t.same(place && demoAddresses(place), {
    ldap: '127.0.0.1:1389',
    ldaps: '127.0.0.1:1390',
    replication: '127.0.0.1:1391',
    http: '127.0.0.1:1392',
  });
  t.same(place && readyServer(place, 1234), {
    name: 'server-1',
    id: 1,
    pid: 1234,
    ldap: 'ldap://127.0.0.1:1389',
    ldaps: 'ldaps://127.0.0.1:1390',
    replication: '127.0.0.1:1391',
    http: 'http://127.0.0.1:1392',
    dir: '/d/server-1',
  });
  t.end();
});
