/**
 * A total update: an empty server takes everything from another one; beside it a slapd consumer that is refreshed by syncrepl, and a 389-ds supplier that is initialized by another.
 *
 * npm run bench -- total-update [--entries 100000] [--port 17000] [--peers slapd,389ds] [--profile DIR]
 * Counted from when the empty server listens (slapd's: is started; 389-ds's: is told to be filled) until it holds everything. With a million entries mind that 389-ds is loaded over LDAP: `--peers slapd`
 * or `--peers none`. --profile writes a CPU profile of each of our servers.
 */

import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { must } from '../lib/base/assert.js';
import { utf8Decode } from '../lib/base/bytes.js';
import { LdapClient } from '../lib/io/ldap-client.js';
import { commandLine, wholeNumber } from '../scripts/command-line.js';
import { ds389Name } from './ds389.js';
import { Ds389Suppliers } from './ds389-suppliers.js';
import { PEERS, PROFILE, profiling } from './options.js';
import { presentPeers } from './peers.js';
import { writePeopleLdif } from './people-ldif.js';
import * as polyarch from './polyarch.js';
import { slapdAdmin, slapdLoad, slapdSetup, slapdStart } from './slapd.js';
import {
  BASE_DN,
  type Cost,
  costs,
  inFolder,
  makeTwo,
  PASSWORD,
  report,
  statusOf,
  untilSame,
} from './two-servers.js';

const {
  entries,
  port,
  profile,
  peers: named,
} = commandLine(
  {
    command: 'npm run bench -- total-update',
    about: 'An empty server takes everything from another one; beside it slapd and 389 Directory Server.',
  },
  {
    entries: wholeNumber(100_000, 'entries', 1),
    port: wholeNumber(17_000, 'first port'),
    profile: PROFILE,
    peers: PEERS,
  },
);
const node = profiling(profile);
/** Longest that a slapd consumer may take, ms. */
const REFRESH_MS = 3_600_000;

type Keep = (child: ChildProcess) => ChildProcess;

function tell(name: string, [gave, took]: readonly Cost[]): number {
  if (gave !== undefined) report(`${name}, source`, gave, entries);
  if (took !== undefined) report(`${name}, target`, took, entries);
  return must(took, 'it was measured').seconds;
}

async function ours(dir: string, keep: Keep): Promise<number> {
  const [one, two] = await makeTwo(dir, port, entries);
  const source = keep(await polyarch.start(one.dir, one.port, node));
  const target = keep(await polyarch.start(two.dir, two.port, node));
  const cost = await costs([source, target], () => untilSame(one, two));
  const held = (await statusOf(two)).domain.entries;
  process.stdout.write(`${entries} entries, ${held} held by our target\n`);
  return tell('polyarch', cost);
}

/** What a slapd says of its state; undefined while it has none, or does not answer. */
async function contextOf(at: number): Promise<string | undefined> {
  const client = await LdapClient.connect({ host: '127.0.0.1', port: at, connectMs: 10_000 });
  try {
    await client.bind(slapdAdmin(BASE_DN), PASSWORD);
    const base = await client.readEntry(BASE_DN, ['contextCSN']);
    const values = base?.attributes.flatMap(({ values }) => values.map((value) => utf8Decode(value)));
    return values === undefined || values.length === 0 ? undefined : values.sort().join(' ');
  } catch {
    return undefined;
  } finally {
    client.unbind();
  }
}

async function slapds(dir: string, ldif: string, keep: Keep): Promise<number> {
  const ports = [port + 50, port + 51] as const;
  const places = [join(dir, 'slapd-1'), join(dir, 'slapd-2')] as const;
  slapdLoad(places[0], BASE_DN, PASSWORD, ldif, { id: 1, peerPorts: [ports[1]] });
  slapdSetup(places[1], BASE_DN, PASSWORD, { id: 2, peerPorts: [ports[0]] });
  const source = keep(await slapdStart(places[0], ports[0]));
  const target = keep(await slapdStart(places[1], ports[1]));
  // A consumer has the provider's state when it has all of it.
  const refreshed = async () => {
    const fromMs = performance.now();
    for (;;) {
      const [theirs, held] = await Promise.all(ports.map(contextOf));
      if (theirs !== undefined && theirs === held) return;
      if (performance.now() - fromMs > REFRESH_MS) throw new Error('slapd is refreshed for an hour');
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  };
  return tell('slapd', await costs([source, target], refreshed));
}

async function suppliers(dir: string, ldif: string): Promise<number> {
  const instances = [1, 2].map((number) => ({
    ...{ dir: join(dir, `389ds-${number}`), name: ds389Name(number), port: port + 68 + 2 * number },
    ...{ baseDn: BASE_DN, password: PASSWORD },
  }));
  const pair = await Ds389Suppliers.start(instances, ldif);
  try {
    return tell('389-ds', await costs(pair.children, () => pair.copy()));
  } finally {
    await pair.stop();
  }
}

const peers = presentPeers(named);
const run = (work: (dir: string, keep: Keep) => Promise<number>): Promise<number> =>
  new Promise((done, failed) => {
    inFolder(async (dir, keep) => done(await work(dir, keep))).catch(failed);
  });
const our = await run(ours);
const theirs: number[] = [];
for (const peer of peers)
  theirs.push(
    await run(async (dir, keep) => {
      const ldif = join(dir, 'people.ldif');
      await writePeopleLdif(ldif, BASE_DN, entries);
      return peer === 'slapd' ? await slapds(dir, ldif, keep) : await suppliers(dir, ldif);
    }),
  );
if (theirs.length > 0)
  process.stdout.write(`to the better peer: ${(our / Math.min(...theirs)).toFixed(2)}x the time\n`);
