/**
 * The change logs of a store that is being restored: takes changes from later backups and from the data that are being replaced.
 *
 * Each log checks that a change follows the one before it of the same origin, so nothing can be missing in between; what it holds is passed over. With a point in time, later
 * changes stay out, but for those of shared domains (schema, topology): they are the same on all servers and are not taken back.
 */

import { readFacts } from '../../backend/domain-facts.js';
import { type DomainNumber, KeySpace, TAG } from '../../backend/rows/key-space.js';
import { SERVER_KEYS } from '../../backend/rows/server-keys.js';
import { utf8Decode } from '../../base/bytes.js';
import { OperatorError } from '../../base/operator-error.js';
import type { EncodedChange } from '../../change/change.js';
import { Changelog } from '../../changelog/changelog.js';
import { readRow } from '../../changelog/log-read.js';
import { type Csn, csnReplica } from '../../csn/csn.js';
import { ServerState } from '../../csn/server-state.js';
import { BackupReader } from '../../io/backup-file.js';
import type { OrderedStore } from '../../port/ordered-store.js';
import { isShared } from '../domain/shared-domains.js';
import type { ListedBackup } from './backup-catalog.js';
import { decodeChanges, decodeRows, FRAME, stateOf } from './backup-header.js';

interface RestoredLog {
  readonly changelog: Changelog;
  readonly generation: string | undefined;
}

export class RestoredLogs {
  readonly #logs: ReadonlyMap<string, RestoredLog>;
  readonly #to: Csn | undefined;
  readonly #onTaken: (changes: number) => void;
  #taken = 0;
  /** What the sources' logs hold or held, by base: all of it up to the point must be here in the end. */
  readonly #seen = new Map<string, ServerState>();
  /** Base and origin whose first change after the point was met, next to the last one that is here: nothing is missing up to the point. */
  readonly #bounded = new Set<string>();

  private constructor(
    logs: ReadonlyMap<string, RestoredLog>,
    to: Csn | undefined,
    onTaken: (changes: number) => void,
  ) {
    this.#logs = logs;
    this.#to = to;
    this.#onTaken = onTaken;
  }

  /** The logs of all domains of `store`. `to`: changes after it stay out. */
  static async open(
    store: OrderedStore,
    to: Csn | undefined,
    onTaken: (changes: number) => void,
  ): Promise<RestoredLogs> {
    const logs = new Map<string, RestoredLog>();
    for (const { base, keys } of await domainsOf(store)) {
      const changelog = await Changelog.open(store, {
        ownReplica: undefined,
        prefix: keys.changelogPrefix(),
      });
      // A broker knows the data set by its log alone.
      const generation = readFacts(store, keys).generationId ?? changelog.recordedGeneration;
      logs.set(base, { changelog, generation });
    }
    return new RestoredLogs(logs, to, onTaken);
  }

