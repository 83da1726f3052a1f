/**
 * `polyarch setup`: makes a server's directory.
 */
import { hostname } from 'node:os';
import { type SetupOptions, setupServer } from '../../app/setup-server.js';
import { OperatorError } from '../../base/operator-error.js';
import { readTopology } from '../../config/topology-config.js';
import { readYamlFile } from '../../io/yaml-file.js';
import { peersOf } from '../../topology/connections.js';
import { requireBase } from '../base-dn.js';
import { defineCommand, jsonOption } from '../command.js';
import { note, printData } from '../output.js';
import { givenPassword } from '../password.js';
import { programName } from '../program-name.js';
import { requireWhole } from '../whole-number.js';

export const setup = defineCommand({
  options: {
    dir: { type: 'string', demandOption: true, describe: 'Directory to make; it must not hold a server' },
    base: {
      type: 'string',
      array: true,
      default: ['dc=example,dc=com'],
      describe: 'Base DN of a domain; may be given more than once',
    },
    id: { type: 'number', default: 1, describe: 'Replica id, unique in the topology (1 to 65535)' },
    name: { type: 'string', describe: 'Name of the server, unique in the topology; server-ID when absent' },
    site: { type: 'string', default: 'default', describe: 'Site of the server' },
    host: { type: 'string', default: '0.0.0.0', describe: 'Address to listen on' },
    port: {
      type: 'number',
      describe: 'LDAP port; LDAPS on the next, replication on +2, HTTP on +3. Absent: 1389, 1636, 8989, 8443',
    },
    'host-name': {
      type: 'string',
      array: true,
      default: [],
      describe: 'Further names and addresses for the certificate',
    },
    peer: {
      type: 'string',
      array: true,
      default: [],
      describe: 'Server to replicate with, as NAME=HOST:PORT; may be given more than once',
    },
    'ca-from': {
      type: 'string',
      describe:
        "Directory of a server whose CA signs this one's certificate: servers replicate when they share a CA",
    },
    empty: {
      type: 'boolean',
      describe: 'Make no base entry: the data come from a peer. Default with --ca-from',
    },
    topology: {
      type: 'string',
      describe: 'Topology file to take domains, id, site, addresses and peers from; with --server',
    },
    server: { type: 'string', describe: 'Name of this server in the topology file' },
    'fraction-exclude': {
      type: 'string',
      array: true,
      default: [],
      describe: 'What this server does not hold: CLASS:ATTRIBUTE,ATTRIBUTE or *:ATTRIBUTE; with --empty',
    },
    'fraction-include': {
      type: 'string',
      array: true,
      default: [],
      describe: 'All that this server holds, in the same form; with --empty',
    },
    'sample-entries': { type: 'number', default: 0, describe: 'Sample entries to load' },
    'password-file': {
      type: 'string',
      describe:
        "File with the administrator's password (- is standard input); or POLYARCH_PASSWORD; else one is made",
    },
    ...jsonOption,
  },
  examples: [
    [
      '$0 setup --dir /var/lib/polyarch --base dc=acme,dc=com',
      'One server; a password is made and shown once',
    ],
    [
      '$0 setup --dir ./two --id 2 --port 2389 --ca-from ./one --peer server-1=127.0.0.1:1391',
      'A second server that takes its data from the first',
    ],
    [
      "$0 setup --dir ./edge --id 3 --port 3389 --ca-from ./one --peer server-1=127.0.0.1:1391 --fraction-exclude '*:jpegPhoto,userPassword'",
      'A server that holds a part of the attributes',
    ],
    ['$0 setup --dir ./b1 --topology etc/topology.yaml --server berlin-1', 'A server of a topology file'],
  ],
  async run(args) {
    const password = givenPassword({
      of: 'the administrator',
      file: args['password-file'],
      variable: 'POLYARCH_PASSWORD',
    });
    for (const base of args.base) requireBase(base, '--base');
    requireWhole(args.id, 1, 65_535, '--id');
    requireWhole(args['sample-entries'], 0, 100_000_000, '--sample-entries');
    const caFrom = args['ca-from'];
    const [exclude, include] = [args['fraction-exclude'], args['fraction-include']];
    const isPart = exclude.length > 0 || include.length > 0;
    const place =
      args.topology === undefined
        ? ownPlace(args)
        : await topologyPlace(args.topology, args.server, args.host);
    const made = await setupServer({
      ...place,
      dir: args.dir,
      hosts: [...args['host-name'], hostname()],
      password,
      caFrom,
      empty: args.empty ?? (caFrom !== undefined || isPart),
      settings: {
        ...(exclude.length === 0 ? {} : { 'fraction.exclude': [...exclude] }),
        ...(include.length === 0 ? {} : { 'fraction.include': [...include] }),
      },
      sampleEntries: args['sample-entries'],
    });
    const data = {
      dir: made.dir,
      name: place.name,
      id: place.id,
      bindDn: made.adminDn,
      ...(password === undefined ? { password: made.password } : {}),
    };
    printData(data, args.json, () => `made the server ${place.name} in ${made.dir}`);
    if (!args.json) {
      if (password === undefined) note(`password of ${made.adminDn} (shown only now): ${made.password}`);
      note(`start it with: ${programName()} start --dir ${args.dir}`);
    }
    return undefined;
  },
});

