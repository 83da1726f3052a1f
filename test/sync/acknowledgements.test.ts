/** Claims about how wishes spread and acknowledgements come back, on graphs of every small shape and on random ones, with links that come and go. */
import t from 'tap';
import { type Csn, makeCsn, ZERO_CSN } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import {
  type Acknowledging,
  type AcknowledgingEvent,
  newAcknowledging,
  stepAcknowledging,
} from '../../lib/sync/acknowledgements.js';
import type { Saying, Wish } from '../../lib/sync/assurance-frames.js';
import { SeededRandom } from '../sim/seeded-random.js';
import { replica as replicaId } from './session-fixtures.js';

const ORIGIN = replicaId(1);
const at = (ms: number): Csn => makeCsn(1000 + ms, 0, ORIGIN);

/** Servers in a graph; server 0 is the origin. Frames on a link arrive in order, links take turns as the seed says. */
class Net {
  readonly states: Acknowledging<number>[];
  readonly held: Csn[];
  readonly heard = new Map<string, Csn>();
  readonly #links: { readonly from: number; readonly to: number; queue: Saying[]; up: boolean }[] = [];
  readonly #random: SeededRandom;
  sent = 0;

  constructor(size: number, edges: readonly (readonly [number, number])[], seed: number) {
    this.states = Array.from({ length: size }, (_, i) => newAcknowledging<number>(`s${i}`));
    this.held = Array.from({ length: size }, () => ZERO_CSN);
    this.#random = new SeededRandom(seed);
    for (const [a, b] of edges)
      this.#links.push({ from: a, to: b, queue: [], up: true }, { from: b, to: a, queue: [], up: true });
  }

  /** The origin sends a wish on all its links. */
  wish(wish: Wish): void {
    for (const link of this.#links) if (link.from === 0 && link.up) this.#send(link, { kind: 'wish', wish });
  }

  hold(server: number, csn: Csn): void {
    this.held[server] = csn;
    this.#step(server, { kind: 'advanced', held: this.#holding(server) });
  }

  set(index: number, up: boolean): void {
    for (const link of this.#links.slice(index * 2, index * 2 + 2)) {
      link.up = up;
      link.queue = [];
    }
    for (const link of this.#links.slice(index * 2, index * 2 + 2))
      if (link.from !== 0) this.#step(link.from, { kind: up ? 'link-up' : 'link-down', link: link.to });
  }

  run(): void {
    for (;;) {
      const busy = this.#links.filter(({ queue }) => queue.length > 0);
      const link = busy[this.#random.below(Math.max(1, busy.length))];
      const saying = link?.queue.shift();
      if (link === undefined || saying === undefined) return;
      this.#deliver(link.from, link.to, saying);
    }
  }

  #deliver(from: number, to: number, saying: Saying): void {
    if (to === 0) {
      if (saying.kind === 'held')
        for (const { server, log } of saying.rows)
          if (log > (this.heard.get(server) ?? ZERO_CSN)) this.heard.set(server, log);
    } else if (saying.kind === 'wish') {
      this.#step(to, { kind: 'wish', link: from, wish: saying.wish, held: this.#holding(to) });
    } else this.#step(to, { kind: 'said', link: from, rows: saying.rows });
  }

  #holding(server: number) {
    const csn = this.held[server] ?? ZERO_CSN;
    const state = csn === ZERO_CSN ? ServerState.EMPTY : ServerState.of([csn]);
    return { log: state, applied: state };
  }

  #step(server: number, event: AcknowledgingEvent<number>): void {
    const before = this.states[server];
    if (before === undefined) return;
    const { state, effects } = stepAcknowledging(before, event, 0);
    this.states[server] = state;
    for (const effect of effects) {
      for (const link of this.#links) {
        if (link.from !== server || !link.up) continue;
        if (effect.kind === 'pass-on' && link.to !== effect.except)
          this.#send(link, { kind: 'wish', wish: effect.wish });
        else if (effect.kind === 'tell' && link.to === effect.link)
          this.#send(link, { kind: 'wish', wish: effect.wish });
        else if (effect.kind === 'say' && link.to === effect.link)
          this.#send(link, { kind: 'held', rows: effect.rows });
      }
    }
  }

  #send(link: { readonly queue: Saying[] }, saying: Saying): void {
    this.sent += 1;
    link.queue.push(saying);
  }
}

