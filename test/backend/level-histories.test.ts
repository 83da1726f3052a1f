/** Random writes of few and many values at once, reads between them and restarts, on LevelDB with a cache of a few entries, beside a plain Map. */
import { join } from 'node:path';
import t from 'tap';
import { SievedStore } from '../../lib/backend/memory/sieved-store.js';
import { latin1 } from '../../lib/base/bytes.js';
import { openLevelStore } from '../../lib/io/store/level-store.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { SeededRandom } from '../sim/seeded-random.js';
import { adding, deleting, modifying, openEngine, searchDns, TestSink, violations } from './engine.js';

const seed = Number(process.env.POLYARCH_SEED ?? 5);
const ROUNDS = process.env.POLYARCH_DEEP === '1' ? 200 : 12;
const BASE = 'dc=example,dc=com';
const GROUPS = 20;
/** Up to a change that is encoded in steps. */
const COUNTS = [1, 3, 70, 600, 1500];
const MEMBER = 'member' as AttributeKey;
const DESCRIPTION = 'description' as AttributeKey;

interface Group {
  member: Set<string>;
  description: string;
}

/** Writes, and what they lead to. */
class Histories {
  readonly groups = new Map<string, Group>();
  readonly #random = new SeededRandom(seed);

  below(most: number): number {
    return Math.floor(this.#random.next() * most);
  }

  name(): string {
    return `g${this.below(GROUPS)}`;
  }

  #members(): string[] {
    const from = this.below(1500);
    const count = COUNTS[this.below(COUNTS.length)] ?? 1;
    return Array.from({ length: count }, (_, i) => `uid=m${from + i},${BASE}`);
  }

  /** The next write, which the groups have already. */
  write() {
    const cn = this.name();
    const dn = `cn=${cn},${BASE}`;
    const group = this.groups.get(cn);
    const member = this.#members();
    const description = 'd'.repeat(1 + this.below(400));
    if (group === undefined) {
      this.groups.set(cn, { member: new Set(member), description });
      return adding(dn, { objectClass: ['groupOfNames'], cn: [cn], member, description: [description] });
    }
    const kind = this.below(8);
    if (kind === 0) {
      this.groups.delete(cn);
      return deleting(dn);
    }
    if (kind < 4) {
      group.description = description;
      return modifying(dn, { description: { clear: true, add: [description] } });
    }
    if (kind === 4) {
      group.member = new Set(member);
      return modifying(dn, { member: { clear: true, add: member } });
    }
    const remove = this.#members();
    for (const one of remove) group.member.delete(one);
    for (const one of member) group.member.add(one);
    return modifying(dn, { member: { remove, add: member } });
  }
}

t.test('entries and searches are those of a plain Map, through restarts', async (t) => {
  const dir = join(t.testdir(), 'db');
  const sink = new TestSink();
  const histories = new Histories();
  const open = async () => {
    const store = new SievedStore(await openLevelStore(dir));
    const engine = await openEngine({ store, sink, values: { most: 64, load: 8 }, cacheBytes: 24_000 });
    let now = 0;
    // A turn of the event loop lasts three looks.
    engine.clock.monotonicMs = () => {
      now += 3;
      return now;
    };
    return engine;
  };
  let engine = await open();
  await engine.backend.submit('', adding(BASE, { objectClass: ['domain'], dc: ['example'] }));
  for (let round = 0; round < ROUNDS; round++) {
    const writes: Promise<unknown>[] = [];
    for (let left = 1 + histories.below(10); left > 0; left--) {
      writes.push(engine.backend.submit('', histories.write()));
      const next = histories.below(3);
      if (next === 0) engine.backend.byDnText(`cn=${histories.name()},${BASE}`);
      if (next === 1) await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(writes);
    if (round % 5 === 4) {
      await engine.backend.close();
      await engine.store.close();
      engine = await open();
    }
    const where = `seed ${seed}, round ${round}`;
    for (let i = 0; i < GROUPS; i++) {
      const entry = engine.backend.byDnText(`cn=g${i},${BASE}`);
      const group = histories.groups.get(`g${i}`);
      const held = entry && {
        member: entry.attribute(MEMBER)?.values.map(latin1).sort() ?? [],
        description: entry.attribute(DESCRIPTION)?.values.map(latin1).join(),
      };
      t.same(held, group && { ...group, member: [...group.member].sort() }, `${where}: g${i}`);
    }
    const one = `uid=m${histories.below(3000)},${BASE}`;
    const wanted = [...histories.groups].flatMap(([cn, { member }]) =>
      member.has(one) ? [`cn=${cn},${BASE}`] : [],
    );
    t.same(await searchDns(engine.backend, BASE, 'sub', `(member=${one})`), wanted.sort(), where);
  }
  t.same(await violations(engine), []);
  await engine.backend.close();
  await engine.store.close();
});
