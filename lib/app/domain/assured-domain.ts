/** Assured replication of one domain as the configuration wants it: who takes part, and what writes wait for that ask for nothing themselves. */
import { Assurance } from '../../broker/assurance.js';
import type { Changelog } from '../../changelog/changelog.js';
import { toReplicaId } from '../../csn/csn.js';
import type { ServerState } from '../../csn/server-state.js';
import { systemClock } from '../../io/system-clock.js';
import type { DomainAssurance } from '../../operation/write/assured.js';
import type { Membership } from '../../replica/membership.js';
import type { ServerConfig } from '../config/read-config.js';
import type { Alert } from '../monitor/alert-log.js';

export interface AssuranceParts {
  readonly config: ServerConfig;
  readonly members: Membership;
  readonly changelog: Changelog;
  /** undefined: a broker alone. */
  readonly backend: { readonly state: ServerState } | undefined;
  alert(alert: Alert): void;
}

/** The domain's part in assured replication. */
export function openAssurance(parts: AssuranceParts): Assurance {
  const { members, changelog, backend } = parts;
  const { settings } = parts.config;
  const group = settings['assured.servers'];
  const server = settings['server.name'];
  return new Assurance({
    server,
    replica: backend === undefined ? undefined : toReplicaId(settings['server.id']),
    changelog,
    applied: () => backend?.state,
    members: () => members.rows(),
    clock: systemClock,
    group: group.length === 0 ? undefined : new Set(group),
    told: (name, leftOut) =>
      parts.alert({
        kind: 'assurance',
        key: `assurance ${name} ${leftOut ? 'out' : 'in'}`,
        message: leftOut
          ? `${name} did not acknowledge an assured write in time; writes do not wait for it until it has caught up`
          : `${name} has caught up: assured writes wait for it again`,
      }),
  });
}

/** What clients' writes in this domain wait for. `matches`: whether a text writes the domain's base. */
export function domainAssurance(
  assurance: Assurance,
  { settings }: ServerConfig,
  matches: (base: string) => boolean,
): DomainAssurance {
  const mode = settings['assured.mode'];
  const domains = settings['assured.domains'];
  const on = mode !== 'none' && (domains.length === 0 || domains.some(matches));
  return {
    wait: (csn, wish, timeoutMs) => assurance.wait(csn, wish, timeoutMs),
    preset: on ? { mode, level: settings['assured.level'] } : undefined,
    timeoutMs: settings['assured.timeoutMs'],
    tell: settings['assured.tell'],
  };
}
