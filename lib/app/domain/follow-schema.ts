/**
 * What the domains of a running server do when its schema becomes another: what they keep that follows from it is made anew, and their indexes are those that the
 * configuration asks for under the new schema (an index of a type that has just arrived is built, one whose rule changed is built anew).
 */

import { BuildStopped } from '../../backend/index/build-index.js';
import { IndexConfig } from '../../backend/index/index-config.js';
import { isForNow, untilTaken } from '../../backend/refused-for-now.js';
import type { Settings } from '../../config/option-table.js';
import { systemClock } from '../../io/system-clock.js';
import type { Log } from '../../port/log.js';
import type { Schema } from '../../schema/schema.js';
import type { ServerConfig } from '../config/read-config.js';
import { readIndexLists } from '../data/index-settings.js';
import type { RunningDomain } from './domain.js';
import { indexOptions } from './domain-options.js';

/** A function that is to be called after each change of `schema`. Rejects as reading the configuration does. */
export async function schemaFollower(
  config: ServerConfig,
  schema: Schema,
  domains: readonly RunningDomain[],
  log: Log,
): Promise<() => void> {
  const { files, settings } = config;
  // A list from a flag or the environment is in force whatever the file says; otherwise commands may have changed the file since the start.
  const fromFile = JSON.stringify(await readIndexLists(files)) === JSON.stringify(settings.indexes);
  const wanted = async () => {
    const lists = fromFile ? await readIndexLists(files) : settings.indexes;
    const indexes: Settings['indexes'] = Object.fromEntries(
      Object.entries(lists).map(([name, kinds]) => [name, [...kinds]]),
    );
    return new IndexConfig(indexOptions({ ...settings, indexes }, schema, true), schema);
  };
  return () => {
    for (const domain of domains) {
      follow(domain, wanted, log).catch((error: unknown) => {
        // Indexes that wait for space are made, and told, by their jobs.
        if (error instanceof BuildStopped || isForNow(error)) return;
        log.error({ domain: domain.baseText, error }, 'a domain could not follow the change of the schema');
      });
    }
  };
}

async function follow(
  { backend, baseText }: RunningDomain,
  wanted: () => Promise<IndexConfig>,
  log: Log,
): Promise<void> {
  await untilTaken(
    () => backend.schemaChanged(),
    systemClock,
    (error) =>
      log.warn(
        { domain: baseText, error },
        'a domain follows the change of the schema later, when it can be written',
      ),
  );
  const config = await wanted();
  const { indexes, indexJobs } = backend.parts;
  if (indexes.wanted.description() !== config.description()) await indexJobs.configure(config);
}
