/**
 * Checks the stores of a server's domains: on a running server over a snapshot, on a stopped one with the files in hand.
 */
import { domainNumber } from '../backend/domain-facts.js';
import { IndexConfig } from '../backend/index-config.js';
import { KeySpace } from '../backend/key-space.js';
import { type Verdict, verifyDomainRows } from '../backend/verify.js';
import { must } from '../base/assert.js';
import { parseDn } from '../dn/dn-text.js';
import type { OrderedStore } from '../port/ordered-store.js';
import type { Schema } from '../schema/schema.js';
import { indexOptions, type RunningDomain } from './domain.js';
import { openOffline } from './offline-store.js';
import type { ServerConfig } from './read-config.js';
import { readWholeSchema } from './read-schema.js';

export interface VerifyReport {
  readonly baseDn: string;
  readonly entries: number;
  /** One sentence each; none when the store is sound. */
  readonly faults: readonly string[];
}

/** Checks a domain of a running server. */
export async function verifyDomain(domain: RunningDomain): Promise<VerifyReport> {
  const { store, keys, indexes } = domain.backend.parts;
  return report(
    domain.baseText,
    await verifyDomainRows({ store, keys, schema: domain.schema, indexes: indexes.ready }),
  );
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
  return report(base, await verifyDomainRows({ store, keys, schema, indexes }));
}

function report(baseDn: string, verdict: Verdict): VerifyReport {
  const more = verdict.untold > 0 ? [`${verdict.untold} more faults are not told`] : [];
  return { baseDn, entries: verdict.entries, faults: [...verdict.violations, ...more] };
}
