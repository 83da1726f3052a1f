/** Claims about the servers of a topology as data: the meaning of a set does not depend on order, and a departure is for good. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { toReplicaId } from '../../lib/csn/csn.js';
import {
  elderOf,
  followed,
  formatMember,
  memberChange,
  membersOf,
  type OwnFacts,
  ownMember,
  parseMember,
  type TopologyMember,
} from '../../lib/topology/member-list.js';

function member(name: string, more: Partial<TopologyMember> = {}): TopologyMember {
  return {
    name,
    id: must(toReplicaId(Number(name.slice(1)) + 1), 'a replica id'),
    site: 'default',
    runs: 'both',
    replication: `${name}:8989`,
    ldap: undefined,
    ldaps: undefined,
    http: undefined,
    standing: 'member',
    joined: true,
    sinceMs: 1000,
    atMs: 1000,
    ...more,
  };
}

/** All orders of a list. */
function orders<T>(list: readonly T[]): T[][] {
  if (list.length === 0) return [[]];
  return list.flatMap((first, at) => orders(list.filter((_, i) => i !== at)).map((rest) => [first, ...rest]));
}

t.test('a member is written and read back; what is none is not taken', async (t) => {
  const one = member('s1', { ldap: '127.0.0.1:1389', standing: 'left', joined: false });
  t.same(parseMember(formatMember(one)), JSON.parse(JSON.stringify(one)));
  const bad: unknown[] = ['', '{', 'null', '[]', '{}', '"x"'];
  const row = JSON.parse(formatMember(one)) as Record<string, unknown>;
  for (const [key, value] of [
    ['name', 'a b'],
    ['name', 5],
    ['id', 0],
    ['id', 65_536],
    ['id', 1.5],
    ['site', ''],
    ['runs', 'all'],
    ['standing', 'gone'],
    ['joined', 1],
    ['sinceMs', -1],
    ['atMs', '1'],
    ['ldap', 7],
  ] as const)
    bad.push(JSON.stringify({ ...row, [key]: value }));
  bad.push(JSON.stringify({ ...row, site: 'x'.repeat(5000) }));
  for (const text of bad) t.equal(parseMember(String(text)), undefined, String(text).slice(0, 60));
});

t.test(
  'what a set of texts means is the same in every order: the later text, and a departure before all',
  async (t) => {
    const versions = [
      member('s1', { atMs: 1 }),
      member('s1', { atMs: 2, site: 'oslo' }),
      member('s1', { atMs: 2, site: 'bonn' }),
      member('s1', { atMs: 1, standing: 'left' }),
      member('s2'),
    ].map(formatMember);
    for (let mask = 1; mask < 1 << versions.length; mask++) {
      const chosen = versions.filter((_, i) => (mask >> i) & 1);
      const meant = membersOf(chosen);
      for (const order of orders(chosen)) t.same(membersOf(order), meant);
      const one = meant.find(({ name }) => name === 's1');
      if (mask & 8) t.equal(one?.standing, 'left');
      else if (mask & 2) t.equal(one?.site, 'oslo');
    }
  },
);

t.test('writing a member takes every other text of its name away, and nothing else', async (t) => {
  const texts = [member('s1'), member('s1', { atMs: 9 }), member('s2')].map(formatMember);
  const next = member('s1', { atMs: 10 });
  t.same(memberChange(texts, next), { remove: texts.slice(0, 2), add: [formatMember(next)] });
  t.same(memberChange([formatMember(next)], next), { remove: [], add: [] });
});

t.test('of two members with one replica id, on every server the one that came first counts', async (t) => {
  const first = member('s1', { sinceMs: 5 });
  const id = first.id;
  const second = member('s2', { id, sinceMs: 6 });
  const third = member('s0', { id, sinceMs: 5 });
  for (const all of orders([first, second, third])) {
    t.equal(elderOf(all, third), undefined);
    t.equal(elderOf(all, first)?.name, 's0');
    t.ok(elderOf(all, second));
    t.notOk(followed(all, 's9', new Map(), new Map()).has('s2'));
  }
});

t.test(
  'who follows whom: all follow who came by a token, who came so follows all, nobody follows who left',
  async (t) => {
    const states = [
      { joined: true, standing: 'member' },
      { joined: false, standing: 'member' },
      { joined: true, standing: 'left' },
      { joined: false, standing: 'left' },
    ] as const;
    for (const a of states) {
      for (const b of states) {
        for (const isListed of [true, false]) {
          const all = [member('s1', a), member('s2', b)];
          const listed = new Map(isListed ? [['s2', 'configured:1']] : []);
          const follows = followed(all, 's1', listed, new Map());
          const expected = b.standing === 'member' && (isListed || a.joined || b.joined);
          t.equal(follows.has('s2'), expected, JSON.stringify({ a, b, isListed }));
          if (expected)
            t.equal(follows.get('s2'), a.joined || b.joined ? 's2:8989' : 'configured:1', 'the address');
          const overridden = followed(all, 's1', listed, new Map([['s2', 'proxy:7']]));
          if (expected) t.equal(overridden.get('s2'), 'proxy:7', 'an override replaces every address');
          t.notOk(follows.has('s1'), 'nobody follows itself');
        }
      }
    }
    t.same([...followed([], 's1', new Map([['s2', 'x:1']]), new Map())], [['s2', 'x:1']], 'no topology yet');
  },
);

t.test('a server says what it is once, again when that changes, and never after it left', async (t) => {
  const own: OwnFacts = member('s1');
  const made = must(ownMember([], own, 50), 'a new member');
  t.match(made, { joined: false, standing: 'member', sinceMs: 50, atMs: 50 });
  t.equal(ownMember([made], own, 60), undefined);
  const moved = must(ownMember([made], { ...own, ldap: 'h:1' }, 40), 'a changed member');
  t.match(moved, { ldap: 'h:1', sinceMs: 50, atMs: 51 }, 'later than before, whatever the clock says');
  t.equal(ownMember([{ ...made, standing: 'left' }], { ...own, ldap: 'h:1' }, 60), undefined);
  t.equal(ownMember([member('s2', { id: own.id, sinceMs: 10 })], own, 60), undefined, "another's replica id");
});
