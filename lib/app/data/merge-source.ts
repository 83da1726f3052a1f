/**
 * The data that `merge` brings: the entries of a stopped server's directory, or of an LDIF file, parents before children, with what is known of when each attribute was written.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { OperatorError } from '../../base/operator-error.js';
import { attributeTimes } from '../../conflict/attribute-times.js';
import { parseDn } from '../../dn/dn-text.js';
import type { MergePreference } from '../../entry/merge-entry.js';
import type { RawValues } from '../../entry/modification.js';
import { readOctets } from '../../io/octet-file.js';
import type { LdifItem } from '../../ldif/ldif-record.js';
import type { PasswordHasher } from '../../port/password-hasher.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import { generalizedTimeMs } from '../../schema/time-form.js';
import { readServerConfig } from '../config/read-config.js';
import { readWholeSchema } from '../config/read-schema.js';
import { clearPasswords } from './clear-passwords.js';
import { recordOf, walkEntries } from './export-entries.js';
import { readerFor } from './import-entries.js';
import { openOffline } from './offline-store.js';
import { openStoppedDomain } from './stopped-domain.js';

export interface MergeOrder {
  /** Absolute path of a stopped server's directory or of an LDIF file. */
  readonly from: string;
  /** `refuse`: nothing is merged when any entry differs. */
  readonly differing: MergePreference | 'refuse';
  /** Nothing is written. */
  readonly dryRun: boolean;
}

/** One entry to merge. */
export interface MergeRecord {
  readonly dn: string;
  readonly attributes: readonly RawValues[];
  readonly writtenMs: (key: AttributeKey) => number;
}

/** An item of an LDIF file that is no entry. */
export interface MergeFault {
  readonly fault: string;
}

/** Refuses what cannot be read later on. Rejects with OperatorError COMMAND_INVALID, SERVER_RUNNING, CONFIG_INVALID or DATA_DIR_MISSING. */
export async function checkMergeSource(path: string): Promise<void> {
  const facts = await stat(path).catch(() => undefined);
  if (facts === undefined)
    throw new OperatorError(
      'COMMAND_INVALID',
      `there is no ${path}; name the directory of a stopped server, or an LDIF file`,
    );
  if (!facts.isDirectory()) {
    createReadStream(path, { end: 0 }).destroy();
    return;
  }
  const { files } = await readServerConfig(path);
  await (await openOffline(files, false)).close();
}

/** The entries of `path`; clear passwords of an LDIF file are hashed by `hasher`. */
export async function* mergeRecords(
  path: string,
  hasher: PasswordHasher,
): AsyncGenerator<MergeRecord | MergeFault> {
  if ((await stat(path)).isDirectory()) yield* directoryRecords(path);
  else yield* ldifRecords(path, hasher);
}

async function* directoryRecords(path: string): AsyncGenerator<MergeRecord> {
  const config = await readServerConfig(path);
  const store = await openOffline(config.files, false);
  try {
    const { schema } = await readWholeSchema(config.files, store);
    for (const base of config.settings.domains) {
      const backend = await openStoppedDomain(config, base, store, schema);
      try {
        const root = backend.byDn(parseDn(base));
        if (root === undefined) continue;
        for await (const entry of walkEntries(backend, root)) {
          const writtenMs = attributeTimes(entry.state, await backend.history(entry.uuid));
          const record = recordOf(entry, false);
          if (record.kind === 'content') yield { dn: record.dn, attributes: record.attributes, writtenMs };
        }
      } finally {
        await backend.close();
      }
    }
  } finally {
    await store.close();
  }
}

async function* ldifRecords(path: string, hasher: PasswordHasher): AsyncGenerator<MergeRecord | MergeFault> {
  const reader = readerFor({});
  const read = { bytesRead: 0 };
  for await (const chunk of readOctets(path, read)) {
    yield* recordsOf(path, reader.push(chunk), hasher);
    await nextTurn();
  }
  yield* recordsOf(path, reader.end(), hasher);
}

async function* recordsOf(
  path: string,
  items: readonly LdifItem[],
  hasher: PasswordHasher,
): AsyncGenerator<MergeRecord | MergeFault> {
  await clearPasswords(items, hasher);
  for (const item of items) {
    if (item.kind === 'fault') yield { fault: `${path}:${item.line}: ${item.reason}` };
    else if (item.record.kind === 'change')
      yield { fault: `${path}:${item.line}: a change record; entries alone can be merged` };
    else {
      const { dn, attributes } = item.record;
      const ms = timeOf(attributes, 'modifytimestamp') ?? timeOf(attributes, 'createtimestamp') ?? 0;
      yield { dn, attributes, writtenMs: () => ms };
    }
  }
}

function timeOf(attributes: readonly RawValues[], name: string): number | undefined {
  const found = attributes.find(({ description }) => description.toLowerCase() === name)?.values[0];
  return found === undefined ? undefined : generalizedTimeMs(found);
}
