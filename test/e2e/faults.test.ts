/** Three real servers lose processes, disks, time and the tail of a log: what was acknowledged is on all of them seconds later. */
import { cpSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Attribute, Change, Client } from 'ldapts';
import t, { type Test } from 'tap';
import type { LinkStatus } from '../../lib/app/server-status.js';
import { type Cluster, startCluster } from './cluster.js';
import { ADMIN, BASE, eventually, LOOK_PAUSE_MS, missing, PASSWORD, polyarch } from './harness.js';
import { CALM } from './relay.js';

const PEOPLE = `ou=people,${BASE}`;

async function bound(cluster: Cluster, number: number): Promise<Client> {
  const client = new Client({ url: cluster.server(number).ldap, timeout: 10_000 });
  await client.bind(ADMIN, PASSWORD);
  return client;
}

/** Adds people through one server, one after another, until `count` or until it is gone; answers the acknowledged. */
async function add(
  cluster: Cluster,
  number: number,
  tag: string,
  count: number,
  onAdd?: (done: number) => void,
): Promise<string[]> {
  const acknowledged: string[] = [];
  try {
    const client = await bound(cluster, number);
    for (let k = 0; k < count; k++) {
      const name = `${tag}.${k}`;
      await client.add(`uid=${name},${PEOPLE}`, { objectClass: 'inetOrgPerson', cn: name, sn: name });
      acknowledged.push(name);
      onAdd?.(k + 1);
    }
    await client.unbind();
  } catch {
    // It was killed: what was not acknowledged may be there or not.
  }
  return acknowledged;
}

async function nothingLost(t: Test, cluster: Cluster, names: readonly string[]): Promise<void> {
  const equal = await cluster.equal();
  const lost = names.filter((name) => !equal.includes(`dn: uid=${name},`));
  t.same(lost, [], `${names.length} were acknowledged`);
}

/** The sessions of the data from which a server takes changes. */
async function sources(cluster: Cluster, number: number): Promise<LinkStatus[]> {
  const { links } = await cluster.status(number);
  return links.filter(({ domain, direction }) => domain === BASE && direction === 'from');
}

/** Waits until all directories hold the same changes: cheaper than to compare their entries. */
async function settled(cluster: Cluster): Promise<void> {
  await eventually(
    'the same changes everywhere',
    async () => {
      const all = await Promise.all([1, 2, 3].map((number) => cluster.status(number)));
      const states = all.map(({ domains }) => domains[0]?.applied);
      return states.every((state) => state === states[0]);
    },
    40_000,
    LOOK_PAUSE_MS,
  );
}

/** Cuts octets off the end of the newest log of a stopped server's store: a write that the disk did not finish. */
function tear(dir: string, octets: number): void {
  const db = join(dir, 'db');
  const newest = must(
    readdirSync(db)
      .filter((name) => name.endsWith('.log'))
      .sort()
      .at(-1),
  );
  const path = join(db, newest);
  truncateSync(path, Math.max(0, statSync(path).size - octets));
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('there is none');
  return value;
}

