/**
 * Brings the entries of a store that nobody else uses up to its change logs: what a restored backup's increments brought is applied, each domain is checked.
 *
 * The schema's domain goes first: the others are read with the schema that it holds then. A change that cannot be applied is told of and nothing is guessed.
 */
import { readFacts } from '../../backend/domain-facts.js';
import type { StoreBackend } from '../../backend/store-backend.js';
import { verifyDomainRows } from '../../backend/verify.js';
import { must } from '../../base/assert.js';
import { LIMITS } from '../../base/limits.js';
import { OperatorError } from '../../base/operator-error.js';
import type { Change, EncodedChange } from '../../change/change.js';
import { decodeChange } from '../../change/change-codec.js';
import type { Changelog } from '../../changelog/changelog.js';
import { csnReplica } from '../../csn/csn.js';
import { parseDn } from '../../dn/dn-text.js';
import type { OrderedStore } from '../../port/ordered-store.js';
import type { ServerConfig } from '../config/read-config.js';
import { readWholeSchema } from '../config/read-schema.js';
import { openWithLog } from '../data/stopped-domain.js';
import { indexOptions } from '../domain/domain-options.js';
import { isShared, SHARED_BASES } from '../domain/shared-domains.js';
import { domainsOf } from './restored-logs.js';

/** Changes given to the backend in one call. */
const ROUND_CHANGES = 512;

export interface ReplayedDomain {
  readonly baseDn: string;
  readonly entries: number;
  /** Changes applied. */
  readonly changes: number;
}

/** Applies what the logs hold, domain by domain. Rejects with OperatorError BACKUP_INVALID when a change does not fit or the rows are not sound. */
export async function replayOffline(
  config: ServerConfig,
  store: OrderedStore,
  onProgress: (changes: number) => void,
  /** Called with each domain before it is closed. */
  finish: (backend: StoreBackend, base: string) => Promise<void> = async () => {},
): Promise<readonly ReplayedDomain[]> {
  const replayed: ReplayedDomain[] = [];
  let before = 0;
  for (const base of [...SHARED_BASES, ...config.settings.domains]) {
    if (!(await holdsEntries(config, store, base))) continue;
    const done = await replayDomain(config, store, base, (changes) => onProgress(before + changes), finish);
    before += done.changes;
    replayed.push(done);
  }
  return replayed;
}

/** Whether entries of a domain stand in the store: a broker holds changes alone of most. */
async function holdsEntries({ files }: ServerConfig, store: OrderedStore, base: string): Promise<boolean> {
  const { schema } = await readWholeSchema(files, store);
  const baseKey = schema.dnKey(parseDn(base));
  const found = (await domainsOf(store)).find((domain) => domain.base === baseKey);
  return found !== undefined && readFacts(store, found.keys).generationId !== undefined;
}

async function replayDomain(
  config: ServerConfig,
  store: OrderedStore,
  base: string,
  onProgress: (changes: number) => void,
  finish: (backend: StoreBackend, base: string) => Promise<void>,
): Promise<ReplayedDomain> {
  const { schema } = await readWholeSchema(config.files, store);
  // The schema that is restored may lack what the configuration indexes.
  const { backend, changelog } = await openWithLog(config, base, store, schema, {
    indexes: isShared(base) ? {} : indexOptions(config.settings, schema, true),
    consistency: {},
  });
  try {
    const changes = await applyLog(backend, changelog, onProgress);
    const { keys, indexes } = backend.parts;
    const { violations, untold } = await verifyDomainRows({ store, keys, schema, indexes: indexes.ready });
    const [first] = violations;
    if (first !== undefined)
      throw new OperatorError(
        'BACKUP_INVALID',
        `the restored data of ${base} are not sound (${violations.length + untold} faults, the first: ${first}); nothing was replaced`,
      );
    await finish(backend, base);
    return { baseDn: base, entries: backend.entryCount, changes };
  } finally {
    await backend.close();
  }
}

/** Applies what the log holds and the entries lack; answers how many changes. */
async function applyLog(
  backend: Pick<StoreBackend, 'replay' | 'state'>,
  changelog: Changelog,
  onProgress: (changes: number) => void,
): Promise<number> {
  let applied = 0;
  for (;;) {
    const changes = await nextChanges(backend, changelog);
    if (changes.length === 0) return applied;
    const results = await backend.replay(changes);
    const done = results.filter(({ kind }) => kind === 'applied').length;
    if (done === 0) throw doesNotFit(must(changes[0], 'there are changes').csn);
    applied += done;
    onProgress(applied);
  }
}

/** Of all origins, in CSN order, so that little has to be undone and redone. */
async function nextChanges(
  backend: Pick<StoreBackend, 'state'>,
  changelog: Changelog,
): Promise<readonly Change[]> {
  const found: EncodedChange[] = [];
  for (const newest of changelog.state.csns()) {
    if (backend.state.covers(newest)) continue;
    const origin = csnReplica(newest);
    const slice = await changelog.read(origin, backend.state.get(origin), LIMITS.logReadBytes);
    if (slice.kind !== 'changes') throw doesNotFit(newest);
    found.push(...slice.changes);
  }
  found.sort((a, b) => (a.csn < b.csn ? -1 : 1));
  return found.slice(0, ROUND_CHANGES).map(({ bytes }) => decodeChange(bytes));
}

function doesNotFit(csn: string): OperatorError {
  return new OperatorError(
    'BACKUP_INVALID',
    `change ${csn} does not follow what the backups before it hold; nothing was replaced`,
  );
}
