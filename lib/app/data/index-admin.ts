/**
 * The index commands on open domains, be it of a running server or of a stopped one whose store a command has opened.
 *
 * A change goes into polyarch.yaml first and into force then, while the domains serve (backend/index/index-jobs.ts). What is asked for while
 * another job runs is done after it.
 */
import { IndexConfig, type IndexItem, kindName } from '../../backend/index/index-config.js';
import { findRareKeys } from '../../backend/index/rare-keys.js';
import { verifyIndexRows } from '../../backend/index/verify-index.js';
import { INDEX_KIND } from '../../backend/rows/key-space.js';
import type { StoreBackend } from '../../backend/store-backend.js';
import { OperatorError } from '../../base/operator-error.js';
import {
  type IndexLists,
  type NamedIndex,
  parseIndexNames,
  withIndexes,
  withoutIndexes,
} from '../../config/index-lists.js';
import type { Settings } from '../../config/option-table.js';
import type { AdviceRow } from '../../operation/search/index-advice.js';
import type { Schema } from '../../schema/schema.js';
import type { ServerConfig } from '../config/read-config.js';
import type { ControlProgress } from '../control/control-protocol.js';
import { indexOptions } from '../domain/domain-options.js';
import type { ServerFiles } from '../server-files.js';
import { checkIndexable, keysOf, readIndexLists, writeIndexLists } from './index-settings.js';

/** A domain whose indexes are administered. */
export interface IndexedDomain {
  readonly baseText: string;
  readonly backend: StoreBackend;
  readonly schema: Schema;
}

/** One index of one domain. */
export interface IndexLine {
  readonly domain: string;
  readonly attribute: string;
  readonly kind: string;
  readonly state: string;
  readonly done?: number;
  readonly total?: number;
  /** Keys of a substring index that are common, where there are any. */
  readonly common?: number;
  /** How many of these few entries have by now, as a sample tells, where there are any: `index rebuild` gives them rows again. */
  readonly rare?: number;
  readonly reason?: string;
}

export interface IndexFaults {
  readonly baseDn: string;
  readonly entries: number;
  readonly faults: readonly string[];
}

type OnProgress = (progress: ControlProgress) => void;

const PROGRESS_MS = 200;

/** What the indexes are doing. */
export function indexLines(domains: readonly IndexedDomain[]): readonly IndexLine[] {
  return domains.flatMap(({ baseText, backend, schema }) =>
    backend.parts.indexJobs.states().map(({ item, state, done, total, reason }) => ({
      domain: baseText,
      attribute: schema.attributeType(item.key)?.names[0] ?? item.key,
      kind: kindName(item.kind),
      state,
      ...(total === undefined ? {} : { done, total }),
      ...commonOf(backend, item),
      ...(reason === undefined ? {} : { reason }),
    })),
  );
}

/** indexLines() with the common keys that are rare by now. Rejects with a StoreError or LdapError unavailable. */
export async function listedIndexes(domains: readonly IndexedDomain[]): Promise<readonly IndexLine[]> {
  const rare = await rareIndexes(domains);
  return indexLines(domains).map((line) => {
    const found = rare.find((one) => one.domain === line.domain && one.attribute === line.attribute);
    return found === undefined || line.common === undefined ? line : { ...line, rare: found.rare };
  });
}

/** Substring indexes to be made anew: common keys of theirs are rare by now. */
export interface RareIndex {
  readonly domain: string;
  readonly attribute: string;
  readonly kind: 'substring';
  readonly common: number;
  readonly rare: number;
}

/** Those of the domains. Rejects with a StoreError or LdapError unavailable. */
export async function rareIndexes(domains: readonly IndexedDomain[]): Promise<readonly RareIndex[]> {
  const found: RareIndex[] = [];
  for (const { baseText, backend, schema } of domains) {
    const { parts } = backend;
    for (const [key, rare] of backend.importing ? [] : await findRareKeys(parts))
      found.push({
        domain: baseText,
        attribute: schema.attributeType(key)?.names[0] ?? key,
        kind: 'substring',
        common: parts.indexes.spec(key)?.common.size ?? rare,
        rare,
      });
  }
  return found;
}

/** In one line, its command first. */
export function rareText({ attribute, common, rare }: RareIndex): string {
  return `polyarch index rebuild --index ${attribute}:substring   # ${rare} of ${common} common keys are rare by now`;
}

function commonOf({ parts }: StoreBackend, { key, kind }: IndexItem): Pick<IndexLine, 'common'> {
  const common = parts.indexes.spec(key)?.common.size ?? 0;
  return kind === INDEX_KIND.substring && common > 0 ? { common } : {};
}

