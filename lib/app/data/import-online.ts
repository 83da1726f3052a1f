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
export async function importOnline(
  client: LdapClient,
  source: ImportSource,
  options: OnlineOptions,
): Promise<OnlineResult> {
  const running = new Set<Promise<void>>();
  let taken = 0;
  let present = 0;
  let failure: unknown;
  // Adds are under way together: of those that are refused the first in the file is told, and how many there are.
  let first: { item: LdifItem & { kind: 'record' }; error: LdapError } | undefined;
  let refused = 0;
  const counts = () =>
    `${counted(taken, 'record was', 'records were')} imported${refused === 0 ? '' : `, ${refused} refused`}`;
  const throwFailure = () => {
    if (failure !== undefined) throw failure;
    if (first !== undefined) throw located(source, first.item, first.error, counts());
  };
  const start = (item: LdifItem & { kind: 'record' }): Promise<void> => {
    const work = send(client, item.record).then(
      () => {
        taken += 1;
        options.onProgress(taken);
      },
      (error: unknown) => {
        if (!(error instanceof LdapError)) failure ??= error;
        else if (options.resume === true && isAdd(item.record) && error.result === 'entryAlreadyExists')
          present += 1;
        else if (!options.onReject(item, reasonOf(item, error), RESULT_CODES[error.result])) {
          refused += 1;
          if (first === undefined || item.line < first.item.line) first = { item, error };
        }
      },
    );
    running.add(work);
    void work.finally(() => running.delete(work));
    return work;
  };
  const take = async (items: readonly LdifItem[]) => {
    for (const item of selected(items, options)) {
      if (failure !== undefined || first !== undefined) throw new Stopped();
      if (item.kind === 'fault') {
        if (options.onReject(item, item.reason)) continue;
        await Promise.all(running);
        throwFailure();
        throw new OperatorError('LDIF_INVALID', `${source.name}:${item.line}: ${item.reason}; ${counts()}`);
      }
      const adds = isAdd(item.record);
      if (!adds) await Promise.all(running);
      const work = start(item);
      if (!adds) await work;
      else if (running.size >= WINDOW) await Promise.race(running);
    }
  };
  const reader = readerFor(options);
  try {
    for await (const chunk of source.chunks) await take(reader.push(chunk));
    await take(reader.end());
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
  } finally {
    await Promise.all(running);
  }
  throwFailure();
  return { entries: taken, present };
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
