/**
 * Writes on both sides of a cut (docs/conflicts.md): each story says what is done here (server 1, alone), then there (servers 2 and 3), and what all three
 * servers hold after the cut is mended. Writes there are younger in CSN order: they are made after those here, on the same clock.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { callControl } from '../../lib/app/control/control-client.js';
import type { ReplicasVerified } from '../../lib/app/domain/verify-replicas.js';
import { serverFiles } from '../../lib/app/server-files.js';
import { CONTROL_OIDS } from '../../lib/ldap/control-oids.js';
import { type Cluster, startCluster } from './cluster.js';
import { giveUpChanges } from './give-up-changes.js';
import {
  adminOn,
  BASE,
  DEADLINE_MS,
  ENV,
  eventually,
  LIMIT_MS,
  LOOK_PAUSE_MS,
  missing,
  PASSWORD,
  polyarch,
  read,
  run,
} from './harness.js';

const PEOPLE = `ou=people,${BASE}`;

const person = (uid: string, more = '') =>
  `dn: uid=${uid},${PEOPLE}\nchangetype: add\nobjectClass: inetOrgPerson\nuid: ${uid}\ncn: ${uid}\nsn: ${uid}\n${more}\n`;
const unit = (ou: string, parent = BASE) =>
  `dn: ou=${ou},${parent}\nchangetype: add\nobjectClass: organizationalUnit\nou: ${ou}\n\n`;
const group = (cn: string, member: string) =>
  `dn: cn=${cn},${BASE}\nchangetype: add\nobjectClass: groupOfNames\ncn: ${cn}\nmember: ${member}\n\n`;
const modify = (dn: string, ...steps: string[]) =>
  `dn: ${dn}\nchangetype: modify\n${steps.join('\n-\n')}\n-\n\n`;
const remove = (dn: string) => `dn: ${dn}\nchangetype: delete\n\n`;
const rename = (dn: string, rdn: string, parent = '') =>
  `dn: ${dn}\nchangetype: modrdn\nnewrdn: ${rdn}\ndeleteoldrdn: 1\n${parent === '' ? '' : `newsuperior: ${parent}\n`}\n`;
const uid = (name: string) => `uid=${name},${PEOPLE}`;
/** A person whose UUID is given. */
const relaxed = (name: string, uuid: string, more: string) =>
  person(name, `entryUUID: ${uuid}\n${more}`).replace(
    '\nchangetype',
    `\ncontrol: ${CONTROL_OIDS.relax} true\nchangetype`,
  );
const SAME = ['5d4cdd7c-9d4e-4b8a-8f0e-000000000001', '5d4cdd7c-9d4e-4b8a-8f0e-000000000002'] as const;

/** What the servers hold, all of them. */
class World {
  readonly #entries = new Map<string, Map<string, string[]>>();

  constructor(text: string) {
    for (const part of text.split('\n\n')) {
      const [dn = '', ...lines] = part.split('\n');
      const attributes = new Map<string, string[]>();
      for (const line of lines) {
        const [name = '', ...value] = line.split(': ');
        const key = name.toLowerCase();
        attributes.set(key, [...(attributes.get(key) ?? []), value.join(': ')]);
      }
      this.#entries.set(dn.slice('dn: '.length), attributes);
    }
  }

  has(dn: string): boolean {
    return this.#entries.has(dn);
  }

  /** Sorted values; undefined when the entry is not there. */
  values(dn: string, attribute: string): string[] | undefined {
    const entry = this.#entries.get(dn);
    return entry && (entry.get(attribute.toLowerCase()) ?? []).sort();
  }

