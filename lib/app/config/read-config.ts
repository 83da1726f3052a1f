/**
 * Reads a server's configuration from the world: polyarch.yaml, POLYARCH_... variables, the files that ..._FILE variables name, flags, and
 * the topology file.
 *
 * Owns reading only; what is valid is config's.
 */
import { readFileSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { OperatorError } from '../../base/operator-error.js';
import { optionVariable } from '../../config/option.js';
import { OPTION_KEYS, optionOf, type Settings } from '../../config/option-table.js';
import { type ConfigSources, resolveConfig } from '../../config/server-config.js';
import { readTopology } from '../../config/topology-config.js';
import { systemReason } from '../../io/files.js';
import { readYamlFile } from '../../io/yaml-file.js';
import { dialAddresses, peersOf } from '../../topology/connections.js';
import { type ServerDistances, serverDistances } from '../../topology/distances.js';
import type { Topology } from '../../topology/topology.js';
import { type WayLine, waysFrom } from '../../topology/ways.js';
import { existingServer, type ServerFiles } from '../server-files.js';

export interface ServerConfig {
  readonly files: ServerFiles;
  readonly settings: Settings;
  /** Replication addresses to dial, by peer name; overrides are applied. Of a running server: of all whom it follows now, changed in place. */
  readonly peers: ReadonlyMap<string, string>;
  /** How far the servers of the topology file are from each other; undefined: nobody is nearer than another. */
  readonly distances?: ServerDistances | undefined;
  /** What holds changes up on the way to a server: limits of bandwidth, closed hours. */
  readonly ways: (server: string) => readonly WayLine[];
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** The configuration of the server in `dir`; throws OperatorError DATA_DIR_MISSING or CONFIG_INVALID. */
export async function readServerConfig(
  dir: string,
  flags: ReadonlyMap<string, string> = new Map(),
  env: Environment = process.env,
): Promise<ServerConfig> {
  return (await readConfigAndSources(dir, flags, env)).config;
}

/** The same, and what it was made of. */
export async function readConfigAndSources(
  dir: string,
  flags: ReadonlyMap<string, string> = new Map(),
  env: Environment = process.env,
): Promise<{ readonly config: ServerConfig; readonly sources: ConfigSources }> {
  const files = existingServer(dir);
  const document = await readYamlFile(files.config, files.config);
  const environment = new Map<string, string>();
  for (const [name, value] of Object.entries(env))
    if (name.startsWith('POLYARCH_') && value !== undefined) environment.set(name, value);
  const sources = { document, environment, secretFiles: readSecretFiles(environment), flags };
  const settings = resolveConfig(sources);
  const { isReplica, ...others } = await readPeers(files, settings);
  return {
    config: { files, settings: isReplica === true ? { ...settings, readOnly: true } : settings, ...others },
    sources,
  };
}

/** Whether what goes to this server is compressed. */
export function compressesFor({ settings, distances }: ServerConfig, server: string): boolean {
  const wish = settings['replication.compression'];
  if (wish !== 'auto') return wish === 'always';
  return (distances?.between(settings['server.name'], server) ?? 0) > 0;
}

function readSecretFiles(environment: ReadonlyMap<string, string>): Map<string, string> {
  const texts = new Map<string, string>();
  for (const key of OPTION_KEYS) {
    if (!optionOf(key).secret) continue;
    const variable = `${optionVariable(key)}_FILE`;
    const file = environment.get(variable);
    if (file === undefined || file === '') continue;
    try {
      texts.set(variable, readFileSync(file, 'utf8'));
    } catch (error) {
      throw new OperatorError(
        'CONFIG_INVALID',
        `cannot read ${file}, which ${variable} names: ${systemReason(error)}`,
        [],
        {
          cause: error,
        },
      );
    }
  }
  return texts;
}

async function readPeers(
  files: ServerFiles,
  settings: Settings,
): Promise<Pick<ServerConfig, 'peers' | 'distances' | 'ways'> & { readonly isReplica?: boolean }> {
  const overrides = new Map(Object.entries(settings.peerAddresses));
  const ways = (topology?: Topology) =>
    waysFrom(topology, settings['server.name'], settings['replication.bandwidthKbit']);
  if (settings.peers !== undefined)
    return { peers: dialAddresses(new Map(Object.entries(settings.peers)), overrides), ways: ways() };
  if (settings.topology === undefined) return { peers: new Map(), ways: ways() };
  const file = inDirectory(files, settings.topology);
  const topology = readTopology(await readYamlFile(file, file));
  const peers = peersOf(topology, settings['server.name']);
  if (peers === undefined)
    throw new OperatorError('CONFIG_INVALID', `${file} has no server "${settings['server.name']}"`);
  const own = topology.servers.find((server) => server.name === settings['server.name']);
  if (own !== undefined && own.id !== settings['server.id'])
    throw new OperatorError(
      'CONFIG_INVALID',
      `${file} gives server "${own.name}" the id ${own.id}, and ${files.config} the id ${settings['server.id']}; they must agree`,
    );
  return {
    peers: dialAddresses(new Map(peers.map((peer) => [peer.name, peer.address])), overrides),
    distances: serverDistances(topology, settings['server.name']),
    ways: ways(topology),
    // Of the roles only this one changes what a server does with writes.
    isReplica: own?.role === 'replica',
  };
}

/** A file name of the configuration, relative ones from the server's directory. */
export function inDirectory(files: ServerFiles, name: string): string {
  return isAbsolute(name) ? name : resolve(join(files.dir, name));
}
