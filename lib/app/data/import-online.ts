/**
 * Import into a running server through LDAP: content records are added, change records are applied.
 *
 * Records of one kind of work are pipelined: up to WINDOW adds are on their way at once, so that they share fsyncs; a change record waits for what came before it.
 */
import { counted } from '../../base/counted.js';
import { LdapError } from '../../base/ldap-error.js';
import { OperatorError } from '../../base/operator-error.js';
import { RESULT_CODES } from '../../base/result-code.js';
import type { LdapClient } from '../../io/ldap-client.js';
import type { LdifItem, LdifRecord } from '../../ldif/ldif-record.js';
import { type ImportSource, type ReadOptions, readerFor, selected } from './import-entries.js';

const WINDOW = 64;

/** Attributes that the server itself gives. */
const SERVER_GIVEN = new Set(
  [
    'entryUUID',
    'entryDN',
    'entryCSN',
    'createTimestamp',
    'creatorsName',
    'modifyTimestamp',
    'modifiersName',
    'structuralObjectClass',
    'subschemaSubentry',
    'hasSubordinates',
    'numSubordinates',
    'ds-sync-conflict',
    'ds-sync-schema-violation',
    'ds-sync-conflict-resolved',
  ].map((name) => name.toLowerCase()),
);

export interface OnlineOptions extends ReadOptions {
  /** An earlier run was cut: entries that are there already are passed over, and counted. */
  readonly resume?: boolean;
  /** Called for a record that is refused; when it answers false the import ends with its error. */
  onReject(item: LdifItem, reason: string, exitCode?: number): boolean;
  onProgress(done: number): void;
}

export interface OnlineResult {
  readonly entries: number;
  /** With `resume`: entries that were there already. */
  readonly present: number;
}

/** Sends every record; answers how many were taken. Rejects with LdapError of the first refused record, or OperatorError LDIF_INVALID; both say how many were taken. */
export function importOnline(
  client: LdapClient,
  source: ImportSource,
  options: OnlineOptions,
): Promise<OnlineResult> {
  return new OnlineImport(client, source, options).run();
}

type RecordItem = LdifItem & { kind: 'record' };

/** One import under way: adds go together, every other change alone. */
class OnlineImport {
  readonly #client: LdapClient;
  readonly #source: ImportSource;
  readonly #options: OnlineOptions;
  readonly #running = new Set<Promise<void>>();
  #taken = 0;
  #present = 0;
  /** What ended the import without an answer to a record. */
  #failure: unknown;
  /** Of those that are refused the first in the file is told, and how many there are. */
  #first: { readonly item: RecordItem; readonly error: LdapError } | undefined;
  #refused = 0;

  constructor(client: LdapClient, source: ImportSource, options: OnlineOptions) {
    this.#client = client;
    this.#source = source;
    this.#options = options;
  }

  async run(): Promise<OnlineResult> {
    const reader = readerFor(this.#options);
    try {
      for await (const chunk of this.#source.chunks) await this.#take(reader.push(chunk));
      await this.#take(reader.end());
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
    } finally {
      await Promise.all(this.#running);
    }
    this.#throwFailure();
    return { entries: this.#taken, present: this.#present };
  }

  async #take(items: readonly LdifItem[]): Promise<void> {
    const running = this.#running;
    for (const item of selected(items, this.#options)) {
      if (this.#failure !== undefined || this.#first !== undefined) throw new Stopped();
      if (item.kind === 'fault') {
        if (this.#options.onReject(item, item.reason)) continue;
        await Promise.all(running);
        this.#throwFailure();
        throw new OperatorError(
          'LDIF_INVALID',
          `${this.#source.name}:${item.line}: ${item.reason}; ${this.#counts()}`,
        );
      }
      const adds = isAdd(item.record);
      if (!adds) await Promise.all(running);
      const work = this.#send(item);
      if (!adds) await work;
      else if (running.size >= WINDOW) await Promise.race(running);
    }
  }

  #send(item: RecordItem): Promise<void> {
    const work = send(this.#client, item.record).then(
      () => {
        this.#taken += 1;
        this.#options.onProgress(this.#taken);
      },
      (error: unknown) => this.#refuse(item, error),
    );
    this.#running.add(work);
    void work.finally(() => this.#running.delete(work));
    return work;
  }

  #refuse(item: RecordItem, error: unknown): void {
    const options = this.#options;
    if (!(error instanceof LdapError)) this.#failure ??= error;
    else if (options.resume === true && isAdd(item.record) && error.result === 'entryAlreadyExists')
      this.#present += 1;
    else if (!options.onReject(item, reasonOf(item, error), RESULT_CODES[error.result])) {
      this.#refused += 1;
      if (this.#first === undefined || item.line < this.#first.item.line) this.#first = { item, error };
    }
  }

  #counts(): string {
    const taken = counted(this.#taken, 'record was', 'records were');
    return `${taken} imported${this.#refused === 0 ? '' : `, ${this.#refused} refused`}`;
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#first !== undefined)
      throw located(this.#source, this.#first.item, this.#first.error, this.#counts());
  }
}

function isAdd(record: LdifRecord): boolean {
  return record.kind === 'content' || record.change.kind === 'add';
}

/** Nothing more is sent: a record was refused, and those under way are waited for. */
class Stopped extends Error {}

async function send(client: LdapClient, record: LdifRecord): Promise<void> {
  if (record.kind === 'content') {
    await client.add(
      record.dn,
      record.attributes.filter(({ description }) => !SERVER_GIVEN.has(description.toLowerCase())),
    );
    return;
  }
  const { dn, change, controls } = record;
  switch (change.kind) {
    case 'add':
      await client.add(dn, change.attributes, { controls });
      return;
    case 'delete':
      await client.delete(dn, { controls });
      return;
    case 'modify':
      await client.modify(dn, change.modifications, { controls });
      return;
    case 'modifyDn':
      await client.modifyDn(dn, change.newRdn, change.deleteOldRdn, change.newSuperior, { controls });
  }
}

function reasonOf(item: LdifItem & { kind: 'record' }, error: LdapError): string {
  return `${item.record.dn}: ${error.message} (${RESULT_CODES[error.result]}, ${error.result})`;
}

function located(
  source: ImportSource,
  item: LdifItem & { kind: 'record' },
  error: LdapError,
  counts: string,
): LdapError {
  const reason = error.message.replace(/\.$/, '');
  return new LdapError(
    error.result,
    `${source.name}:${item.line}: ${item.record.dn}: ${reason}; ${counts}`,
    error.matchedDn,
  );
}
