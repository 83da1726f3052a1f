/**
 * A black-box run of real servers: random writers on all masters, random troubles, and the judgement at the end. `npm run chaos` starts it (CONTRIBUTING.md).
 *
 * node build/test/chaos/chaos.js [--seed 1] [--runs 1] [--seconds 30] [--shape mesh] [--rate 15] [--port N] [--troubles fork,evict] [--disk 128] [--calm] [--keep]
 * A run knows the servers by LDAP, the command line and their logs only. What is written and what goes wrong follows from the seed; when it meets what does not, so a seed shows a
 * failure again often and not always. The directory of a failed run stays, with `trace.jsonl` (every write with its answer) and the logs. Exit code 1 when anything failed.
 */
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { choice, commandLine, flag, list, wholeNumber } from '../../scripts/command-line.js';
import { type Cluster, makeCluster } from '../e2e/cluster.js';
import { BASE } from '../e2e/harness.js';
import { SeededRandom } from '../sim/seeded-random.js';
import { skewed } from './clocks.js';
import { attributes, CHAOS, COUNTERS, GROUPS, type Made } from './hand.js';
import { askServers, journals, judgeMoves, judgeWrites, unseen, untilShownEqual } from './judge.js';
import { Ledger } from './ledger.js';
import { Session } from './session.js';
import { SmallDisk } from './small-disk.js';
import { peersOf, SHAPES, type Shape, settingsOf } from './topologies.js';
import { Troubles } from './troubles.js';
import { Writer } from './writer.js';

const options = commandLine(
  {
    command: 'npm run chaos --',
    about: 'Real servers under random writes and random troubles, and the judgement at the end.',
  },
  {
    seed: wholeNumber(1, 'of all that is random'),
    runs: wholeNumber(1, 'runs, each with the next seed', 1),
    seconds: wholeNumber(30, 'seconds of writes and troubles', 1),
    shape: choice([...SHAPES.keys()], undefined, 'topology; absent: the seed decides'),
    rate: wholeNumber(15, 'writes a second on each server', 1),
    writers: wholeNumber(2, 'writers on each server', 1),
    port: wholeNumber(undefined, 'first port; absent: free ones'),
    troubles: list([], 'only these kinds of troubles'),
    calm: flag('no troubles at all'),
    disk: wholeNumber(undefined, 'the second server stands on a disk of so many MiB', 1),
    keep: flag('the directory of a run without faults stays too'),
  },
);
const CONVERGE_MS = 180_000;
/** Resident memory that no server may pass, MiB. */
const MEMORY_MIB = 700;
const say = (line: string) => process.stdout.write(`${line}\n`);

/** Lines of logs at level error, and ends that nobody asked for. */
function watch(cluster: Cluster, dir: string, faults: string[]): () => void {
  const streams = cluster.servers.map(({ name }) => createWriteStream(join(dir, `${name}.log`)));
  const rests = cluster.servers.map(() => '');
  cluster.onOutput = (number, text) => {
    streams[number - 1]?.write(text);
    const lines = `${rests[number - 1] ?? ''}${text}`.split('\n');
    rests[number - 1] = lines.pop() ?? '';
    for (const line of lines) {
      const plain = line !== '' && !line.startsWith('{');
      // Alerts come and go with the troubles; `health` is asked at the end.
      const asked = options.disk !== undefined && line.includes('the disk is full');
      const bad =
        (!asked && line.includes('"level":"error"') && !line.includes('"kind":"alert"')) ||
        line.includes('"level":"fatal"');
      if (plain || bad) faults.push(`server-${number}, log: ${line.slice(0, 600)}`);
    }
  };
  return () => {
    for (const stream of streams) stream.end();
  };
}

function peakMiB(pid: number | undefined): number {
  if (pid === undefined || process.platform !== 'linux') return 0;
  const line = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? 0) / 1024;
}

async function furnish(cluster: Cluster): Promise<void> {
  const session = new Session(cluster.server(1).ldap);
  const client = await session.client();
  await client.add(CHAOS, attributes({ objectClass: 'organizationalUnit', ou: 'chaos' }));
  for (const ou of ['c0', 'c1', 'c2'])
    await client.add(`ou=${ou},${CHAOS}`, attributes({ objectClass: 'organizationalUnit', ou }));
  for (const uid of COUNTERS) {
    const names = { uid, cn: uid, sn: uid, uidNumber: '0', gidNumber: '1', homeDirectory: '/' };
    const entry = attributes({ objectClass: ['inetOrgPerson', 'posixAccount'], ...names });
    await client.add(`uid=${uid},${CHAOS}`, entry);
  }
  for (const cn of GROUPS)
    await client.add(`cn=${cn},${CHAOS}`, attributes({ objectClass: 'groupOfNames', cn, member: BASE }));
  session.close();
}

interface Run {
  readonly seed: number;
  readonly dir: string;
  readonly shape: Shape;
  readonly cluster: Cluster;
  readonly disk: SmallDisk | undefined;
  readonly faults: string[];
}

