/**
 * Two directories that reach each other only through two brokers, as real processes, over a bad network, under random writes on both sides, with faults: cuts, one-way silence, brokers
 * killed. At the end both must hold the same, with every acknowledged write.
 *
 * npm run bench -- wan [--seconds 60] [--writes 20] [--delay 200] [--loss 2] [--kbit 1000] [--faults 8] [--compression always] [--seed 1]
 * `writes`: a second on each directory. `delay`: ms, one way. `loss`: percent of packets. Exit code 1 when something was lost or differs. The network is test/e2e/relay.ts.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { utf8Encode } from '../lib/base/bytes.js';
import { LdapClient } from '../lib/io/ldap-client.js';
import { choice, commandLine, number, wholeNumber } from '../scripts/command-line.js';
import { type Cluster, makeCluster } from '../test/e2e/cluster.js';
import { ADMIN, BASE, PASSWORD } from '../test/e2e/harness.js';
import { CALM } from '../test/e2e/relay.js';
import { SeededRandom } from '../test/sim/seeded-random.js';

const given = commandLine(
  {
    command: 'npm run bench -- wan',
    about:
      'Two directories that reach each other through two brokers over a bad network, under writes and faults.',
  },
  {
    seconds: wholeNumber(60, 'seconds of writes', 1),
    writes: wholeNumber(20, 'writes a second on each side', 1),
    faults: wholeNumber(8, 'cuts, silences and killed brokers'),
    compression: choice(['always', 'never', 'auto'], 'always', 'replication.compression'),
    seed: wholeNumber(1, 'of all that is random'),
    delay: number(200, 'ms of each packet, one way'),
    kbit: wholeNumber(1000, 'bandwidth, kbit/s', 1),
    loss: number(2, 'percent of packets lost'),
  },
);
const { seconds, writes, faults, compression } = given;
const random = new SeededRandom(given.seed);
const weather = { delayMs: given.delay, kbit: given.kbit, loss: given.loss / 100 };
const PEOPLE = `ou=people,${BASE}`;
const say = (line: string) => process.stdout.write(`${line}\n`);
const text = (type: string, value: string) => ({ description: type, values: [utf8Encode(value)] });

/** Random writes of one side to entries of its own and to shared ones; what was acknowledged of its own is known for sure. */
class Writer {
  readonly #side: string;
  readonly #client: LdapClient;
  readonly #own = new Map<string, string>();
  acknowledged = 0;
  #made = 0;

  constructor(side: string, client: LdapClient) {
    this.#side = side;
    this.#client = client;
  }

  async write(): Promise<void> {
    const names = [...this.#own.keys()];
    const name = names[random.below(Math.max(1, names.length))];
    const kind = random.next();
    if (name === undefined || kind < 0.4) await this.#add();
    else if (kind < 0.7) await this.#replace(name);
    else if (kind < 0.8) {
      await this.#client.delete(`uid=${name},${PEOPLE}`);
      this.#own.delete(name);
    } else
      await this.#client.modify(`uid=user.1,${PEOPLE}`, [
        { operation: 'add', attribute: text('description', `${this.#side} ${this.acknowledged}`) },
      ]);
    this.acknowledged += 1;
  }

  async #add(): Promise<void> {
    const name = `${this.#side}.${this.#made++}`;
    const attributes = ['objectClass', 'cn', 'sn', 'title'].map((type) =>
      text(type, type === 'objectClass' ? 'inetOrgPerson' : name),
    );
    await this.#client.add(`uid=${name},${PEOPLE}`, attributes);
    this.#own.set(name, name);
  }

  async #replace(name: string): Promise<void> {
    const title = `${name} ${this.acknowledged}`;
    await this.#client.modify(`uid=${name},${PEOPLE}`, [
      { operation: 'replace', attribute: text('title', title) },
    ]);
    this.#own.set(name, title);
  }

  /** Acknowledged writes that the contents do not show. */
  missing(all: string): string[] {
    const titles = new Map(
      all.split('\n\n').map((entry) => {
        const [dn = '', ...lines] = entry.split('\n');
        return [dn, lines.find((line) => line.startsWith('title: '))?.slice('title: '.length)];
      }),
    );
    return [...this.#own]
      .filter(([name, title]) => titles.get(`dn: uid=${name},${PEOPLE}`) !== title)
      .map(([name]) => name);
  }
}

