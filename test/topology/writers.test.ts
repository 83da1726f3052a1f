/** Which servers take writes: those of the own site first, never one that is read-only, left, a broker alone or the server itself. */
import t from 'tap';
import type { ReplicaId } from '../../lib/csn/csn.js';
import type { TopologyMember } from '../../lib/topology/member-list.js';
import { writerUrls } from '../../lib/topology/writers.js';

const member = (id: number, more: Partial<TopologyMember> = {}): TopologyMember => ({
  name: `s${id}`,
  id: id as ReplicaId,
  site: 'here',
  runs: 'both',
  replication: undefined,
  ldap: `s${id}:389`,
  ldaps: undefined,
  http: undefined,
  standing: 'member',
  joined: false,
  sinceMs: id,
  atMs: id,
  ...more,
});

t.test('who takes writes, and in which order', async (t) => {
  const own = member(1, { readOnly: true });
  const far = member(2, { site: 'there', ldaps: 's2:636' });
  t.same(writerUrls([own, far, member(3)], 's1'), ['ldap://s3:389', 'ldap://s2:389', 'ldaps://s2:636']);
  t.same(writerUrls([own, far, member(3)], 's3'), ['ldap://s2:389', 'ldaps://s2:636']);
  const none: Partial<TopologyMember>[] = [
    { readOnly: true },
    { standing: 'left' },
    { runs: 'broker' },
    { ldap: undefined },
    { id: 1 as ReplicaId },
  ];
  for (const more of none) t.same(writerUrls([own, member(4, more)], 's1'), [], JSON.stringify(more));
  t.same(writerUrls([], 's1'), []);
});
