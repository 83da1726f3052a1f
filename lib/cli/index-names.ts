/**
 * What the index commands share: `--index`, running on a server or on its files, and the table of indexes.
 */

import { readServerConfig, type ServerConfig } from '../app/config/read-config.js';
import { callControl, isRunning } from '../app/control/control-client.js';
import type { ControlProgress, ControlRequest } from '../app/control/control-protocol.js';
import type { IndexedDomain, IndexLine } from '../app/data/index-admin.js';
import { withOfflineDomains } from '../app/data/index-offline.js';
import { table } from './output.js';
import { Progress } from './progress.js';

/** `--index`, for commands that change or rebuild. */
export const indexOption = {
  index: {
    type: 'string',
    array: true,
    default: [] as string[],
    describe: 'Attribute and kinds, such as mail:equality,substring; may be given several times',
  },
} as const;

/** Asks the running server, or works on the files of a stopped one. */
export async function onIndexes<T>(
  dir: string,
  json: boolean,
  request: ControlRequest & { readonly command: `index-${string}` },
  offline: (
    config: ServerConfig,
    domains: readonly IndexedDomain[],
    onProgress: (progress: ControlProgress) => void,
  ) => Promise<T>,
): Promise<T> {
  const config = await readServerConfig(dir);
  const progress = new Progress('entries', json);
  const onProgress = ({ done, total }: ControlProgress) =>
    progress.update(done, total === undefined ? undefined : done / Math.max(1, total));
  if (await isRunning(config.files)) return (await callControl(config.files, request, onProgress)) as T;
  return await withOfflineDomains(config, (domains) => offline(config, domains, onProgress));
}

/** The table of indexes. */
export function indexTable(lines: readonly IndexLine[]): string {
  return table(
    ['domain', 'attribute', 'kind', 'state'],
    lines.map(({ domain, attribute, kind, state, done, total, common, rare, reason }) => [
      domain,
      attribute,
      kind,
      total === undefined
        ? reason === undefined
          ? common === undefined
            ? state
            : `${state}, ${common} common keys${rare === undefined ? '' : `, ${rare} of them rare by now: rebuild it`}`
          : `${state}: ${reason}`
        : `${state}, ${done} of ${total} entries`,
    ]),
  );
}