type Place = Pick<SetupOptions, 'id' | 'name' | 'site' | 'domains' | 'listen' | 'advertise' | 'peers'>;

interface PlaceArguments {
  readonly base: readonly string[];
  readonly id: number;
  readonly name: string | undefined;
  readonly site: string;
  readonly host: string;
  readonly port: number | undefined;
  readonly peer: readonly string[];
}

function ownPlace(args: PlaceArguments): Place {
  const peers = new Map<string, string>();
  for (const text of args.peer) {
    const at = text.indexOf('=');
    if (at <= 0) throw new OperatorError('COMMAND_INVALID', `--peer takes NAME=HOST:PORT, not "${text}"`);
    peers.set(text.slice(0, at), text.slice(at + 1));
  }
  return {
    id: args.id,
    name: args.name ?? `server-${args.id}`,
    site: args.site,
    domains: [...args.base],
    listen: listenOn(args.host, args.port),
    advertise: {},
    peers,
  };
}

/** Addresses of a server by its options --host and --port; HTTP, which asks nobody who they are, on this machine alone. Throws OperatorError COMMAND_INVALID. */
export function listenOn(host: string, port: number | undefined): Place['listen'] {
  const shown = host.includes(':') ? `[${host}]` : host;
  if (port === undefined)
    return {
      ldap: `${shown}:1389`,
      ldaps: `${shown}:1636`,
      replication: `${shown}:8989`,
      http: '127.0.0.1:8443',
    };
  requireWhole(port, 1, 65_532, '--port');
  return {
    ldap: `${shown}:${port}`,
    ldaps: `${shown}:${port + 1}`,
    replication: `${shown}:${port + 2}`,
    http: `127.0.0.1:${port + 3}`,
  };
}

/** Place of a server in a topology file: it listens on the ports that it advertises, on every address of the machine unless --host says otherwise. */
async function topologyPlace(file: string, name: string | undefined, host: string): Promise<Place> {
  if (name === undefined)
    throw new OperatorError(
      'COMMAND_INVALID',
      '--topology needs --server NAME: which of its servers this is',
    );
  const topology = readTopology(await readYamlFile(file, file));
  const server = topology.servers.find((one) => one.name === name);
  if (server === undefined) {
    const names = topology.servers.map((one) => one.name).join(', ');
    throw new OperatorError('COMMAND_INVALID', `${file} has no server "${name}"; it has ${names}`);
  }
  const listen = (address: string | undefined) =>
    address === undefined
      ? 'none'
      : `${host.includes(':') ? `[${host}]` : host}${address.slice(address.lastIndexOf(':'))}`;
  const advertise: Record<string, string> = {};
  for (const kind of ['ldap', 'ldaps', 'replication', 'http'] as const) {
    const address = server[kind];
    if (address !== undefined) advertise[kind] = address;
  }
  return {
    id: server.id,
    name,
    site: server.site,
    domains: [...topology.domains],
    listen: {
      ldap: listen(server.ldap),
      ldaps: listen(server.ldaps),
      replication: listen(server.replication),
      http: listen(server.http),
    },
    advertise,
    peers: new Map((peersOf(topology, name) ?? []).map((peer) => [peer.name, peer.address])),
    ...(server.runs === 'both' ? {} : { runs: server.runs }),
  };
}
