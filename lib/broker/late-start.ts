/**
 * Where a broker without entries begins its log of an origin: it needs no full history, so it begins where those that it follows still can serve it.
 *
 * Of an origin that it holds nothing of, at once. Of one whose next changes nobody keeps any more (a disk guard, or a limit of size, trimmed the log of the server that made them, before they were
 * fetched), anew: what is held of it goes, since nothing may come after a hole, and servers behind this one that lack it too see that, and take a copy of all data. Owns that decision alone;
 * whether all were heard first is shortage.ts.
 */
import type { Changelog } from '../changelog/changelog.js';
import { type Csn, csnReplica, type ReplicaId } from '../csn/csn.js';
import type { Upstream } from '../sync/source-selection.js';
import type { BrokerListener } from './broker-seams.js';
import { Shortage } from './shortage.js';

export interface LateStartOptions {
  readonly changelog: Changelog;
  readonly listener: Pick<BrokerListener, 'alert'>;
  /** An origin has begun: sources can be chosen. */
  begun(): void;
  /** Ends every session, performs `work` on a log at rest, and goes on. */
  atRest(reason: string, work: () => Promise<void>): Promise<void>;
}

export class LateStart {
  readonly #options: LateStartOptions;
  readonly #beginning = new Set<ReplicaId>();
  readonly #shortage = new Shortage();
  #atRest = false;

  constructor(options: LateStartOptions) {
    this.#options = options;
  }

  /** `origins`: those that nobody who is connected can serve from where this server is. `expected`: how many it wants to follow. `nowMs` is monotonic. */
  look(origins: readonly ReplicaId[], upstreams: readonly Upstream[], expected: number, nowMs: number): void {
    const { changelog } = this.#options;
    const held = { own: undefined, newest: (origin: ReplicaId) => changelog.newest(origin) };
    for (const origin of origins) if (held.newest(origin) === undefined) this.#begin(origin, upstreams);
    const lacking = origins.filter((origin) => held.newest(origin) !== undefined);
    const sessions = upstreams.map((upstream) => ({ peerName: upstream.name ?? '', upstream }));
    const news = this.#shortage.look(lacking, sessions, expected, held, nowMs);
    for (const origin of news?.origins ?? []) this.#beginAnew(origin, upstreams);
  }

  #begin(origin: ReplicaId, upstreams: readonly Upstream[]): void {
    const mark = oldestMark(origin, upstreams, undefined);
    if (mark === undefined || this.#beginning.has(origin)) return;
    this.#beginning.add(origin);
    this.#options.changelog
      .beginAfter(mark)
      .finally(() => this.#beginning.delete(origin))
      .then(
        () => this.#options.begun(),
        // The store refused: the next look tries again.
        () => {},
      );
  }

  /** Where the log of this origin begins is on its way to the disk: it takes no changes before. */
  isBeginning(origin: ReplicaId): boolean {
    return this.#beginning.has(origin);
  }

  #beginAnew(origin: ReplicaId, upstreams: readonly Upstream[]): void {
    const { changelog, listener, atRest } = this.#options;
    const held = changelog.newest(origin);
    const mark = oldestMark(origin, upstreams, held);
    if (mark === undefined || held === undefined || this.#atRest) return;
    this.#atRest = true;
    const message = `changes of replica ${origin} from ${held} to ${mark} are kept by no server that this one follows any more: its change log of them begins anew, and servers behind it that lack them take a copy`;
    atRest(message, async () => {
      await changelog.forget(origin);
      await changelog.beginAfter(mark);
      listener.alert({ kind: 'unservable', key: `begun anew ${origin}`, message });
    })
      // The store refused: what is left is a shorter log of it, which the next look finds.
      .catch(() => this.#shortage.forget())
      .finally(() => {
        this.#atRest = false;
      });
  }
}

/** Up to where those that have more than `held` have trimmed an origin: the least of it. */
function oldestMark(
  origin: ReplicaId,
  upstreams: readonly Upstream[],
  held: Csn | undefined,
): Csn | undefined {
  const marks = upstreams.flatMap(({ log, trimmed }) => {
    const mark = trimmed.get(origin);
    const more = held === undefined || ((log.get(origin) ?? '') > held && (mark ?? '') > held);
    return mark !== undefined && more ? [mark] : [];
  });
  const [mark] = marks.sort();
  return mark !== undefined && csnReplica(mark) === origin ? mark : undefined;
}
