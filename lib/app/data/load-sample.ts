/**
 * First data of a server: base entries, and sample people in the first domain where asked for.
 */

import type { ServerConfig } from '../config/read-config.js';
import { importEntries } from './import-entries.js';
import { sampleLdif } from './sample-ldif.js';
import { sampleEntries } from './sample-people.js';

/** Loads `entries` entries into the first domain and the base entry into the others. */
export async function loadSample(config: ServerConfig, entries: number): Promise<void> {
  for (const [index, base] of config.settings.domains.entries()) {
    const sample = sampleEntries({ entries: index === 0 ? entries : 1, base, seed: 1 });
    await importEntries(
      config,
      { name: 'the sample data', chunks: sampleLdif(sample, () => {}) },
      { base, onReject: () => false, onProgress: () => {} },
    );
  }
}