  /** Names of the entries that hold a value. */
  where(attribute: string, value: string): string[] {
    return [...this.#entries].filter(([, entry]) => entry.get(attribute)?.includes(value)).map(([dn]) => dn);
  }
}

interface Line {
  readonly kind: string;
  readonly attribute?: string;
  readonly value?: string;
  readonly dn?: string;
  readonly namedBy?: readonly string[];
}

interface Story {
  readonly claim: string;
  readonly before: string;
  readonly here: string;
  readonly there: string;
  check(t: Test, world: World, journal: readonly Line[]): void;
}

const has = (journal: readonly Line[], wanted: Line) =>
  journal.some((line) => Object.entries(wanted).every(([key, value]) => line[key as keyof Line] === value));

const STORIES: readonly Story[] = [
  {
    claim: 'the younger replace stays, the older is journalled',
    before: person('replaced', 'description: before\npreferredLanguage: fr\n'),
    here: modify(
      uid('replaced'),
      'replace: description\ndescription: here',
      'replace: preferredLanguage\npreferredLanguage: de',
    ),
    there: modify(
      uid('replaced'),
      'replace: description\ndescription: there',
      'replace: preferredLanguage\npreferredLanguage: en',
    ),
    check(t, world, journal) {
      t.same(world.values(uid('replaced'), 'description'), ['there']);
      t.same(world.values(uid('replaced'), 'preferredLanguage'), ['en']);
      t.ok(has(journal, { kind: 'value-lost', attribute: 'description', value: 'here' }));
      t.ok(has(journal, { kind: 'value-lost', attribute: 'preferredlanguage', value: 'de' }));
    },
  },
  {
    claim: 'values added and deleted on both sides all count; so do both increments',
    before:
      person('merged', 'mail: old@x\nmail: gone@x\n') +
      `dn: ${uid('number')}\nchangetype: add\nobjectClass: inetOrgPerson\nobjectClass: posixAccount\ncn: n\nsn: n\nuid: number\nuidNumber: 10\ngidNumber: 1\nhomeDirectory: /n\n\n`,
    here:
      modify(uid('merged'), 'add: mail\nmail: here@x\nmail: both@x', 'delete: mail\nmail: gone@x') +
      modify(uid('number'), 'increment: uidNumber\nuidNumber: 5'),
    there:
      modify(uid('merged'), 'add: mail\nmail: there@x\nmail: both@x') +
      modify(uid('number'), 'increment: uidNumber\nuidNumber: 7'),
    check(t, world) {
      t.same(world.values(uid('merged'), 'mail'), ['both@x', 'here@x', 'old@x', 'there@x']);
      t.same(world.values(uid('number'), 'uidNumber'), ['22']);
    },
  },
  {
    claim: 'one name added twice: the older keeps it, the other is kept beside it, children included',
    before: '',
    here: person('same', 'title: here\n') + group('admins', uid('same')),
    there:
      person('same', 'title: there\n') +
      group('printers', uid('same')) +
      `dn: cn=child,${uid('same')}\nchangetype: add\nobjectClass: device\ncn: child\n\n`,
    check(t, world, journal) {
      t.same(world.values(uid('same'), 'title'), ['here']);
      const [other = '', ...more] = world.where('title', 'there');
      t.match(other, new RegExp(`^entryUUID=[0-9a-f-]{36}\\+uid=same,${PEOPLE}$`));
      t.same(more, []);
      t.same(world.values(other, 'ds-sync-conflict'), [uid('same')]);
      t.ok(world.has(`cn=child,${other}`));
      const line = journal.find(({ kind, value }) => kind === 'name-conflict' && value === 'uid=same');
      t.same(line?.namedBy, [`cn=admins,${BASE}`, `cn=printers,${BASE}`], 'who names either of them');
    },
  },
  {
    claim: 'a deleted entry stays deleted whatever was done to it, and that is journalled',
    before: person('renamed') + person('modified') + person('first'),
    here:
      rename(uid('renamed'), 'uid=anew') +
      modify(uid('modified'), 'add: title\ntitle: lost') +
      remove(uid('first')),
    there: remove(uid('renamed')) + remove(uid('modified')) + modify(uid('first'), 'add: mail\nmail: lost@x'),
    check(t, world, journal) {
      for (const name of ['renamed', 'anew', 'modified', 'first']) t.same(world.where('uid', name), [], name);
      for (const value of ['uid=anew', 'lost', 'lost@x'])
        t.ok(has(journal, { kind: 'change-of-deleted-entry', value }), value);
    },
  },
  {
    claim: 'what was added or moved below a deleted parent is in lost+found, with its subtree',
    before: unit('doomed1') + unit('doomed2') + person('mover'),
    here:
      unit('kid', `ou=doomed1,${BASE}`) +
      unit('grandkid', `ou=kid,ou=doomed1,${BASE}`) +
      remove(`ou=doomed2,${BASE}`),
    there: remove(`ou=doomed1,${BASE}`) + rename(uid('mover'), 'uid=mover', `ou=doomed2,${BASE}`),
    check(t, world, journal) {
      const lost = `cn=lost\\+found,${BASE}`;
      t.notOk(world.has(`ou=doomed1,${BASE}`) || world.has(`ou=doomed2,${BASE}`));
      t.same(world.values(`ou=kid,${lost}`, 'ds-sync-conflict'), [`ou=kid,ou=doomed1,${BASE}`]);
      t.ok(world.has(`ou=grandkid,ou=kid,${lost}`));
      t.same(world.values(`uid=mover,${lost}`, 'ds-sync-conflict'), [`uid=mover,ou=doomed2,${BASE}`]);
      t.ok(has(journal, { kind: 'orphan', dn: `ou=kid,${lost}` }));
    },
  },
  {
    claim: 'moves that cross: the one that would close the loop moves nothing, its rename stands',
    before: unit('left') + unit('right'),
    here: rename(`ou=left,${BASE}`, 'ou=left', `ou=right,${BASE}`),
    there: rename(`ou=right,${BASE}`, 'ou=right2', `ou=left,${BASE}`),
    check(t, world, journal) {
      t.ok(world.has(`ou=right2,${BASE}`));
      t.ok(world.has(`ou=left,ou=right2,${BASE}`));
      t.ok(has(journal, { kind: 'move-loop', dn: `ou=right2,${BASE}` }));
    },
  },
  {
    claim:
      'a rename here and another there: the younger name; two entries that want one name: the older claim',
    before: person('twice') + person('wants1') + person('wants2'),
    here: rename(uid('twice'), 'uid=older') + rename(uid('wants1'), 'uid=wanted'),
    there: rename(uid('twice'), 'uid=younger') + rename(uid('wants2'), 'uid=wanted'),
    check(t, world, journal) {
      t.same(world.where('cn', 'twice'), [uid('younger')]);
      t.ok(has(journal, { kind: 'rename-lost', value: 'uid=older' }));
      t.same(world.where('cn', 'wants1'), [uid('wanted')]);
      t.match(world.where('cn', 'wants2')[0], /^entryUUID=[0-9a-f-]{36}\+uid=wanted,/);
    },
  },
  {
    claim: 'a subtree moved here takes along what was added to it there, and its ancestor is renamed',
    before:
      unit('top') + unit('sub', `ou=top,${BASE}`) + unit('deep', `ou=sub,ou=top,${BASE}`) + unit('home'),
    here: rename(`ou=sub,ou=top,${BASE}`, 'ou=moved', `ou=home,${BASE}`),
    there: unit('late', `ou=deep,ou=sub,ou=top,${BASE}`) + rename(`ou=top,${BASE}`, 'ou=summit'),
    check(t, world) {
      t.ok(world.has(`ou=late,ou=deep,ou=moved,ou=home,${BASE}`));
      t.ok(world.has(`ou=summit,${BASE}`));
      t.notOk(world.has(`ou=top,${BASE}`));
    },
  },
  {
    claim: 'members of a group edited on both sides',
    before: `dn: cn=team,${BASE}\nchangetype: add\nobjectClass: groupOfNames\ncn: team\nmember: cn=a\nmember: cn=b\nmember: cn=c\n\n`,
    here: modify(`cn=team,${BASE}`, 'add: member\nmember: cn=here', 'delete: member\nmember: cn=a'),
    there: modify(`cn=team,${BASE}`, 'add: member\nmember: cn=there', 'delete: member\nmember: cn=b'),
    check(t, world) {
      t.same(world.values(`cn=team,${BASE}`, 'member'), ['cn=c', 'cn=here', 'cn=there']);
    },
  },
  {
    claim: 'one UUID added on both sides: the older add counts',
    before: '',
    here:
      relaxed('ann-here', SAME[0], 'mail: a@x\n') +
      relaxed('max-here', SAME[1], 'mail: a@x\npreferredLanguage: de\n'),
    there:
      relaxed('ann-there', SAME[0], 'mail: b@x\n') +
      relaxed('max-there', SAME[1], 'mail: b@x\npreferredLanguage: en\n'),
    check(t, world, journal) {
      t.same(world.values(uid('ann-here'), 'mail'), ['a@x']);
      t.notOk(world.has(uid('ann-there')));
      t.ok(has(journal, { kind: 'add-lost', attribute: 'mail', value: 'b@x' }));
    },
  },
];

async function change(t: Test, cluster: Cluster, number: number, ldif: string): Promise<void> {
  const done = await run('ldapmodify', adminOn(cluster.server(number)), ldif);
  t.equal(done.status, 0, done.stderr);
}

t.test('writes on both sides of a cut', { skip: missing('ldapmodify'), timeout: LIMIT_MS }, async (t) => {
  const cluster = await startCluster(t, 3);
  await change(t, cluster, 1, STORIES.map((story) => story.before).join(''));
  await cluster.equal();

  cluster.cut(1);
  await change(t, cluster, 1, STORIES.map((story) => story.here).join(''));
  await change(t, cluster, 2, STORIES.map((story) => story.there).join(''));
  cluster.heal();
  const world = new World(await cluster.equal());
  const journal = (await cluster.journal(1)) as unknown as Line[];
  for (const story of STORIES)
    await t.test(story.claim, async (t) => {
      story.check(t, world, journal);
    });

  await t.test('the journal is the same on every server', async (t) => {
    await eventually(
      'equal journals',
      async () => {
        const [one, two, three] = await Promise.all([1, 2, 3].map((number) => cluster.journal(number)));
        return JSON.stringify(one) === JSON.stringify(two) && JSON.stringify(one) === JSON.stringify(three);
      },
      DEADLINE_MS,
      LOOK_PAUSE_MS,
    );
    t.ok(journal.length >= 12, `${journal.length} lines`);
  });

  await t.test(
    'what lost its UUID becomes an entry, or part of the other; what is kept counts nowhere',
    (t) => resolveLostAdds(t, cluster),
  );
  await t.test('a server that is told to hold a part of it all', (t) => holdPart(t, cluster, 3));
  await t.test('a copy that would drop what nobody else has', (t) => giveUpChanges(t, cluster));
  t.same(await cluster.verified(), []);
});

/** The void adds of the story above, each line settled on another server (docs/conflicts.md, Resolving). */
async function resolveLostAdds(t: Test, cluster: Cluster): Promise<void> {
  const listed = async (number: number) => {
    const words = ['replication', 'conflicts', '--kind', 'add-lost', '--json', '--dir'];
    const done = await polyarch([...words, cluster.server(number).dir]);
    return JSON.parse(done.stdout) as {
      resolved: number;
      conflicts: (Line & { id: string; entryUuid: string })[];
    };
  };
  const by = (number: number) =>
    number === 3 ? ['--dir', cluster.server(3).dir] : ['--url', cluster.server(number).ldap];
  const resolve = async (number: number, id: string, ...words: string[]) => {
    const done = await polyarch(
      ['replication', 'resolve', '--json', ...by(number), '--id', id, ...words],
      '',
      { ...ENV, POLYARCH_PASSWORD: PASSWORD },
    );
    t.equal(done.status, 0, done.stderr);
    return JSON.parse(done.stdout) as { dn?: string; left?: string[] };
  };
  const { conflicts } = await listed(1);
  const line = (uuid: string, attribute: string) =>
    conflicts.find((one) => one.entryUuid === uuid && one.attribute === attribute)?.id ?? '';
  t.equal((await resolve(1, line(SAME[0], 'mail'), '--as-new-entry')).dn, uid('ann-there'));
  t.match(await resolve(2, line(SAME[1], 'mail'), '--merge'), {
    dn: uid('max-here'),
    left: ['preferredlanguage'],
  });
  await resolve(3, line(SAME[1], 'preferredlanguage'), '--keep');
  const world = new World(await cluster.equal());
  t.same(world.values(uid('ann-there'), 'mail'), ['b@x']);
  t.same(
    world.values(uid('ann-there'), 'objectClass'),
    world.values(uid('ann-here'), 'objectClass'),
    'what both brought alike too',
  );
  t.same(world.values(uid('max-here'), 'mail'), ['a@x', 'b@x']);
  t.same(world.values(uid('max-here'), 'preferredLanguage'), ['de']);
  t.match(await listed(2), { conflicts: [], resolved: conflicts.length });
}

/** The configuration of a server that holds entries asks for a part of their attributes (docs/replication.md). */
async function holdPart(t: Test, cluster: Cluster, number: number): Promise<void> {
  await cluster.end(number, 'SIGTERM');
  const { dir } = cluster.server(number);
  appendFileSync(join(dir, 'polyarch.yaml'), 'fraction:\n  exclude:\n    - "*:mail,description"\n');
  await cluster.start(number);
  await eventually(
    'a copy of the part',
    async () => {
      const [domain] = (await cluster.status(number)).domains;
      return domain?.phase === 'ready' && domain.fraction === 'exclude *:description,mail';
    },
    DEADLINE_MS,
    LOOK_PAUSE_MS,
  );
  await change(t, cluster, 1, person('whole', 'mail: whole@example.com\n'));
  await eventually(
    'the change',
    async () => (await read(cluster.server(number), uid('whole'), 'sn'))?.length === 1,
    DEADLINE_MS,
    LOOK_PAUSE_MS,
  );
  t.same(await read(cluster.server(number), uid('whole'), 'mail'), []);
  const ldif = modify(uid('whole'), 'replace: mail\nmail: part@example.com');
  const refused = await run('ldapmodify', adminOn(cluster.server(number)), ldif);
  t.equal(refused.status, 53, refused.stderr);
  for (const at of [1, number]) {
    const files = serverFiles(cluster.server(at).dir);
    // A peer that is not followed yet is named as absent.
    const reports = await eventually(`server ${at} follows both others`, async () => {
      const verified = await callControl(files, { command: 'verify-replicas' });
      const [domain] = verified as readonly ReplicasVerified[];
      return domain?.absent.length === 0 && domain.reports;
    });
    t.same(
      reports.map(({ verdict }) => verdict),
      ['equal', 'equal'],
      `seen from server ${at}`,
    );
  }
}
