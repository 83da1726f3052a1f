/**
 * The demo's servers: names, ids, sites, addresses and directories, all from its options.
 *
 * Server k (from 1) has LDAP on port+10(k-1), LDAPS on the next port, replication on +2 and HTTP on +3; its directory is DIR/server-k; its id is k.
 */
import { join } from 'node:path';

export interface DemoServerPlace {
  readonly name: string;
  readonly id: number;
  readonly site: string;
  readonly dir: string;
  readonly ldapPort: number;
  readonly ldapsPort: number;
  readonly replicationPort: number;
  readonly httpPort: number;
}

/** Most servers of a demo. */
export const MAX_DEMO_SERVERS = 20;
const SITES = ['berlin', 'oslo'];
const HOST = '127.0.0.1';

/** Places of the servers: the first half (rounded up) in one site, the rest in the other. */
export function demoLayout(dir: string, servers: number, port: number): DemoServerPlace[] {
  const places: DemoServerPlace[] = [];
  for (let k = 1; k <= servers; k++) {
    const first = port + 10 * (k - 1);
    places.push({
      name: `server-${k}`,
      id: k,
      site: (k <= Math.ceil(servers / 2) ? SITES[0] : SITES[1]) ?? 'berlin',
      dir: join(dir, `server-${k}`),
      ldapPort: first,
      ldapsPort: first + 1,
      replicationPort: first + 2,
      httpPort: first + 3,
    });
  }
  return places;
}

/** Listen addresses of a place. */
export function demoAddresses(
  place: DemoServerPlace,
): Record<'ldap' | 'ldaps' | 'replication' | 'http', string> {
  return {
    ldap: `${HOST}:${place.ldapPort}`,
    ldaps: `${HOST}:${place.ldapsPort}`,
    replication: `${HOST}:${place.replicationPort}`,
    http: `${HOST}:${place.httpPort}`,
  };
}

/** A server as the `ready` line shows it. */
export interface ReadyServer {
  readonly name: string;
  readonly id: number;
  readonly pid: number;
  readonly ldap: string;
  readonly ldaps: string;
  readonly replication: string;
  readonly http: string;
  readonly dir: string;
}

/** The `ready` line's entry of a place. */
export function readyServer(place: DemoServerPlace, pid: number): ReadyServer {
  const at = demoAddresses(place);
  return {
    name: place.name,
    id: place.id,
    pid,
    ldap: `ldap://${at.ldap}`,
    ldaps: `ldaps://${at.ldaps}`,
    replication: at.replication,
    http: `http://${at.http}`,
    dir: place.dir,
  };
}