/** Every connected graph of `size` servers. */
function* graphs(size: number) {
  const pairs: [number, number][] = [];
  for (let a = 0; a < size; a++) for (let b = a + 1; b < size; b++) pairs.push([a, b]);
  for (let n = 0; n < 2 ** pairs.length; n++) {
    const edges = pairs.filter((_, i) => (n >> i) % 2 === 1);
    const reached = new Set([0]);
    for (let round = 0; round < size; round++)
      for (const [a, b] of edges) {
        if (reached.has(a)) reached.add(b);
        if (reached.has(b)) reached.add(a);
      }
    if (reached.size === size) yield edges;
  }
}

t.test(
  'on every connected graph of up to four servers the origin hears what each holds, and all falls silent',
  async (t) => {
    for (const size of [2, 3, 4])
      for (const edges of graphs(size))
        for (let seed = 1; seed <= 3; seed++) {
          const net = new Net(size, edges, seed);
          net.hold(1, at(1));
          net.wish({ csn: at(1), round: 0 });
          net.run();
          const early = net.heard.get('s1') === at(1);
          for (let i = 2; i < size; i++) net.hold(i, at(2));
          net.run();
          net.wish({ csn: at(3), round: 0 });
          net.run();
          for (let i = 1; i < size; i++) net.hold(i, at(3));
          net.run();
          const late = Array.from({ length: size - 1 }, (_, i) => net.heard.get(`s${i + 1}`) === at(3));
          if (!early || late.includes(false)) t.fail(`${JSON.stringify(edges)} seed ${seed}`);
          const before = net.sent;
          for (let i = 1; i < size; i++) net.hold(i, at(9));
          net.run();
          if (net.sent !== before) t.fail('what nobody waits for is said');
        }
    t.pass('all of them');
  },
);

t.test(
  'links that come and go: when they rest and the wish is repeated, the origin hears everybody who is connected',
  async (t) => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = new SeededRandom(seed);
      const size = 3 + random.below(4);
      const edges: [number, number][] = [];
      for (let i = 1; i < size; i++) edges.push([random.below(i), i]);
      for (let extra = random.below(4); extra > 0; extra--) {
        const a = random.below(size);
        const b = random.below(size);
        if (a !== b && !edges.some(([x, y]) => (x === a && y === b) || (x === b && y === a)))
          edges.push([a, b]);
      }
      const net = new Net(size, edges, seed);
      const up = edges.map(() => true);
      for (let ms = 1; ms <= 20; ms++) {
        net.wish({ csn: at(ms), round: 0 });
        const flipped = random.below(edges.length);
        const isUp = up[flipped] !== true;
        up[flipped] = isUp;
        net.set(flipped, isUp);
        const held = 1 + random.below(size - 1);
        if ((net.held[held] ?? ZERO_CSN) < at(ms)) net.hold(held, at(ms));
        if (random.below(2) === 0) net.run();
      }
      for (let i = 0; i < edges.length; i++) net.set(i, true);
      net.wish({ csn: at(20), round: 1 });
      net.run();
      for (let i = 1; i < size; i++) net.hold(i, at(20));
      net.run();
      for (let i = 1; i < size; i++)
        if (net.heard.get(`s${i}`) !== at(20)) t.fail(`seed ${seed}: s${i} ${net.heard.get(`s${i}`)}`);
      if (net.sent > 20 * size * edges.length * 4) t.fail(`seed ${seed}: ${net.sent} frames`);
    }
    t.pass('300 histories');
  },
);

t.test(
  'several wishes that wait are answered with what each batch brought, not only with the last',
  async (t) => {
    const net = new Net(2, [[0, 1]], 1);
    for (let ms = 1; ms <= 5; ms++) net.wish({ csn: at(ms), round: 0 });
    net.run();
    net.hold(1, at(2));
    net.run();
    t.equal(net.heard.get('s1'), at(2), 'the second is not held up by the fifth');
    net.hold(1, at(5));
    net.run();
    t.equal(net.heard.get('s1'), at(5));
  },
);

t.test('origins are bounded: a peer that makes them up costs no more than the limit', async (t) => {
  let state = newAcknowledging<number>('s1');
  const held = { log: ServerState.EMPTY, applied: ServerState.EMPTY };
  for (let id = 1; id <= 3000; id++) {
    const wish = { csn: makeCsn(1, 0, replicaId(id)), round: 0 };
    state = stepAcknowledging(state, { kind: 'wish', link: 1, wish, held }, 0).state;
  }
  t.equal(state.heard.size, 1000);
});
