/**
 * Polyarch as the subject of a benchmark: set up, loaded and started through its own command line, as an operator would.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { watched } from './clean-up.js';
import { COMPARED_INDEXES } from './compared-indexes.js';
import { untilListening } from './slapd.js';

const LAUNCHER = 'bin/polyarch';
export const ADMIN_DN = 'cn=Directory Manager';

function command(args: readonly string[], password: string): string {
  const env = { ...process.env, POLYARCH_PASSWORD: password };
  const done = spawnSync(LAUNCHER, args, { encoding: 'utf8', env, maxBuffer: 1 << 26 });
  if (done.status !== 0) throw new Error(`polyarch ${args[0]}: ${done.stderr}`);
  return done.stdout;
}

export interface SetupPlace {
  readonly dir: string;
  readonly baseDn: string;
  readonly password: string;
  readonly port: number;
  /** Replica id; also names the server `server-<id>`. */
  readonly id: number;
  /** name=host:port of replication peers. */
  readonly peers: readonly string[];
  /** Directory of the first server: it signs our certificate, and our data come from it. */
  readonly caFrom?: string;
  /** The indexes of a comparison, or those that a server has when its file names none. Default: the latter. */
  readonly indexes?: 'compared' | 'default';
}

/** Makes a server's directory. Ports: LDAP at `port`, LDAPS +1, replication +2, HTTP +3. */
export function setup(place: SetupPlace): void {
  const args = [
    'setup',
    '--dir',
    place.dir,
    '--base',
    place.baseDn,
    '--port',
    String(place.port),
    '--id',
    String(place.id),
  ];
  for (const peer of place.peers) args.push('--peer', peer);
  if (place.caFrom !== undefined) args.push('--ca-from', place.caFrom);
  command(args, place.password);
  if (place.indexes === 'compared') appendFileSync(join(place.dir, 'polyarch.yaml'), indexLines());
}

/** The option `indexes`, as an administrator would write it. */
function indexLines(): string {
  const names = { eq: 'equality', sub: 'substring' } as const;
  const lines = COMPARED_INDEXES.map(
    ([attribute, kinds]) => `  ${attribute}: [${kinds.map((kind) => names[kind]).join(', ')}]`,
  );
  return ['', 'indexes:', ...lines, ''].join('\n');
}

/** Loads a file offline; answers the seconds that the command took. */
export function importLdif(dir: string, file: string): number {
  const start = process.hrtime.bigint();
  command(['import-ldif', '--dir', dir, '--file', file], '');
  return Number(process.hrtime.bigint() - start) / 1e9;
}

/** Starts a server in a child process and waits until it answers. `nodeOptions` (a profiler's, say) go to Node beside those of the launcher. */
export async function start(
  dir: string,
  port: number,
  nodeOptions: readonly string[] = [],
): Promise<ChildProcess> {
  const flags = [process.env.POLYARCH_NODE_FLAGS ?? [], ...nodeOptions].flat().join(' ');
  const child = watched(
    spawn(LAUNCHER, ['start', '--dir', dir], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, POLYARCH_NODE_FLAGS: flags },
    }),
  );
  await untilListening(port);
  return child;
}
