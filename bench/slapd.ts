/**
 * OpenLDAP's slapd as the peer of a benchmark: a throw-away mdb database on loopback with the indexes of docs/performance.md and default durability.
 *
 * Debian's `slapd` package; the benchmark says so and goes on alone where it is not installed.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { watched } from './clean-up.js';
import { COMPARED_INDEXES } from './compared-indexes.js';

const SLAPD = '/usr/sbin/slapd';
const SLAPADD = '/usr/sbin/slapadd';

export function slapdInstalled(): boolean {
  return existsSync(SLAPD) && existsSync(SLAPADD);
}

/** slapd wants its administrator below the suffix. */
export function slapdAdmin(baseDn: string): string {
  return `cn=admin,${baseDn}`;
}

/** A slapd that takes writes together with others: plain syncrepl between all of them. */
export interface SlapdMasters {
  /** Server id, 1 to 4095. */
  readonly id: number;
  /** Ports of the other masters. */
  readonly peerPorts: readonly number[];
}

/** refreshAndPersist from every peer, and a provider for them. */
function masterLines(masters: SlapdMasters, baseDn: string, password: string): string[] {
  const sources = masters.peerPorts.map(
    (port, i) =>
      `syncrepl rid=${String(masters.id * 10 + i).padStart(3, '0')} provider=ldap://127.0.0.1:${port} bindmethod=simple ` +
      `binddn="${slapdAdmin(baseDn)}" credentials=${password} searchbase="${baseDn}" type=refreshAndPersist retry="1 +"`,
  );
  return [
    `limits dn.exact="${slapdAdmin(baseDn)}" size=unlimited time=unlimited`,
    'index entryUUID,entryCSN eq',
    ...sources,
    'multiprovider on',
    'overlay syncprov',
    'syncprov-checkpoint 1000 10',
    'syncprov-sessionlog 100000',
  ];
}

function configuration(dir: string, baseDn: string, password: string, masters?: SlapdMasters): string {
  const schema = ['core', 'cosine', 'nis', 'inetorgperson'].map(
    (name) => `include /etc/ldap/schema/${name}.schema`,
  );
  return [
    ...schema,
    `pidfile ${dir}/slapd.pid`,
    'modulepath /usr/lib/ldap',
    'moduleload back_mdb',
    ...(masters === undefined ? [] : ['moduleload syncprov', `serverID ${masters.id}`]),
    'threads 8',
    'sizelimit unlimited',
    'database mdb',
    'maxsize 4294967296',
    `suffix "${baseDn}"`,
    `rootdn "${slapdAdmin(baseDn)}"`,
    `rootpw ${password}`,
    `directory ${dir}/db`,
    ...COMPARED_INDEXES.map(([attribute, kinds]) => `index ${attribute} ${kinds.join(',')}`),
    ...(masters === undefined ? [] : masterLines(masters, baseDn, password)),
    '',
  ].join('\n');
}

/** Makes a directory for slapd without data: a master fills itself from its peers. */
export function slapdSetup(dir: string, baseDn: string, password: string, masters?: SlapdMasters): void {
  mkdirSync(join(dir, 'db'), { recursive: true });
  writeFileSync(join(dir, 'slapd.conf'), configuration(dir, baseDn, password, masters));
}

/** Loads `ldifFile` offline; answers the seconds that `slapadd -q` took. */
export function slapdLoad(
  dir: string,
  baseDn: string,
  password: string,
  ldifFile: string,
  masters?: SlapdMasters,
): number {
  slapdSetup(dir, baseDn, password, masters);
  const start = process.hrtime.bigint();
  const done = spawnSync(SLAPADD, ['-q', '-f', join(dir, 'slapd.conf'), '-l', ldifFile], {
    encoding: 'utf8',
  });
  if (done.status !== 0) throw new Error(`slapadd failed: ${done.stderr}`);
  return Number(process.hrtime.bigint() - start) / 1e9;
}

/** Resolves when something accepts connections on the port. */
export async function untilListening(port: number, deadlineMs = 20_000): Promise<void> {
  const until = Date.now() + deadlineMs;
  for (;;) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
    if (open) return;
    if (Date.now() > until) throw new Error(`nothing listens on port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Starts slapd in the foreground of a child process. */
export async function slapdStart(dir: string, port: number): Promise<ChildProcess> {
  const args = ['-f', join(dir, 'slapd.conf'), '-h', `ldap://127.0.0.1:${port}`, '-d', '0'];
  const child = watched(spawn(SLAPD, args, { stdio: 'ignore' }));
  await untilListening(port);
  return child;
}
