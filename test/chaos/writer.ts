/**
 * One writer of a chaos run: random writes to one server, one after the other. What is sent is a function of the seed and of what the server showed.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Hand } from './hand.js';
import { add, move, remove, rename, undelete } from './tree-writes.js';
import {
  addValue,
  deleteValue,
  increment,
  large,
  mail,
  member,
  password,
  replace,
  schema,
  several,
  single,
} from './value-writes.js';

/** Weight, name, and what is done. */
const PLANS: readonly (readonly [number, string, (hand: Hand) => Promise<void>])[] = [
  [16, 'add', add],
  [14, 'addValue', addValue],
  [7, 'deleteValue', deleteValue],
  [10, 'replace', replace],
  [8, 'single', single],
  [4, 'several', several],
  [7, 'increment', increment],
  [7, 'rename', rename],
  [9, 'move', move],
  [6, 'delete', (hand) => remove(hand, false)],
  [2, 'treeDelete', (hand) => remove(hand, true)],
  [7, 'member', member],
  [3, 'mail', mail],
  [2, 'password', password],
  [1, 'large', large],
  [1, 'schema', schema],
  [3, 'undelete', undelete],
];
const WEIGHTS = PLANS.reduce((total, [weight]) => total + weight, 0);

export class Writer {
  readonly #hand: Hand;
  #busy = false;
  paused = false;

  constructor(...of: ConstructorParameters<typeof Hand>) {
    this.#hand = new Hand(...of);
  }

  get server(): number {
    return this.#hand.server;
  }

  /** Writes until `until` says so. */
  async run(until: () => boolean, perSecond: number): Promise<void> {
    const { random, ledger, session } = this.#hand;
    while (!until()) {
      await delay((2000 / perSecond) * random.next());
      if (this.paused) continue;
      let at = random.below(WEIGHTS);
      const plan = PLANS.find(([weight]) => {
        at -= weight;
        return at < 0;
      });
      if (plan === undefined) throw new Error('no plan has this number');
      const [, name, act] = plan;
      this.#busy = true;
      // Rejected: the server is away, and nothing was sent.
      await act(this.#hand).catch((error: unknown) => {
        ledger.count(name, 'away');
        session.close();
        if (!(error instanceof Error) || error.name === 'TypeError') throw error;
      });
      this.#busy = false;
    }
    session.close();
  }

  /** No writes from now on; resolves when the last one was answered. */
  async pause(): Promise<void> {
    this.paused = true;
    while (this.#busy) await delay(5);
  }
}
