/**
 * Which backups lead to a point in time: the newest full one that holds nothing later, and later ones, or the data that are being replaced, for the changes up to it.
 */

import { readFacts } from '../../backend/domain-facts.js';
import { must } from '../../base/assert.js';
import { OperatorError } from '../../base/operator-error.js';
import {
  type Csn,
  csnTimeMs,
  MAX_CSN_SEQUENCE,
  MAX_REPLICA_ID,
  makeCsn,
  parseCsn,
  toReplicaId,
} from '../../csn/csn.js';
import type { OrderedStore } from '../../port/ordered-store.js';
import { isShared } from '../domain/shared-domains.js';
import type { ListedBackup } from './backup-catalog.js';
import { stateOf } from './backup-header.js';
import type { RestorePlan } from './restore-backup.js';
import { domainsOf } from './restored-logs.js';

/** The last CSN of a point: a CSN itself, or a time as ISO 8601 or LDAP's generalized time, that millisecond included. Throws OperatorError COMMAND_INVALID. */
export function pointInTime(text: string, nowMs: number): Csn {
  const csn = parseCsn(text);
  const ms = csn === undefined ? timeMs(text) : csnTimeMs(csn);
  if (ms === undefined)
    throw new OperatorError(
      'COMMAND_INVALID',
      `--to: "${text}" is neither a time such as 2031-05-17T14:30:00Z nor a CSN of 24 hex digits`,
    );
  if (ms > nowMs) throw new OperatorError('COMMAND_INVALID', `--to: ${text} is in the future`);
  return csn ?? makeCsn(ms, MAX_CSN_SEQUENCE, must(toReplicaId(MAX_REPLICA_ID), 'a replica id'));
}

function timeMs(text: string): number | undefined {
  if (text.length > 40) return undefined;
  const short = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d{1,3})?Z$/.exec(text);
  const iso =
    short === null
      ? /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/.test(text)
        ? text
        : undefined
      : `${short[1]}-${short[2]}-${short[3]}T${short[4]}:${short[5]}:${short[6]}${short[7] ?? ''}Z`;
  const ms = iso === undefined ? Number.NaN : Date.parse(iso);
  return Number.isFinite(ms) && ms >= 0 ? ms : undefined;
}

/** Throws OperatorError RESTORE_REFUSED when the backups, and the data that are being replaced (`old`), do not hold what leads there. */
export async function planPointInTime(
  backups: readonly ListedBackup[],
  to: Csn,
  folder: string,
  old: OrderedStore | undefined,
): Promise<RestorePlan> {
  const full = backups.findLast((backup) => backup.header.kind === 'full' && holdsNothingAfter(backup, to));
  const when = new Date(csnTimeMs(to)).toISOString();
  if (full === undefined)
    throw new OperatorError(
      'RESTORE_REFUSED',
      `${folder} holds no full backup from before ${when}; see: polyarch backup list`,
    );
  // All of them, also those from long after the point: a change from before it may have come late, from another server.
  const sources = backups.filter(
    (backup) => backup.header.takenMs > full.header.takenMs && sameDataSets(full, backup),
  );
  const reached = sources.some(({ header }) => header.takenMs > csnTimeMs(to));
  if (reached || (old !== undefined && (await isOfDataSets(old, full)))) return { chain: [full], sources };
  const last = sources.at(-1) ?? full;
  throw new OperatorError(
    'RESTORE_REFUSED',
    `the backups hold the changes up to ${new Date(last.header.takenMs).toISOString()} and not to ${when}, and ${old === undefined ? 'there are no present data' : 'the present data are another data set'} to take the rest from`,
  );
}

function holdsNothingAfter({ header }: ListedBackup, to: Csn): boolean {
  return header.domains.every(({ base, applied, log }) => {
    if (isShared(base)) return true;
    return [applied, log].every((text) =>
      stateOf(text)
        .csns()
        .every((csn) => csn <= to),
    );
  });
}

function sameDataSets(full: ListedBackup, other: ListedBackup): boolean {
  return full.header.domains.every(({ base, generation }) =>
    other.header.domains.some((domain) => domain.base === base && domain.generation === generation),
  );
}

async function isOfDataSets(store: OrderedStore, full: ListedBackup): Promise<boolean> {
  const generations = new Map<string, string | null>();
  for (const { base, keys } of await domainsOf(store))
    generations.set(base, readFacts(store, keys).generationId ?? null);
  return full.header.domains.every(({ base, generation }) => generations.get(base) === generation);
}
