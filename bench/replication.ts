/**
 * Replication beside OpenLDAP's and 389 Directory Server's in one run: masters that all take writes, on one machine, one after the other.
 *
 * npm run bench -- replication [--servers 2] [--seconds 5] [--entries 5000] [--connections 32] [--samples 500] [--port 17000] [--peers slapd,389ds] [--only polyarch]
 * Throughput: adds on the first two masters at once, then waiting until every master holds every entry; all adds / all the time (load and drain).
 * Latency: a modify on the first, then searches on the second until it shows; the time from the answer to the modify (0: it was there before the answer).
 * All servers have the same indexes (compared-indexes.ts); with `--indexes default` ours has those that it comes with. A peer that is not installed is left out and named. --profile DIR writes a CPU profile of each of our servers.
 */

import { loadavg } from 'node:os';
import { join } from 'node:path';
import { must } from '../lib/base/assert.js';
import { utf8Decode, utf8Encode } from '../lib/base/bytes.js';
import { LdapClient } from '../lib/io/ldap-client.js';
import { choice, commandLine, wholeNumber } from '../scripts/command-line.js';
import { scratch } from './clean-up.js';
import { buildLoad, load } from './load.js';
import { type Masters, type MastersPlan, start389, startOurs, startSlapd } from './masters.js';
import { INDEXES, PEERS, PROFILE } from './options.js';
import { presentPeers } from './peers.js';
import { writePeopleLdif } from './people-ldif.js';
import { processorUs } from './process-figures.js';

const BASE_DN = 'dc=example,dc=com';
const PEOPLE = `ou=people,${BASE_DN}`;
const PASSWORD = 'bench-secret';
const DEADLINE_MS = 120_000;
/** Numbers of uid=load.K of the second master begin here. */
const APART = 10_000_000;

const {
  servers,
  seconds,
  entries,
  connections,
  samples,
  port: firstPort,
  profile,
  only,
  indexes,
  peers,
} = commandLine(
  {
    command: 'npm run bench -- replication',
    about: 'Masters that all take writes, beside slapd and 389 Directory Server, one after the other.',
  },
  {
    servers: wholeNumber(2, 'masters', 2),
    seconds: wholeNumber(5, 'seconds of load', 1),
    entries: wholeNumber(5000, 'entries before', 1),
    connections: wholeNumber(32, 'connections to each of two', 1),
    samples: wholeNumber(500, 'modifies whose latency is measured', 1),
    port: wholeNumber(17_000, 'first port'),
    profile: PROFILE,
    only: choice(['polyarch', 'slapd', '389ds'], undefined, 'one of the servers alone'),
    indexes: INDEXES,
    peers: PEERS,
  },
);

