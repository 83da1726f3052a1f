/**
 * Large changes go through everywhere, and edits of a large group on several masters converge with bounded memory and time (replication-model.md sections 4 and 7).
 */
import t from 'tap';
import { LIMITS } from '../../lib/base/limits.js';
import { ROOT_UUID } from '../../lib/change/change.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { add, cn, modify } from '../conflict/story.js';
import { ADD_BASE, BackendDirectory } from './backend-directory.js';
import { entryUuid } from './entry-uuid.js';
import { CHAIN_4, MESH_3 } from './shapes.js';
import { World } from './world.js';

t.test(
  'a change of 5 MB passes a chain of slow links: no session is lost on the way, and others follow it',
  async (t) => {
    const world = await World.started(CHAIN_4);
    await world.writes('s1', 1);
    await world.settle();
    // 10 Mbit/s and 100 ms: the change takes four seconds a link, longer than a silent peer is waited for.
    world.network.shape.bytesPerMs = 1250;
    world.network.shape.minDelayMs = 100;
    world.network.shape.maxDelayMs = 100;
    const before = world.network.links.size;
    const photo = new Uint8Array(5_000_000).fill(7);
    const body = {
      kind: 'add',
      parent: ROOT_UUID,
      rdn: cn('large'),
      attributes: [{ key: 'jpegphoto' as AttributeKey, name: 'jpegPhoto', values: [photo] }],
    } as const;
    const links = new Set(world.network.links);
    const csn = await world.wait(world.server('s1').write({ entry: entryUuid(900), body }));
    t.ok(csn);
    await world.writes('s1', 3);
    await world.writes('s4', 3);
    const tookMs = await world.settle(60_000);
    t.comment(`${Math.round(tookMs)} ms over three links`);
    t.equal(world.network.links.size, before);
    t.ok(
      [...world.network.links].every((link) => links.has(link)),
      'the same links as before',
    );
    t.ok(
      world.network.maxQueued < photo.length + LIMITS.logReadBytes,
      `${world.network.maxQueued} octets queued`,
    );
  },
);

/** SIM_MEMBERS=100000 for the full size, which takes half a minute. */
const MEMBERS = Number(process.env.SIM_MEMBERS ?? 5000);
const BURSTS = 2;
const EDITS = 25;

function member(n: number): string {
  return `uid=u${n},ou=people,dc=example,dc=com`;
}

t.test(
  'a large group (5,000 members here, 100,000 in the nightly run), edited on three masters at once and apart, ends equal on all',
  { timeout: 300_000 },
  async (t) => {
    const world = new World(
      MESH_3.servers.map((server) => ({ ...server, openDirectory: BackendDirectory.open })),
    );
    for (const server of world.servers.values()) void server.start();
    await world.run(1000);
    const group = entryUuid(2);
    await world.wait(world.server('s1').write(ADD_BASE));
    const all = Array.from({ length: MEMBERS }, (_, i) => member(i));
    const base = entryUuid(1);
    const written = await world.wait(
      world
        .server('s1')
        .write({ entry: group, body: add(base, 'g', { objectClass: ['top', 'groupOfNames'], member: all }) }),
    );
    t.ok(written);
    await world.settle();
    for (const a of ['s1', 's2', 's3'])
      for (const b of ['s1', 's2', 's3']) if (a !== b) world.network.cut(a, b);
    const began = process.cpuUsage();
    const heap = process.memoryUsage().heapUsed;
    const edit = { name: 'member', equality: 'distinguishedNameMatch' };
    for (let burst = 0; burst < BURSTS; burst++) {
      const edits = Array.from({ length: EDITS * 3 }, (_, i) => {
        const n = burst * EDITS + Math.floor(i / 3);
        const at = i % 3;
        // Each takes one away, two of them the same, and adds one that another adds as well or that is of its own.
        const body = modify({ ...edit, remove: [member(n * 7 + (at % 2))], add: [member(MEMBERS + n + at)] });
        return world.server(`s${at + 1}`).write({ entry: group, body });
      });
      for (const csn of await world.wait(Promise.all(edits)))
        if (csn === undefined) throw new Error('refused');
    }
    world.network.healAll();
    await world.settle();
    const used = process.cpuUsage(began);
    t.comment(
      `${BURSTS * EDITS * 3} edits: ${Math.round((used.user + used.system) / 1000)} ms of processor time on three servers`,
    );
    t.ok(used.user + used.system < 300 * MEMBERS + 3_000_000, 'time stays bounded');
    t.ok(process.memoryUsage().heapUsed - heap < 300_000_000, 'memory stays bounded');
    const [one, two, three] = await Promise.all(
      ['s1', 's2', 's3'].map((name) => world.server(name).directory?.contents()),
    );
    t.ok(one === two && two === three, 'equal, value by value with its history');
    t.ok((one?.length ?? 0) > MEMBERS * 30);
  },
);