/** Writers and troubles, until the time is over and everybody is back. */
async function disturb({ seed, dir, shape, cluster, disk, faults }: Run): Promise<Ledger> {
  const ledger = new Ledger();
  const made: Made = [];
  const trace = createWriteStream(join(dir, 'trace.jsonl'));
  const fromMs = performance.now();
  const endMs = fromMs + options.seconds * 1000;
  const note = (line: object) => trace.write(`${JSON.stringify(line)}\n`);
  const over = () => performance.now() > endMs;
  const writers = cluster.directories.flatMap(({ id, ldap }) =>
    Array.from({ length: options.writers }, (_, k) => {
      const name = `w${id}${'abcdefgh'[k]}`;
      return new Writer({ server: id, url: ldap, name }, new SeededRandom(seed * 1000 + id * 10 + k), {
        ...{ ledger, made, trace: note },
      });
    }),
  );
  const writing = writers.map((writer) => writer.run(over, options.rate));
  const tell = (line: string) => {
    say(`  ${((performance.now() - fromMs) / 1000).toFixed(1)} s: ${line}`);
    note({ at: Date.now(), trouble: line });
  };
  const only = options.troubles;
  const stage = { cluster, shape, writers, ledger, disk, say: tell, only, faults };
  if (!options.calm) {
    const processes = new Troubles(stage, new SeededRandom(seed * 1000 + 1));
    const network = new Troubles(stage, new SeededRandom(seed * 1000 + 2));
    await Promise.all([processes.processes(over), network.network(over)]);
  }
  await Promise.all(writing);
  cluster.heal();
  trace.end();
  ledgerFaults(ledger, faults);
  return ledger;
}

function ledgerFaults(ledger: Ledger, faults: string[]): void {
  for (const fault of ledger.faults) faults.push(`an answer that no writer should get: ${fault}`);
}

async function judge({ shape, cluster, faults }: Run, ledger: Ledger): Promise<void> {
  for (const number of cluster.started)
    if (cluster.process(number).exitCode !== null) faults.push(`server-${number} died`);
  const fromMs = performance.now();
  const { shown, faults: differences } = await untilShownEqual(cluster, shape, CONVERGE_MS);
  faults.push(...differences.slice(0, 20));
  say(
    `  ${shown.live.length} entries, ${shown.deleted.length} deleted, equal after ${((performance.now() - fromMs) / 1000).toFixed(1)} s`,
  );
  const journal = await journals(cluster, shape, faults);
  const kept = ledger.madeAnew.size === 0 ? '' : await unseen(cluster);
  faults.push(...judgeWrites(ledger, shown, journal, kept), ...judgeMoves(ledger, shown, journal));
  await askServers(cluster, faults);
  for (const number of cluster.started) {
    const peak = peakMiB(cluster.process(number).pid);
    if (peak > MEMORY_MIB) faults.push(`server-${number} took ${Math.round(peak)} MiB`);
  }
  faults.push(...(await cluster.verified()));
  say(`  ${journal.length} lines in the journal`);
}

async function oneRun(seed: number): Promise<boolean> {
  const random = new SeededRandom(seed);
  const name = options.shape ?? random.pick([...SHAPES.keys()]);
  const shape = SHAPES.get(name);
  if (shape === undefined) throw new Error(`shapes: ${[...SHAPES.keys()].join(', ')}`);
  const dir = mkdtempSync(join(tmpdir(), 'polyarch-chaos-'));
  const faults: string[] = [];
  const cluster = await makeCluster({
    ...{ dir, directories: shape.directories, brokers: shape.brokers, sampleEntries: 3 },
    peersOf: (number) => peersOf(shape, number),
    settingsOf: (number) => settingsOf(shape, number),
    dialOnly: shape.dialOnly,
    ...(options.port === undefined ? {} : { port: options.port }),
  });
  const skews = cluster.servers.map(() => (random.chance(0.4) ? random.below(8000) - 4000 : 0));
  skews.forEach((ms, at) => {
    if (ms !== 0) cluster.environments.set(at + 1, skewed(ms));
  });
  say(`seed ${seed}: ${name}, clocks ${skews.join(' ')} ms, in ${dir}`);
  const done = watch(cluster, dir, faults);
  // The second server's, where it is asked for: the first gives the others their data.
  const disk = options.disk === undefined ? undefined : new SmallDisk(cluster.server(2).dir, options.disk);
  const run = { seed, dir, shape, cluster, disk, faults };
  try {
    await cluster.start(...cluster.servers.map(({ id }) => id));
    await furnish(cluster);
    const before = await untilShownEqual(cluster, shape, CONVERGE_MS);
    faults.push(...before.faults);
    const ledger = await disturb(run);
    await judge(run, ledger);
    const outcomes = ['done', 'refused', 'unknown', 'away'].map((kind) => `${ledger.total(kind)} ${kind}`);
    say(`  writes: ${outcomes.join(', ')}`);
  } catch (error) {
    faults.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    await cluster.close();
    disk?.close();
    done();
  }
  for (const fault of faults) say(`  FAULT ${fault}`);
  say(`seed ${seed}: ${faults.length === 0 ? 'passed' : `FAILED, ${faults.length} faults; kept in ${dir}`}`);
  await delay(10);
  if (faults.length === 0 && !options.keep) rmSync(dir, { recursive: true, force: true });
  return faults.length === 0;
}

let failed = 0;
for (let k = 0; k < options.runs; k++) if (!(await oneRun(options.seed + k))) failed += 1;
say(`${options.runs} runs, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
