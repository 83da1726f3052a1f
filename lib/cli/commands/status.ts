/**
 * `polyarch status`: what a server is doing, asked over the control socket in its directory or over LDAP.
 */
import { isRunning } from '../../app/control/control-client.js';
import type { DomainStatus, ServerStatus } from '../../app/monitor/server-status.js';
import { existingServer } from '../../app/server-files.js';
import { awaitedText } from '../awaited-text.js';
import { defineCommand, jsonOption } from '../command.js';
import { facts, printData, table } from '../output.js';
import { callServer, targetOf, targetOptions } from '../server-target.js';

export const status = defineCommand({
  options: { ...targetOptions, ...jsonOption },
  examples: [
    ['$0 status --dir /var/lib/polyarch', 'One screen'],
    ['$0 status --url ldaps://ldap1.example.com --ca-file ca.pem', 'The same from another machine'],
    ['$0 status --dir /var/lib/polyarch --json', 'For scripts; "running": false when it is stopped'],
  ],
  async run(args) {
    const target = targetOf(args);
    if (target.kind === 'dir') {
      const files = existingServer(target.dir);
      if (!(await isRunning(files))) {
        printData(
          { running: false, dir: files.dir },
          args.json,
          () => `the server in ${files.dir} is stopped`,
        );
        return undefined;
      }
    }
    const state = (await callServer(args, { command: 'status' })) as ServerStatus;
    printData({ running: true, ...state }, args.json, () => show(state));
    return undefined;
  },
});

function show(state: ServerStatus): string {
  const { addresses } = state;
  return [
    facts([
      [
        'Server',
        `${state.name} (id ${state.id}, site ${state.site}), version ${state.version}, process ${state.pid}`,
      ],
      ['Started', state.startedAt],
      ['Directory', state.dir],
      ['LDAP', addresses.ldap],
      ['LDAPS', addresses.ldaps],
      ...(addresses.ldapi === undefined ? [] : [['LDAPI', addresses.ldapi] as const]),
      ['Replication', addresses.replication],
      ['HTTP', addresses.http],
      ['Connections', `${state.connections.current} open, ${state.connections.total} since the start`],
      ['Operations', `${state.operations.completed} completed, ${state.operations.initiated} begun`],
      ['Memory', `${state.memoryMiB} MiB`],
    ]),
    table(
      ['domain', 'state', 'entries', 'changes', 'lag'],
      state.domains.map((domain) => [
        domain.baseDn,
        domain.reason === undefined ? phaseText(domain) : `${phaseText(domain)}: ${domain.reason}`,
        domain.entries,
        state.peers.length === 0 ? 'no peers' : behindText(domain),
        state.peers.length === 0 ? '-' : lagText(domain.lagMs),
      ]),
    ),
    ...(state.peers.length === 0
      ? []
      : [
          table(
            ['peer', 'address', 'connection'],
            state.peers.map((peer) => [
              peer.name,
              peer.address,
              peer.connected ? 'connected' : (peer.reason ?? 'connecting'),
            ]),
          ),
        ]),
  ].join('\n');
}

/** What a domain still lacks, as far as connected peers tell. */
function behindText(domain: DomainStatus): string {
  const held = [...domain.blocked, ...(domain.waiting ?? [])];
  if (held.length > 0) return held.join('; ');
  if (domain.phase === 'relay') return 'forwards';
  if (domain.behind === undefined) return 'no peer connected';
  if (domain.awaits !== undefined) return awaitedText(domain.awaits);
  return domain.behind ? 'catching up' : 'all';
}

/** The state of a domain, and what part of it is held. */
function phaseText({ phase, fraction }: DomainStatus): string {
  return fraction === undefined ? phase : `${phase} (${fraction})`;
}

/** Milliseconds as people read them. */
function lagText(ms: number | undefined): string {
  if (ms === undefined) return '?';
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
