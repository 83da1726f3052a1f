/**
 * `polyarch replication status`: missing changes, lag and peers of one server, or of all servers of a demo or machine (`--dir` more than once), or of servers anywhere (`--url` more than once).
 */
import { callControl } from '../../app/control/control-client.js';
import { inSync } from '../../app/monitor/in-sync.js';
import type { ServerStatus } from '../../app/monitor/server-status.js';
import { existingServer } from '../../app/server-files.js';
import { OperatorError } from '../../base/operator-error.js';
import { defineCommand, jsonOption } from '../command.js';
import { askCredentials, type BindArguments, ldapOptions } from '../ldap-options.js';
import { printData } from '../output.js';
import { callUrl, targetOf } from '../server-target.js';
import { statusScreen } from '../status-screen.js';

/** Characters of a line where no terminal says, and at least. */
const UNKNOWN_WIDTH = 120;
const NARROWEST = 60;
const NOT_REACHED: ReadonlySet<string> = new Set(['SERVER_NOT_RUNNING', 'CONNECT_FAILED']);

export const replicationStatus = defineCommand({
  options: {
    ...ldapOptions,
    dir: {
      type: 'string',
      array: true,
      describe: "The servers' directories (or POLYARCH_DIR; . when nothing is given)",
    },
    url: { ...ldapOptions.url, array: true, describe: 'Ask these servers over LDAP (or POLYARCH_URL)' },
    ...jsonOption,
  },
  examples: [
    ['$0 replication status --dir /var/lib/polyarch', 'One server'],
    [
      '$0 replication status --dir demo/server-1 demo/server-2 demo/server-3',
      'Several on this machine, and whether they are equal',
    ],
    [
      '$0 replication status --url ldaps://ldap1.example.com ldaps://ldap2.example.com --ca-file ca.pem',
      'Several elsewhere, with one name and password',
    ],
  ],
  async run(args) {
    const servers = await statuses(args);
    const running = servers.filter((one): one is ServerStatus => 'domains' in one);
    // Of a stopped server nobody knows what it holds.
    const data = { servers, inSync: running.length === servers.length && inSync(running) };
    printData(data, args.json, () => show(servers, data.inSync));
    return undefined;
  },
});

type Shown =
  | ServerStatus
  | { readonly dir: string; readonly running: false }
  | { readonly url: string; readonly running: false };

/** A server that is not reached is one that does not run, as far as anybody here can tell. */
async function statuses(
  args: BindArguments & { readonly dir?: string[] | undefined; readonly url?: string[] | undefined },
): Promise<readonly Shown[]> {
  const [dir, ...dirs] = args.dir ?? [];
  const [url, ...urls] = args.url ?? [];
  const first = targetOf({ dir, url });
  const servers: Shown[] = [];
  if (first.kind === 'dir') {
    for (const one of [first.dir, ...dirs]) {
      const files = existingServer(one);
      const status = await unlessNotReached(callControl(files, { command: 'status' }));
      servers.push(status ?? { dir: files.dir, running: false });
    }
    return servers;
  }
  const credentials = await askCredentials(args);
  for (const one of [first.url, ...urls]) {
    const status = await unlessNotReached(callUrl(one, args, { command: 'status' }, undefined, credentials));
    servers.push(status ?? { url: one, running: false });
  }
  return servers;
}

/** The status that `asked` gives; undefined where its server is not reached, or ends before it has answered. */
async function unlessNotReached(asked: Promise<unknown>): Promise<ServerStatus | undefined> {
  try {
    return (await asked) as ServerStatus;
  } catch (error) {
    if (error instanceof OperatorError && NOT_REACHED.has(error.code)) return undefined;
    throw error;
  }
}

function show(servers: readonly Shown[], equal: boolean): string {
  const answered = servers.filter((one): one is ServerStatus => 'domains' in one);
  const unanswered = servers.flatMap((one) => {
    if ('domains' in one) return [];
    return ['dir' in one ? { name: one.dir, state: 'stopped' } : { name: one.url, state: 'not reached' }];
  });
  const width = Math.max(NARROWEST, process.stdout.columns ?? UNKNOWN_WIDTH);
  return statusScreen(answered, unanswered, servers.length < 2 ? undefined : equal, width);
}
