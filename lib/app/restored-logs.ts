/**
 * The change logs of a store that is being restored: takes changes from later backups and from the data that are being replaced.
 *
 * Each log checks that a change follows the one before it of the same origin, so nothing can be missing in between; what it holds is passed over. With a point in time, later
 * changes stay out, but for those of shared domains (schema, topology): they are the same on all servers and are not taken back.
 */

import { readFacts } from '../backend/domain-facts.js';
import { type DomainNumber, KeySpace, TAG } from '../backend/key-space.js';
import { SERVER_KEYS } from '../backend/server-keys.js';
import { utf8Decode } from '../base/bytes.js';
import { OperatorError } from '../base/operator-error.js';
import type { EncodedChange } from '../change/change.js';
import { Changelog } from '../changelog/changelog.js';
import { readRow } from '../changelog/log-read.js';
import type { Csn } from '../csn/csn.js';
import { BackupReader } from '../io/backup-file.js';
import type { OrderedStore } from '../port/ordered-store.js';
import type { ListedBackup } from './backup-catalog.js';
import { decodeChanges, decodeRows, FRAME } from './backup-header.js';
import { isShared } from './shared-domains.js';

interface RestoredLog {
  readonly changelog: Changelog;
  readonly generation: string | undefined;
}

export class RestoredLogs {
  readonly #logs: ReadonlyMap<string, RestoredLog>;
  readonly #to: Csn | undefined;
  readonly #onTaken: (changes: number) => void;
  #taken = 0;

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
    for (const { base, keys } of await domainsOf(store))
      logs.set(base, {
        changelog: await Changelog.open(store, { ownReplica: undefined, prefix: keys.changelogPrefix() }),
        generation: readFacts(store, keys).generationId,
      });
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
      for (const origin of from.state.replicas())
        for await (const slice of from.scan(origin, mine.changelog.newest(origin)))
          await this.#take(base, generationId, slice);
    }
  }

  async #take(
    base: string,
    generation: string | undefined,
    changes: readonly EncodedChange[],
  ): Promise<void> {
    const log = this.#logs.get(base);
    if (log === undefined || log.generation !== generation) return;
    const limit = isShared(base) ? undefined : this.#to;
    const wanted = limit === undefined ? changes : changes.filter(({ csn }) => csn <= limit);
    if (wanted.length === 0) return;
    const outcome = log.changelog.append(wanted);
    if (outcome.kind === 'gap')
      throw new OperatorError(
        'BACKUP_INVALID',
        `changes of replica ${outcome.origin} in ${base} are missing between ${outcome.held ?? 'the first'} and ${outcome.offered}; nothing was replaced`,
      );
    await outcome.durable;
    this.#taken += outcome.taken;
    this.#onTaken(this.#taken);
  }
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