/** Adds or drops indexes: file, then domains. OperatorError COMMAND_INVALID or CONFIG_INVALID; whatever the build rejects with. */
export async function changeIndexes(
  { files, settings }: Pick<ServerConfig, 'files' | 'settings'>,
  domains: readonly IndexedDomain[],
  change: 'add' | 'drop',
  texts: readonly string[],
  onProgress: OnProgress,
): Promise<readonly IndexLine[]> {
  const named = parseIndexNames(texts, change === 'add');
  const schema = schemaOf(domains);
  const before = await readIndexLists(files);
  const configOf = (indexes: IndexLists) =>
    new IndexConfig(indexOptions({ ...settings, indexes: mutable(indexes) }, schema), schema);
  checkSame(files, domains, configOf(before));
  const lists =
    change === 'add'
      ? withIndexes(before, named, keysOf(schema))
      : withoutIndexes(before, named, keysOf(schema));
  if (change === 'add') checkIndexable(withIndexes({}, named, keysOf(schema)), schema);
  await writeIndexLists(files, lists);
  const wanted = configOf(lists);
  const work = domains.map(({ backend }) => backend.parts.indexJobs.configure(wanted));
  await watched(domains, Promise.all(work), onProgress);
  return indexLines(domains).filter((line) => names(named, line, schema));
}

/** Makes the rows of these indexes anew. OperatorError COMMAND_INVALID; whatever the build rejects with. */
export async function rebuildNamed(
  domains: readonly IndexedDomain[],
  texts: readonly string[],
  onProgress: OnProgress,
): Promise<readonly IndexLine[]> {
  const named = parseIndexNames(texts, false);
  const schema = schemaOf(domains);
  const chosen = (item: IndexItem) =>
    names(named, { attribute: item.key, kind: kindName(item.kind) }, schema);
  const work = domains.map(({ backend }) => {
    const { indexes, indexJobs } = backend.parts;
    return indexJobs.rebuild(indexes.wanted.items().filter(chosen));
  });
  const lines = indexLines(domains).filter((line) => names(named, line, schema));
  if (lines.length === 0) {
    await Promise.all(work);
    throw new OperatorError('COMMAND_INVALID', 'there are no such indexes; see: polyarch index list');
  }
  await watched(domains, Promise.all(work), onProgress);
  return indexLines(domains).filter((line) => names(named, line, schema));
}

/** Compares the rows of every index with the entries. */
export async function verifyIndexes(domains: readonly IndexedDomain[]): Promise<readonly IndexFaults[]> {
  const reports: IndexFaults[] = [];
  for (const { baseText, backend, schema } of domains) {
    const { store, keys, indexes } = backend.parts;
    const found = await verifyIndexRows({ store, keys, schema, indexes: indexes.ready });
    reports.push({ baseDn: baseText, ...found });
  }
  return reports;
}

/** Advice rows under the names of the schema. */
export function adviceLines(rows: readonly AdviceRow[], schema: Schema): readonly AdviceRow[] {
  return rows.map((row) => ({
    ...row,
    attribute: (schema.attributeType(row.attribute)?.names[0] ?? row.attribute) as AdviceRow['attribute'],
  }));
}

function schemaOf(domains: readonly IndexedDomain[]): Schema {
  const [first] = domains;
  if (first === undefined)
    throw new OperatorError('COMMAND_INVALID', 'this server holds no entries: it has no indexes');
  return first.schema;
}

/** The file must say what is in force. */
function checkSame(files: ServerFiles, domains: readonly IndexedDomain[], said: IndexConfig): void {
  const description = said.description();
  if (domains.every(({ backend }) => backend.parts.indexes.wanted.description() === description)) return;
  throw new OperatorError(
    'CONFIG_INVALID',
    `the option indexes in force is not the one in ${files.config}: it was changed since the start, or comes from the environment or a flag; restart the server, or change it there`,
  );
}

/** The form of the option. */
function mutable(lists: IndexLists): Settings['indexes'] {
  return Object.fromEntries(Object.entries(lists).map(([name, kinds]) => [name, [...kinds]]));
}

function names(
  named: readonly NamedIndex[],
  line: Pick<IndexLine, 'attribute' | 'kind'>,
  schema: Schema,
): boolean {
  const keyOf = keysOf(schema);
  return named.some(
    ({ attribute, kinds }) =>
      keyOf(attribute) === keyOf(line.attribute) &&
      (kinds.length === 0 || kinds.some((kind) => kind === line.kind)),
  );
}

/** Tells how far the builds are until `work` ends. */
async function watched<T>(
  domains: readonly IndexedDomain[],
  work: Promise<T>,
  onProgress: OnProgress,
): Promise<T> {
  const timer = setInterval(() => {
    let done = 0;
    let total = 0;
    for (const { backend } of domains) {
      const building = backend.parts.indexJobs.states().find(({ state }) => state === 'building');
      done += building?.done ?? 0;
      total += building?.total ?? 0;
    }
    onProgress({ done, what: 'entries', ...(total === 0 ? {} : { total }) });
  }, PROGRESS_MS);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}