/** One fault, and its end. */
async function trouble(cluster: Cluster, forMs: number): Promise<string> {
  const broker = random.chance(0.5) ? 3 : 4;
  const directory = random.chance(0.5) ? 1 : 2;
  const kind = random.next();
  if (kind < 0.34) {
    await cluster.end(broker, 'SIGKILL');
    await delay(forMs);
    await cluster.start(broker);
    return `broker ${broker} killed`;
  }
  if (kind < 0.67) {
    cluster.link(directory, broker, false);
    await delay(forMs);
    cluster.link(directory, broker, true);
    return `link ${directory}-${broker} cut`;
  }
  cluster.network.silence(broker, directory);
  await delay(forMs + 3000);
  cluster.network.hear();
  return `silence from ${broker} to ${directory}`;
}

async function run(cluster: Cluster): Promise<boolean> {
  await cluster.start(1, 2, 3, 4);
  await cluster.equal();
  cluster.link(1, 2, false);
  const clients = await Promise.all(
    [1, 2].map(async (number) => {
      const { hostname, port } = new URL(cluster.server(number).ldap);
      const client = await LdapClient.connect({ host: hostname, port: Number(port), connectMs: 10_000 });
      await client.bind(ADMIN, PASSWORD);
      return client;
    }),
  );
  cluster.network.weather = weather;
  cluster.network.octets.clear();
  const writers = clients.map((client, i) => new Writer(`w${i + 1}`, client));
  const endMs = performance.now() + seconds * 1000;
  const writing = writers.map(async (writer) => {
    while (performance.now() < endMs) {
      await writer.write();
      await delay(1000 / writes);
    }
  });
  for (let k = 0; k < faults; k++) {
    await delay((seconds * 500) / faults);
    say(`  ${await trouble(cluster, (seconds * 250) / faults)}`);
  }
  await Promise.all(writing);
  const fromMs = performance.now();
  const all = await cluster.equal(300_000).catch(() => undefined);
  const equalMs = performance.now() - fromMs;
  const sent = [];
  for (const number of [1, 2, 3, 4]) sent.push(...(await cluster.status(number)).links);
  const plain = sent.reduce((sum, link) => sum + link.sentBytes, 0);
  const wire = sent.reduce((sum, link) => sum + link.sentWireBytes, 0);
  const acknowledged = writers.reduce((sum, writer) => sum + writer.acknowledged, 0);
  const octets = [...cluster.network.octets.values()].reduce((sum, count) => sum + count, 0);
  const lost = all === undefined ? [] : writers.flatMap((writer) => writer.missing(all));
  say(`${acknowledged} writes acknowledged; ${lost.length} of the last ones of an entry lost`);
  say(
    all === undefined
      ? 'NOT equal after 300 s'
      : `equal ${(equalMs / 1000).toFixed(1)} s after the last write`,
  );
  say(
    `${Math.round(octets / 1024)} KiB over all links, heartbeats and TLS included; open sessions sent ${Math.round(plain / 1024)} KiB as ${Math.round(wire / 1024)} KiB`,
  );
  cluster.network.weather = CALM;
  for (const client of clients) client.unbind();
  const unsound = await cluster.verified();
  for (const line of unsound) say(line);
  return all !== undefined && lost.length === 0 && unsound.length === 0;
}

async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'polyarch-bench-'));
  const settings = `replication:\n  compression: ${compression}\n`;
  say(
    `two directories behind two brokers, ${seconds} s of ${writes} writes/s on each, ${weather.delayMs} ms, ${weather.loss * 100} % lost, ${weather.kbit} kbit/s, compression ${compression}`,
  );
  const cluster = await makeCluster({ dir, directories: 2, brokers: 2, sampleEntries: 10, settings });
  try {
    if (!(await run(cluster))) process.exitCode = 1;
  } finally {
    await cluster.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

await main();
