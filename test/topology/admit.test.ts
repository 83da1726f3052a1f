/** Claims about who may join: names and ids are never used twice, clocks agree, and each refusal says what to do. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { LIMITS } from '../../lib/base/limits.js';
import { toReplicaId } from '../../lib/csn/csn.js';
import { admit, type JoinFacts, type JoinWish } from '../../lib/topology/admit.js';
import type { TopologyMember } from '../../lib/topology/member-list.js';

const NOW = 1_700_000_000_000;

const wish: JoinWish = {
  name: undefined,
  id: undefined,
  site: 'oslo',
  runs: 'both',
  replication: 'new:8989',
  ldap: 'new:389',
  ldaps: undefined,
  http: undefined,
  clockMs: NOW,
  dataFormat: 1,
};

const member = (id: number, standing: 'member' | 'left'): TopologyMember => ({
  name: `server-${id}`,
  id: must(toReplicaId(id), 'a replica id'),
  site: 'oslo',
  runs: 'both',
  replication: `old-${id}:8989`,
  ldap: undefined,
  ldaps: undefined,
  http: undefined,
  standing,
  joined: false,
  sinceMs: 1,
  atMs: 1,
});

const facts: JoinFacts = {
  members: [member(1, 'member'), member(4, 'left')],
  names: new Set(['server-1', 'server-2']),
  ids: new Set([1, 2, 6]),
  nowMs: NOW,
  dataFormat: 1,
};

/** The refusal of a wish; fails the test when it is granted. */
function refusal(change: Partial<JoinWish>, more: Partial<JoinFacts> = {}): string {
  const answer = admit({ ...wish, ...change }, { ...facts, ...more });
  return answer.kind === 'refused' ? answer.sentence : `admitted as ${answer.member.name}`;
}

t.test('a new server gets the next id that was never used, and a name from it', async (t) => {
  const answer = admit(wish, facts);
  t.match(answer, {
    kind: 'admitted',
    member: { name: 'server-7', id: 7, standing: 'member', joined: true, sinceMs: NOW },
  });
  const full: JoinFacts = { ...facts, ids: new Set([1, 2, 65_535]) };
  t.match(admit(wish, full), { kind: 'admitted', member: { id: 3 } }, 'the least one where there is no next');
  t.match(admit({ ...wish, id: 5, name: 'berlin' }, facts), { member: { id: 5, name: 'berlin' } });
});

t.test('a name, an id or an address that is or was used is refused, with what to do', async (t) => {
  t.match(refusal({ name: 'server-1' }), /leave --forget server-1/);
  t.match(refusal({ name: 'server-2' }), /called server-2 already/, 'only peers know it');
  t.match(refusal({ name: 'server-4' }), /left this topology/);
  t.match(refusal({ id: 1 }), /id 1 is server-1's/);
  t.match(refusal({ id: 4 }), /id 4 was server-4's/);
  t.match(refusal({ id: 6 }), /has made changes/);
  t.match(refusal({ id: 2, name: 'other' }), /has made changes/);
  t.match(refusal({ ldap: 'old-1:8989' }), /address old-1:8989 is server-1's/);
  t.match(refusal({ replication: 'old-4:8989' }), /admitted/, 'the address of one that left is free');
});

t.test('clocks may be apart by a bound, either way, and no more', async (t) => {
  const { joinClockSkewMs } = LIMITS;
  for (const ms of [0, joinClockSkewMs, -joinClockSkewMs])
    t.match(refusal({ clockMs: NOW + ms }), /admitted/);
  t.match(refusal({ clockMs: NOW + joinClockSkewMs + 1000 }), /61 s ahead/);
  t.match(refusal({ clockMs: NOW - joinClockSkewMs - 1000 }), /61 s behind/);
});

t.test('what cannot be a server is refused', async (t) => {
  t.match(refusal({ dataFormat: 2 }), /format 2/);
  t.match(refusal({ name: 'a b' }), /no name for a server/);
  t.match(refusal({ site: '' }), /no name for a site/);
  for (const id of [0, -1, 1.5, 65_536]) t.match(refusal({ id }), /no replica id/);
  t.match(refusal({ replication: undefined, runs: 'broker' }), /must listen for replication/);
  t.match(refusal({ replication: undefined, runs: 'directory' }), /admitted/, 'it dials others');
  for (const address of ['x', ':1', 'host:0', 'host:99999', 'ho st:1'])
    t.match(refusal({ replication: address }), /is not an address/);
  const everyId = new Set(Array.from({ length: 65_535 }, (_, n) => n + 1));
  t.match(refusal({}, { ids: everyId }), /every replica id is taken/);
});
