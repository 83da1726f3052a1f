/**
 * Checks the stores of a server's domains: on a running server over a snapshot, on a stopped one with the files in hand.
 */
import { domainNumber } from '../../backend/domain-facts.js';
import { IndexConfig } from '../../backend/index/index-config.js';
import { KeySpace } from '../../backend/rows/key-space.js';
import type { DoubleValue } from '../../backend/rules/unique-doubles.js';
import { type Verdict, verifyDomainRows } from '../../backend/verify.js';
import { must } from '../../base/assert.js';
import { parseDn } from '../../dn/dn-text.js';
import type { OrderedStore } from '../../port/ordered-store.js';
import type { Schema } from '../../schema/schema.js';
import type { ServerConfig } from '../config/read-config.js';
import { readWholeSchema } from '../config/read-schema.js';
import type { RunningDomain } from '../domain/domain.js';
import { indexOptions } from '../domain/domain-options.js';
import { openOffline } from './offline-store.js';
import { openStoppedDomain } from './stopped-domain.js';

export interface VerifyReport {
  readonly baseDn: string;
  readonly entries: number;
  /** One sentence each; none when the store is sound. */
  readonly faults: readonly string[];
  /** Values that must be unique and are double, one sentence each: no fault of the store. */
  readonly doubles: readonly string[];
}

/** Checks a domain of a running server. */
export async function verifyDomain(domain: RunningDomain): Promise<VerifyReport> {
  const { store, keys, indexes } = domain.backend.parts;
  const verdict = await verifyDomainRows({ store, keys, schema: domain.schema, indexes: indexes.ready });
  return report(domain.baseText, verdict, await domain.backend.findDoubles());
}

/** Checks every domain of a stopped server. Rejects with OperatorError SERVER_RUNNING or what opening the store rejects with. */
export async function verifyOffline(config: ServerConfig): Promise<readonly VerifyReport[]> {
  const store = await openOffline(config.files, false);
  try {
    const { schema } = await readWholeSchema(config.files, store);
    const reports: VerifyReport[] = [];
    for (const base of config.settings.domains) reports.push(await verifyBase(config, base, store, schema));
    return reports;
  } finally {
    await store.close();
  }
}

async function verifyBase(
  config: ServerConfig,
  base: string,
  store: OrderedStore,
  schema: Schema,
): Promise<VerifyReport> {
  const baseKey = must(schema.dnKey(parseDn(base)), 'the configuration was checked');
  const keys = new KeySpace(await domainNumber(store, baseKey));
  const indexes = new IndexConfig(indexOptions(config.settings, schema), schema);
  const verdict = await verifyDomainRows({ store, keys, schema, indexes });
  // What stands in a damaged store is not looked at further.
  const sound = verdict.violations.length === 0;
  return report(base, verdict, sound ? await doublesOffline(config, base, store, schema) : []);
}

async function doublesOffline(
  config: ServerConfig,
  base: string,
  store: OrderedStore,
  schema: Schema,
): Promise<readonly DoubleValue[]> {
  if (config.settings.uniqueness.length === 0) return [];
  const backend = await openStoppedDomain(config, base, store, schema);
  const doubles = await backend.findDoubles();
  await backend.close();
  return doubles;
}

function sentence({ attribute, value, entries }: DoubleValue): string {
  return `"${value}" of ${attribute} must be unique and is held by ${entries.map((dn) => `"${dn}"`).join(', ')}`;
}

function report(baseDn: string, verdict: Verdict, doubles: readonly DoubleValue[]): VerifyReport {
  const more = verdict.untold > 0 ? [`${verdict.untold} more faults are not told`] : [];
  return {
    baseDn,
    entries: verdict.entries,
    faults: [...verdict.violations, ...more],
    doubles: doubles.map(sentence),
  };
}