t.test('faults of three servers', { skip: missing('ldapsearch'), timeout: 110_000 }, async (t) => {
  // The broker starts later.
  const cluster = await startCluster(t, 10, 1, 'replication:\n  compression: always\n');

  await t.test('a write is seen on the others within 50 ms', async (t) => {
    const [one, two, three] = await Promise.all([1, 2, 3].map((number) => bound(cluster, number)));
    const dn = `uid=user.1,${PEOPLE}`;
    const lags: number[] = [];
    for (let k = 0; k < 40; k++) {
      const title = `t${k}`;
      await must(one).modify(
        dn,
        new Change({ operation: 'replace', modification: new Attribute({ type: 'title', values: [title] }) }),
      );
      const from = performance.now();
      for (const reader of [must(two), must(three)])
        await eventually('the write arrives', async () => {
          const { searchEntries } = await reader.search(dn, { scope: 'base', attributes: ['title'] });
          return searchEntries[0]?.title === title;
        });
      lags.push(performance.now() - from);
    }
    // The usual one: a loaded machine may stop any process for longer.
    const median = must(lags.sort((a, b) => a - b)[lags.length >> 1]);
    t.ok(median < 50, `${median.toFixed(1)} ms`);
    await Promise.all([one, two, three].map((client) => client?.unbind()));
  });

  await t.test('two of three killed in the middle of writes; the log of one torn', async (t) => {
    let kill = () => {};
    const killed = new Promise<void>((resolve) => {
      kill = resolve;
    });
    const writing = [1, 1, 2, 2, 3, 3].map((number, at) =>
      add(cluster, number, `k${at}`, 60, (done) => done === 20 && kill()),
    );
    await killed;
    await Promise.all([cluster.end(1, 'SIGKILL'), cluster.end(2, 'SIGKILL')]);
    const names = (await Promise.all(writing)).flat();
    await cluster.start(1, 2);
    await nothingLost(t, cluster, names);

    // All have all: what is torn off the end of one log comes back from the others.
    await cluster.end(1, 'SIGKILL');
    tear(cluster.server(1).dir, 5);
    await cluster.start(1);
    await nothingLost(t, cluster, names);
  });

  await t.test('a server that hung is found dead, and catches up when it goes on', async (t) => {
    cluster.process(3).kill('SIGSTOP');
    const names = await add(cluster, 1, 'h', 30);
    t.equal(names.length, 30, 'the others go on');
    const gaveUp = async () => {
      const { stdout } = await polyarch(['status', '--json', '--dir', cluster.server(1).dir]);
      const { peers } = JSON.parse(stdout) as { peers: { name: string; connected: boolean }[] };
      return peers.some((peer) => peer.name === 'server-3' && !peer.connected);
    };
    await eventually('server 1 gives up on server 3', gaveUp, 20_000, LOOK_PAUSE_MS);
    cluster.process(3).kill('SIGCONT');
    await nothingLost(t, cluster, names);
  });

  await t.test(
    'an old copy of a data directory is put back: what it lost comes back, what it writes is kept',
    async (t) => {
      const { dir } = cluster.server(2);
      const copy = `${dir}.copy`;
      t.equal(await cluster.end(2, 'SIGTERM'), 0);
      cpSync(dir, copy, { recursive: true, filter: (path) => !path.endsWith('.sock') });
      await cluster.start(2);
      const before = await add(cluster, 2, 'b', 20);
      await cluster.equal();
      await cluster.end(2, 'SIGKILL');
      rmSync(dir, { recursive: true });
      cpSync(copy, dir, { recursive: true });
      rmSync(copy, { recursive: true });
      await cluster.start(2);
      await cluster.equal();
      const after = await add(cluster, 2, 'a', 20);
      t.equal(after.length, 20);
      await nothingLost(t, cluster, [...before, ...after]);
    },
  );

  await t.test('a server that lost its database takes all from its peers', async (t) => {
    await cluster.end(3, 'SIGKILL');
    rmSync(join(cluster.server(3).dir, 'db'), { recursive: true });
    const meanwhile = await add(cluster, 1, 'm', 10);
    // From here on nobody can dial it: it takes and gives on the links that it dials.
    const settings = join(cluster.server(3).dir, 'polyarch.yaml');
    writeFileSync(
      settings,
      readFileSync(settings, 'utf8').replace(/^server:$/m, 'server:\n  runs: directory'),
    );
    await cluster.start(3);
    await nothingLost(t, cluster, [...meanwhile, ...(await add(cluster, 3, 'w', 10))]);
    t.equal((await cluster.status(3)).addresses.replication, undefined, 'it does not listen');
    // Changes may come by a third server before each has a session with it.
    for (const number of [1, 2])
      await eventually(`server-${number} follows it`, async () => {
        const from = await sources(cluster, number);
        return from.some(({ peer, state }) => peer === 'server-3' && state === 'following');
      });
  });

  await t.test(
    '200 ms, 2 % lost packets, 1 Mbit/s, cuts: all arrives once, and nothing begins anew',
    async (t) => {
      cluster.network.weather = { delayMs: 200, kbit: 1000, loss: 0.02 };
      const early = (
        await Promise.all([1, 2, 3].map((number) => add(cluster, number, `w${number}`, 20)))
      ).flat();
      await settled(cluster);
      cluster.cut(3);
      const cut = await Promise.all([add(cluster, 1, 'c1', 20), add(cluster, 3, 'c3', 20)]);
      cluster.heal();
      const late = await add(cluster, 2, 'c2', 20);
      await settled(cluster);
      const names = [...early, ...cut.flat(), ...late];
      for (const { peer, receivedChanges } of await sources(cluster, 3))
        t.ok(receivedChanges <= 40, `${receivedChanges} changes of ${peer} since the cut`);
      // Nothing of 1 arrives at 2 any more; what 2 says still arrives at 1.
      cluster.network.silence(1, 2);
      const from = performance.now();
      const lone = await add(cluster, 1, 'o', 5);
      await eventually('2 gives up on 1', async () => {
        const link = (await sources(cluster, 2)).find(({ peer }) => peer === 'server-1');
        return link?.state !== 'following';
      });
      const tookMs = performance.now() - from;
      t.ok(
        tookMs < 6000,
        `noticed in ${Math.round(tookMs)} ms: three heartbeats, and what a loaded machine adds`,
      );
      await settled(cluster);
      names.push(...lone);
      cluster.network.weather = CALM;
      cluster.heal();
      await nothingLost(t, cluster, names);
      const [link] = (await cluster.status(1)).links.filter(({ sentChanges }) => sentChanges > 0);
      t.ok(must(link).sentWireBytes < must(link).sentBytes / 2, 'compression pays');
    },
  );

  await t.test('the upstream is killed: changes come by another one in under 2 s, each once', async (t) => {
    await cluster.start(4);
    cluster.link(1, 3, false);
    const [writer, reader] = await Promise.all([bound(cluster, 1), bound(cluster, 3)]);
    const arrives = async (tag: string, count: number): Promise<number> => {
      let longestMs = 0;
      for (let k = 0; k < count; k++) {
        const dn = `uid=${tag}.${k},${PEOPLE}`;
        await must(writer).add(dn, { objectClass: 'inetOrgPerson', cn: tag, sn: tag });
        const from = performance.now();
        await eventually('the write arrives', async () => {
          const found = await must(reader).search(PEOPLE, {
            filter: `(uid=${tag}.${k})`,
            attributes: ['uid'],
          });
          return found.searchEntries.length === 1;
        });
        longestMs = Math.max(longestMs, performance.now() - from);
      }
      return longestMs;
    };
    await eventually('both ways are there', async () => {
      const links = await sources(cluster, 3);
      return ['server-2', 'server-4'].every((name) =>
        links.some(({ peer, state, missing }) => peer === name && state === 'following' && missing === 0),
      );
    });
    const before = await sources(cluster, 3);
    await arrives('f', 10);
    const grown = (await sources(cluster, 3)).filter(
      ({ peer, receivedChanges }) =>
        receivedChanges > (before.find((link) => link.peer === peer)?.receivedChanges ?? 0),
    );
    t.equal(grown.length, 1, 'they come one way');
    const used = must(grown[0]).peer === 'server-4' ? 4 : 2;
    const other = `server-${6 - used}`;
    const received = async () =>
      must((await sources(cluster, 3)).find(({ peer }) => peer === other)).receivedChanges;
    const first = await received();
    const killed = cluster.end(used, 'SIGKILL');
    const longestMs = await arrives('g', 40);
    await killed;
    t.ok(longestMs < 2000, `${Math.round(longestMs)} ms at longest, ${must(grown[0]).peer} killed`);
    t.equal((await received()) - first, 40, 'each once');
    cluster.heal();
    if (used === 2) await cluster.start(2);
    await Promise.all([writer?.unbind(), reader?.unbind()]);
    await cluster.equal();
  });

  t.same(await cluster.verified(), []);
});
