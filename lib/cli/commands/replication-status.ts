/**
 * `polyarch replication status`: missing changes, lag and peers of one server, or of all servers of a demo or machine (`--dir` more than once), or of servers anywhere (`--url` more than once).
 */
import { callControl, isRunning } from '../../app/control-client.js';
import { inSync } from '../../app/in-sync.js';
import { wayText } from '../../app/replication-monitor.js';
import { existingServer } from '../../app/server-files.js';
import type { ServerStatus } from '../../app/server-status.js';
import { OperatorError } from '../../base/operator-error.js';
import { defineCommand, jsonOption } from '../command.js';
import { askCredentials, type BindArguments, ldapOptions } from '../ldap-options.js';
import { printData, table } from '../output.js';
import { callUrl, targetOf } from '../server-target.js';
import { behindText, lagText, phaseText } from './status.js';

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
      if (await isRunning(files))
        servers.push((await callControl(files, { command: 'status' })) as ServerStatus);
      else servers.push({ dir: files.dir, running: false });
    }
    return servers;
  }
  const credentials = await askCredentials(args);
  for (const one of [first.url, ...urls])
    try {
      servers.push((await callUrl(one, args, { command: 'status' }, undefined, credentials)) as ServerStatus);
    } catch (error) {
      if (!(error instanceof OperatorError) || error.code !== 'CONNECT_FAILED') throw error;
      servers.push({ url: one, running: false });
    }
  return servers;
}

function running(servers: readonly Shown[]): ServerStatus[] {
  return servers.filter((one): one is ServerStatus => 'domains' in one);
}

/** Comparisons with servers that brokers lead to: no session has a row for them. */
function relayedLines(
  name: string,
  links: ServerStatus['links'],
  comparisons: ServerStatus['comparisons'],
): string[] {
  return comparisons
    .filter(({ domain, peer }) => !links.some((link) => link.domain === domain && link.peer === peer))
    .map(({ domain, peer, verdict, differing }) => {
      const found = verdict === 'different' ? `${differing} entries differ` : verdict;
      return `${domain}: entries of ${name} and ${peer}, compared through brokers: ${found}`;
    });
}

/** Each session: what the peer lacks, when it was last heard, what passed, and whether its entries are the same. */
function linkTable({ name, links, comparisons }: ServerStatus): string[] {
  if (links.length === 0) return [];
  const head = [
    'domain',
    'peer',
    'changes go',
    'state',
    'lacks',
    'lag',
    'heard',
    'changes',
    'MiB',
    'credit',
    'entries',
  ];
  const rows = links.map((link) => {
    const compared = comparisons.find(({ domain, peer }) => domain === link.domain && peer === link.peer);
    const sent = link.direction === 'to';
    return [
      link.domain,
      link.peer,
      sent ? `${name} to it` : `it to ${name}`,
      [link.lastError === undefined ? link.state : `${link.state}: ${link.lastError}`, wayText(link) ?? []]
        .flat()
        .join(', '),
      link.missing ?? '?',
      link.lagSeconds === undefined ? '?' : `${link.lagSeconds} s`,
      link.silentSeconds === undefined ? 'never' : `${link.silentSeconds} s ago`,
      sent ? link.sentChanges : link.receivedChanges,
      ((sent ? link.sentBytes : link.receivedBytes) / 1_048_576).toFixed(1),
      link.credit === undefined ? '' : link.credit,
      compared === undefined
        ? ''
        : compared.verdict === 'different'
          ? `${compared.differing} differ`
          : compared.verdict,
    ];
  });
  return [table(head, rows), ...relayedLines(name, links, comparisons)];
}

function show(servers: readonly Shown[], equal: boolean): string {
  const rows: unknown[][] = [];
  for (const server of servers) {
    if (!('domains' in server)) {
      const stopped = 'dir' in server ? [server.dir, 'stopped'] : [server.url, 'not reached'];
      rows.push([stopped[0], '', '', stopped[1], '', '', '']);
      continue;
    }
    const peers = server.peers.map((peer) => `${peer.name} ${peer.connected ? 'up' : 'down'}`).join(', ');
    for (const domain of server.domains)
      rows.push([
        server.name,
        server.id,
        domain.baseDn,
        phaseText(domain),
        server.peers.length === 0 ? 'no peers' : behindText(domain),
        server.peers.length === 0 ? '-' : lagText(domain.lagMs),
        peers,
      ]);
  }
  const text = [
    table(['server', 'id', 'domain', 'state', 'changes', 'lag', 'peers'], rows),
    ...running(servers).flatMap(linkTable),
  ].join('\n');
  if (servers.length < 2) return text;
  return `${text}\n${equal ? 'These servers are in sync.' : 'These servers are not in sync yet.'}`;
}
