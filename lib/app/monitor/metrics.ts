/**
 * What /metrics shows, in Prometheus' form: the server's status as gauges, and the process's own figures.
 *
 * The one home of prom-client. Owns no state: every figure is read from the status when it is asked for.
 */
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { notReady } from './readiness.js';
import type { LinkStatus, ServerStatus } from './server-status.js';

/** Metrics that read the status when they are collected; those of the process count from now. */
export function makeRegistry(status: () => ServerStatus): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'polyarch_' });
  let now = status();
  const gauge: MakeGauge = (name, help, labelNames, collect) => {
    const made: Gauge = new Gauge({
      name: `polyarch_${name}`,
      help,
      labelNames,
      registers: [registry],
      collect() {
        now = status();
        made.reset();
        collect((labels, value) => made.set(labels, value), now);
      },
    });
  };
  gauge('connections', 'Open client connections', [], (set, at) => set({}, at.connections.current));
  gauge('connections_total', 'Client connections since the start', [], (set, at) =>
    set({}, at.connections.total),
  );
  gauge('operations_total', 'Operations completed since the start, by kind', ['kind'], (set, at) => {
    for (const [kind, count] of Object.entries(at.operations.byKind)) set({ kind }, count);
  });
  gauge('entries', 'Live entries', ['domain'], (set, at) => {
    for (const domain of at.domains) set({ domain: domain.baseDn }, domain.entries);
  });
  gauge('domain_ready', '1 when the domain can be read and written', ['domain'], (set, at) => {
    for (const domain of at.domains)
      set({ domain: domain.baseDn }, notReady({ ...at, domains: [domain] }).length === 0 ? 1 : 0);
  });
  gauge(
    'replication_lag_seconds',
    'How far the newest change known at peers is ahead of what is applied here',
    ['domain'],
    (set, at) => {
      for (const domain of at.domains)
        if (domain.lagMs !== undefined) set({ domain: domain.baseDn }, domain.lagMs / 1000);
    },
  );
  gauge('replication_peer_connected', '1 when changes flow from the peer', ['peer'], (set, at) => {
    for (const peer of at.peers) set({ peer: peer.name }, peer.connected ? 1 : 0);
  });
  replicationGauges(gauge);
  return registry;
}

/** One gauge for each figure of a session, and what comparisons found. */
function replicationGauges(gauge: MakeGauge): void {
  const labels = ['domain', 'peer', 'direction'];
  const perLink = (name: string, help: string, of: (link: LinkStatus) => number | undefined) =>
    gauge(`replication_${name}`, help, labels, (set, at) => {
      for (const link of at.links) {
        const value = of(link);
        const { domain, peer, direction } = link;
        if (value !== undefined) set({ domain, peer, direction }, value);
      }
    });
  perLink('missing_changes', 'Changes held here that the peer lacks', (link) => link.missing);
  perLink('peer_lag_seconds', 'How far the peer is behind what is held here', (link) => link.lagSeconds);
  perLink('silent_seconds', 'Since something was heard of the peer', (link) => link.silentSeconds);
  perLink('sent_changes', 'Changes sent in this session', (link) => link.sentChanges);
  perLink('received_changes', 'Changes received in this session', (link) => link.receivedChanges);
  perLink('sent_bytes', 'Octets sent in this session', (link) => link.sentBytes);
  perLink('sent_wire_bytes', 'Octets sent in this session, after compression', (link) => link.sentWireBytes);
  perLink('bandwidth_limit_bits', 'What may be sent to the peer, bits a second', (link) =>
    link.bandwidthKbit === undefined ? undefined : link.bandwidthKbit * 1000,
  );
  perLink('link_open', '1 in the hours in which changes may flow to the peer', (link) =>
    link.hours?.open === false ? 0 : 1,
  );
  perLink('received_bytes', 'Octets received in this session', (link) => link.receivedBytes);
  perLink('credit_bytes', 'Octets that the peer still takes', (link) => link.credit);
  perLink('queued_bytes', 'Octets that wait to be sent', (link) => link.queuedBytes);
  perLink('clock_ahead_seconds', "The peer's clock minus ours", (link) => link.clockAheadSeconds);
  gauge(
    'replication_differing_entries',
    'Entries that the last comparison found different from the peer',
    ['domain', 'peer'],
    (set, at) => {
      for (const { domain, peer, verdict, differing } of at.comparisons)
        if (verdict === 'equal' || verdict === 'different') set({ domain, peer }, differing);
    },
  );
}

type MakeGauge = (
  name: string,
  help: string,
  labelNames: string[],
  collect: (set: Setter, now: ServerStatus) => void,
) => void;

type Setter = (labels: Record<string, string>, value: number) => void;