interface Figures {
  readonly acknowledgedPerSecond: number;
  readonly replicatedPerSecond: number;
  readonly drainSeconds: number;
  readonly errors: number;
  /** Processor time of all masters together for one add. */
  readonly usPerAdd: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

async function connectAll({ ports, bindDn }: Masters): Promise<LdapClient[]> {
  return Promise.all(
    ports.map(async (port) => {
      const client = await LdapClient.connect({ host: '127.0.0.1', port, connectMs: 10_000 });
      await client.bind(bindDn, PASSWORD);
      return client;
    }),
  );
}

const anything = { kind: 'present', attribute: 'objectClass' } as const;

/** Whether a server has the entry; also false while it holds no data or does not answer reads. */
async function holds(client: LdapClient, dn: string): Promise<boolean> {
  try {
    return (await client.readEntry(dn, ['1.1'])) !== undefined;
  } catch {
    return false;
  }
}

async function countPeople(client: LdapClient): Promise<number> {
  let count = 0;
  const stream = client.search({ base: PEOPLE, scope: 'one', filter: anything, attributes: ['1.1'] });
  for await (const item of stream) if (item.kind === 'entry') count += 1;
  return count;
}

async function untilTrue(what: string, check: () => Promise<boolean>, pauseMs: number): Promise<void> {
  const until = performance.now() + DEADLINE_MS;
  while (!(await check())) {
    if (performance.now() > until) throw new Error(`${what}: not within ${DEADLINE_MS / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/**
 * Waits until each master has what each other one added. `last`: next free load number of each burst. Changes of one origin arrive in its order, so whoever
 * has the last of them has all; as many numbers as were under way at the end may be out of order, so all of those are asked for.
 */
async function untilDrained(clients: readonly LdapClient[], last: readonly number[]): Promise<void> {
  for (const [origin, next] of last.entries()) {
    const home = must(clients[origin], 'a master that took adds');
    const others = clients.filter((client) => client !== home);
    for (let number = next - 1; number >= next - 2 * connections; number--) {
      const dn = `uid=load.${number},${PEOPLE}`;
      if (!(await holds(home, dn))) continue;
      for (const other of others) await untilTrue('drain', () => holds(other, dn), 2);
    }
  }
}

/** Every master has the same number of entries. */
async function checkCounts(clients: readonly LdapClient[]): Promise<number> {
  let counts: number[] = [];
  const equal = async () => {
    counts = await Promise.all(clients.map(countPeople));
    return new Set(counts).size === 1;
  };
  await untilTrue('equal counts', equal, 50);
  return counts[0] ?? 0;
}

async function throughput(
  masters: Masters,
  clients: readonly LdapClient[],
): Promise<Omit<Figures, 'p50Ms' | 'p99Ms' | 'maxMs'>> {
  const common = { operation: 'add', window: 1, baseDn: PEOPLE.slice(PEOPLE.indexOf(',') + 1) } as const;
  const login = { bindDn: masters.bindDn, password: PASSWORD, range: entries };
  const burst = (forSeconds: number, first: readonly number[]) =>
    Promise.all(
      masters.ports.slice(0, 2).map(async (port, i) => {
        const firstLoadNumber = first[i] ?? 0;
        const run = { ...common, ...login, port, connections, seconds: forSeconds, firstLoadNumber };
        const result = await load(run);
        return { ...result, endMs: performance.now() };
      }),
    );
  const warm = (await burst(1, [0, APART])).map((result) => result.nextLoadNumber);
  await untilDrained(clients, warm);
  const before = await checkCounts(clients);
  const used: { readonly ms: number; readonly us: number }[] = [];
  const look = () => used.push({ ms: performance.now(), us: processorUs(masters.pids) });
  const looking = setInterval(look, 50);
  const results = await burst(seconds, warm);
  const loadedMs = performance.now();
  await untilDrained(
    clients,
    results.map((result) => result.nextLoadNumber),
  );
  const endMs = performance.now();
  clearInterval(looking);
  look();
  // A generator loads for the given time once its connections are bound: binds are not counted.
  const startMs = Math.min(...results.map((result) => result.endMs)) - seconds * 1000;
  const atStart = used.find((sample) => sample.ms >= startMs)?.us ?? 0;
  const atEnd = used[used.length - 1]?.us ?? 0;
  const added = (await checkCounts(clients)) - before;
  return {
    acknowledgedPerSecond: results.reduce((sum, result) => sum + result.perSecond, 0),
    replicatedPerSecond: Math.round((added * 1000) / (endMs - startMs)),
    drainSeconds: (endMs - loadedMs) / 1000,
    errors: results.reduce((sum, result) => sum + result.errors, 0),
    usPerAdd: Math.round((atEnd - atStart) / added),
  };
}

async function latency(
  first: LdapClient,
  second: LdapClient,
): Promise<Pick<Figures, 'p50Ms' | 'p99Ms' | 'maxMs'>> {
  const times: number[] = [];
  for (let n = 0; n < samples; n++) {
    const dn = `uid=user.${n % entries},${PEOPLE}`;
    const text = `sample ${n}`;
    await first.modify(dn, [
      { operation: 'replace', attribute: { description: 'description', values: [utf8Encode(text)] } },
    ]);
    const startMs = performance.now();
    for (;;) {
      const askedMs = performance.now();
      const found = await second.readEntry(dn, ['description']);
      const value = found?.attributes[0]?.values[0];
      if (value !== undefined && utf8Decode(value) === text) {
        // Seen by a search that was sent then: the first one was there before we could ask.
        times.push(performance.now() - startMs);
        break;
      }
      if (askedMs - startMs > 10_000) throw new Error(`${dn} does not show on the second server`);
    }
    // A quiet link: each sample finds both servers at rest.
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  times.sort((a, b) => a - b);
  const at = (part: number) => times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? 0;
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

async function measure(masters: Masters): Promise<Figures> {
  const clients = await connectAll(masters);
  for (const client of clients) {
    await untilTrue('first copy', () => holds(client, `uid=user.${entries - 1},${PEOPLE}`), 50);
  }
  const quiet = await latency(must(clients[0], 'a client'), must(clients[1], 'a client'));
  const loaded = await throughput(masters, clients);
  for (const client of clients) client.unbind();
  return { ...loaded, ...quiet };
}

function report(name: string, figures: Figures, ratio: string): void {
  const { acknowledgedPerSecond, replicatedPerSecond, drainSeconds, p50Ms, p99Ms, maxMs } = figures;
  process.stdout.write(
    `${name.padEnd(10)}${String(replicatedPerSecond).padEnd(20)}${String(acknowledgedPerSecond).padEnd(16)}` +
      `${drainSeconds.toFixed(2).padEnd(10)}${String(figures.usPerAdd).padEnd(12)}${`${p50Ms.toFixed(2)}/${p99Ms.toFixed(2)}/${maxMs.toFixed(2)}`.padEnd(24)}${ratio}\n`,
  );
  if (figures.errors > 0) process.stdout.write(`  errors: ${figures.errors}\n`);
}

/** Our figure through that of the better peer: more adds a second, or less time. */
function ratios(our: Figures, theirs: readonly Figures[]): void {
  const best = {
    adds: Math.max(...theirs.map(({ replicatedPerSecond }) => replicatedPerSecond)),
    p50: Math.min(...theirs.map(({ p50Ms }) => p50Ms)),
    p99: Math.min(...theirs.map(({ p99Ms }) => p99Ms)),
  };
  process.stdout.write(
    `to the better peer: ${(our.replicatedPerSecond / best.adds).toFixed(2)}x adds, ` +
      `${(our.p50Ms / best.p50).toFixed(2)}x p50, ${(our.p99Ms / best.p99).toFixed(2)}x p99\n`,
  );
}

async function main(): Promise<void> {
  const { dir, remove } = scratch();
  try {
    buildLoad();
    const ldif = join(dir, 'people.ldif');
    await writePeopleLdif(ldif, BASE_DN, entries);
    const load1 = loadavg()[0] ?? 0;
    const present = only === 'polyarch' ? [] : presentPeers(only === undefined ? peers : [only]);
    process.stdout.write(
      `${servers} masters, ${entries} entries, ${connections} connections to each of two, ${seconds} s; load of the machine before: ${load1.toFixed(1)}\n` +
        'server    replicated adds/s   acknowledged/s  drain s   cpu us/add  latency p50/p99/max ms  ratio\n',
    );
    const plan: MastersPlan = {
      ...{ dir, ldif, servers, firstPort, baseDn: BASE_DN, password: PASSWORD },
      ...{ profile, indexes },
    };
    const run = async (start: (plan: MastersPlan) => Promise<Masters>): Promise<Figures> => {
      const masters = await start(plan);
      return await measure(masters).finally(() => masters.stop());
    };
    const our = only === undefined || only === 'polyarch' ? await run(startOurs) : undefined;
    if (our !== undefined) report('polyarch', our, '');
    const theirs: Figures[] = [];
    for (const peer of present) {
      const their = await run(peer === 'slapd' ? startSlapd : start389);
      theirs.push(their);
      const factor = our === undefined ? '' : our.replicatedPerSecond / their.replicatedPerSecond;
      report(peer, their, typeof factor === 'number' ? `${factor.toFixed(1)}x` : '');
    }
    if (our !== undefined && theirs.length > 0) ratios(our, theirs);
  } finally {
    remove();
  }
}

await main();
