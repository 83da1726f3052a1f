/**
 * Fractional replicas in simulated histories: which servers hold a part, and which.
 *
 * Invariants: parts are drawn from randomness of their own; of the first three servers of a run two hold everything. All servers are compared in what every one of them holds.
 */
import type { ReplicaId } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { Fraction } from '../../lib/entry/fraction.js';
import { configuredFraction } from '../../lib/entry/fraction-text.js';
import { standardSchema } from '../schema/standard-schema.js';
import { BackendDirectory } from './backend-directory.js';
import { SeededRandom } from './seeded-random.js';
import type { SimServer } from './sim-server.js';

/** What parts leave out. */
const LEFT_OUT = [['*:mail'], ['*:mail', 'person:title'], ['person:uidNumber,description']] as const;
/** Of servers with higher numbers any may hold a part. */
const FIRST = 3;

/** The part that leaves out `items`. */
function without(items: readonly string[]): Fraction {
  const part = configuredFraction({ exclude: [...items], include: [] }, standardSchema());
  if (!(part instanceof Fraction)) throw new Error('a fraction');
  return part;
}

export class Parts {
  /** What every server holds. */
  readonly shown: Fraction;
  readonly #heldBy: (replica: ReplicaId) => Fraction | undefined;

  private constructor(shown: Fraction, heldBy: (replica: ReplicaId) => Fraction | undefined) {
    this.shown = shown;
    this.#heldBy = heldBy;
  }

  /** One of the first two servers holds a part. */
  static one(seed: number): Parts {
    const part = without(LEFT_OUT[seed % LEFT_OUT.length] ?? []);
    const holder = 1 + (Math.floor(seed / 3) % 2);
    return new Parts(part, (replica) => (replica === holder ? part : undefined));
  }

  /** One of the first two servers, and some of those behind the third, which come with the shape or join; not all of them the same. */
  static several(seed: number): Parts {
    const random = new SeededRandom(seed ^ 0x9a47);
    const [one, other] = [random.pick(LEFT_OUT), random.pick(LEFT_OUT)];
    const both = without([...new Set([...one, ...other])]);
    const kinds = [without(one), without(other), both];
    const sure = 1 + random.below(2);
    const held = Array.from({ length: 32 }, (_, replica) => {
      const part = random.pick(kinds);
      const may = replica > FIRST && random.chance(0.3);
      return may || replica === sure ? part : undefined;
    });
    return new Parts(both, (replica) => held[replica]);
  }

  heldBy(replica: ReplicaId): Fraction | undefined {
    return this.#heldBy(replica);
  }

  /** Throws where a server holds another part than it is to hold. Returns those that hold everything. */
  checkHeld(servers: readonly SimServer[]): readonly SimServer[] {
    return servers.filter(({ name, directory, options }) => {
      if (!(directory instanceof BackendDirectory) || options.replica === undefined) return false;
      const due = this.#heldBy(options.replica);
      const { text, wantedText } = directory.part;
      if ((text !== '') !== (due !== undefined) || text !== wantedText)
        throw new Error(`${name} holds '${text}' instead of '${wantedText}'`);
      return due === undefined;
    });
  }
}

export function holdsPart({ directory }: SimServer): boolean {
  return (directory?.part?.text ?? '') !== '';
}

/** Whether whole servers are left where parts are: from parts alone nobody makes a whole one again, and `leave` asks no peer for its part (docs/replication.md, Fractional replicas). `having`: the changes that they are to have. */
export function leavesWhole(others: readonly SimServer[], having = ServerState.EMPTY): boolean {
  const held = others.flatMap(({ directory }) => directory ?? []);
  return (
    !others.some(holdsPart) ||
    held.some(
      ({ part, generationId, state }) =>
        (part?.text ?? '') === '' && generationId !== undefined && state.coversAll(having),
    )
  );
}