  /** Normal forms of the base DNs. */
  get bases(): readonly string[] {
    return [...this.#logs.keys()];
  }

  /** Takes the changes of a backup: those of an incremental one, or those in the logs of a full one. Rejects with OperatorError BACKUP_INVALID. */
  async takeBackup(backup: ListedBackup, key: Uint8Array | undefined): Promise<void> {
    const generations = new Map(
      backup.header.domains.map(({ base, generation }) => [base, generation ?? undefined]),
    );
    for (const { base, log, generation } of backup.header.domains)
      this.#see(base, generation ?? undefined, stateOf(log));
    const numbers = new Map<number, string>();
    const reader = await BackupReader.open(backup.path);
    try {
      for await (const { kind, body } of reader.frames(key)) {
        if (kind === FRAME.changes) {
          const { base, changes } = decodeChanges(body);
          await this.#take(base, generations.get(base), changes.map(readRow));
        } else if (kind === FRAME.rows) {
          for (const [base, changes] of loggedChanges(body, numbers))
            await this.#take(base, generations.get(base), changes);
        }
      }
    } finally {
      await reader.close();
    }
  }

  /** Takes what the logs of another store hold of the same data sets. */
  async takeStore(store: OrderedStore): Promise<void> {
    for (const { base, keys } of await domainsOf(store)) {
      const mine = this.#logs.get(base);
      const { generationId } = readFacts(store, keys);
      if (mine === undefined) continue;
      const from = await Changelog.open(store, { ownReplica: undefined, prefix: keys.changelogPrefix() });
      this.#see(base, generationId, from.state);
      for (const origin of from.state.replicas())
        for await (const slice of from.scan(origin, mine.changelog.newest(origin)))
          await this.#take(base, generationId, slice);
    }
  }

  /** Throws OperatorError BACKUP_INVALID when a change that belongs here was in none of the sources: it was trimmed from all of them. */
  finish(): void {
    for (const [base, seen] of this.#seen)
      for (const csn of seen.csns()) {
        const origin = csnReplica(csn);
        const held = this.#logs.get(base)?.changelog.newest(origin);
        if (held !== undefined && held >= csn) continue;
        if (this.#isAfter(base, csn) && this.#bounded.has(`${origin} ${base}`)) continue;
        throw missing(origin, base, held, csn);
      }
  }

  #see(base: string, generation: string | undefined, state: ServerState): void {
    if (this.#isMine(base, generation))
      this.#seen.set(base, (this.#seen.get(base) ?? ServerState.EMPTY).merge(state));
  }

  #isMine(base: string, generation: string | undefined): boolean {
    const log = this.#logs.get(base);
    return log !== undefined && log.generation === generation;
  }

  #isAfter(base: string, csn: Csn): boolean {
    return this.#to !== undefined && csn > this.#to && !isShared(base);
  }

  async #take(
    base: string,
    generation: string | undefined,
    changes: readonly EncodedChange[],
  ): Promise<void> {
    const log = this.#logs.get(base)?.changelog;
    if (log === undefined || !this.#isMine(base, generation)) return;
    const wanted = changes.filter(({ csn }) => !this.#isAfter(base, csn));
    const outcome = log.append(wanted);
    if (outcome.kind === 'gap') throw missing(outcome.origin, base, outcome.held, outcome.offered);
    for (const { csn, previous } of changes)
      if (this.#isAfter(base, csn) && previous === log.newest(csnReplica(csn)))
        this.#bounded.add(`${csnReplica(csn)} ${base}`);
    await outcome.durable;
    this.#taken += outcome.taken;
    this.#onTaken(this.#taken);
  }
}

function missing(origin: number, base: string, held: Csn | undefined, before: Csn): OperatorError {
  return new OperatorError(
    'BACKUP_INVALID',
    `changes of replica ${origin} in ${base} are missing between ${held ?? 'the first'} and ${before}; nothing was replaced`,
  );
}

/** The domains of a store by its table. */
export async function domainsOf(store: OrderedStore): Promise<readonly { base: string; keys: KeySpace }[]> {
  const found: { base: string; keys: KeySpace }[] = [];
  for await (const rows of store.scan(SERVER_KEYS.domains))
    for (const { key, value } of rows)
      found.push({
        base: utf8Decode(key.subarray(3)) ?? '',
        keys: new KeySpace(((value[0] as number) * 256 + (value[1] as number)) as DomainNumber),
      });
  return found;
}

/** The changes among rows of a full backup, by domain. `numbers`: the domain table as read so far; its rows come first. */
function loggedChanges(body: Uint8Array, numbers: Map<number, string>): ReadonlyMap<string, EncodedChange[]> {
  const found = new Map<string, EncodedChange[]>();
  for (const { key, value } of decodeRows(body)) {
    const number = (key[0] as number) * 256 + (key[1] as number);
    if (number === 0 && key[2] === 0x64)
      numbers.set((value[0] as number) * 256 + (value[1] as number), utf8Decode(key.subarray(3)) ?? '');
    const base = numbers.get(number);
    // A log's changes stand below the octet 1 (changelog-keys.ts).
    if (base === undefined || key[2] !== TAG.changelog || key[3] !== 1) continue;
    const list = found.get(base) ?? [];
    list.push(readRow(value));
    found.set(base, list);
  }
  return found;
}
