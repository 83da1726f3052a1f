/**
 * Whether heavy work holds up others: the latency of small searches on other connections while one kind of it runs.
 *
 * npm run bench -- fairness [--entries 100000] [--only scan,answer]
 * Prints p50, p99 and the longest of base searches, one each 5 ms on four connections, without and with each kind of work; and the longest turn of the
 * server's event loop in processor time, how much of it was garbage collection, and the longest one apart from collections (bench/turn-monitor.ts). On a machine that others use the latencies compare with the first row only.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { must } from '../lib/base/assert.js';
import { utf8Encode } from '../lib/base/bytes.js';
import { BerWriter } from '../lib/ber/ber-writer.js';
import type { Filter } from '../lib/filter/filter.js';
import { LdapClient } from '../lib/io/ldap-client.js';
import { encodeRequest } from '../lib/ldap/encode-request.js';
import { commandLine, list, wholeNumber } from '../scripts/command-line.js';
import { stopChild } from './clean-up.js';
import { writePeopleLdif } from './people-ldif.js';
import * as polyarch from './polyarch.js';
import { residentMiB } from './process-figures.js';
import { TURN_COLUMNS, toldBy } from './server-monitor.js';

const BASE_DN = 'dc=example,dc=com';
const PASSWORD = 'bench-secret';
const EVERY_MS = 5;
const PROBES = 4;
const IDLE_MS = 3000;
/** Work that ends sooner is done again until so much has passed. */
const LEAST_MS = 3000;
/** Longest time until two servers are connected. */
const MEET_MS = 20_000;
/** Members of the large group; edits of it by one member. */
const MEMBERS = 100_000;
const EDITS = 100;
/** Changes between a full backup and the incremental one. */
const RETITLED = 10_000;

const anything: Filter = { kind: 'present', attribute: 'objectClass' };
const nothing = {
  kind: 'substrings',
  attribute: 'description',
  initial: undefined,
  any: [utf8Encode('no value holds this')],
  final: undefined,
} as const;

const { entries, only, port } = commandLine(
  {
    command: 'npm run bench -- fairness',
    about:
      'Whether heavy work holds up others: base searches on other connections while one kind of it runs.',
  },
  {
    entries: wholeNumber(100_000, 'entries of the server', 1),
    only: list([], 'only these kinds of work', [
      ...['idle', 'scan', 'answer', 'bind', 'import', 'index', 'check', 'backup', 'incremental', 'export'],
      ...['group', 'update', 'compare'],
    ]),
    port: wholeNumber(21_789, 'first port'),
  },
);

const connectTo = (at: number) =>
  LdapClient.connect({ host: '127.0.0.1', port: at, connectMs: 20_000, requestMs: 0 });

/** Latencies in ms of searches sent on time, whatever became of those before. */
class Probe {
  readonly #clients: readonly LdapClient[];
  #latencies: number[] = [];
  #stopped = false;
  readonly #done: Promise<unknown>;

  constructor(clients: readonly LdapClient[]) {
    this.#clients = clients;
    this.#done = Promise.all(clients.map((client, i) => this.#run(client, i)));
  }

  async #run(client: LdapClient, first: number): Promise<void> {
    for (let number = first; !this.#stopped; number += this.#clients.length) {
      const start = performance.now();
      await client.readEntry(`uid=user.${number % entries},ou=people,${BASE_DN}`, ['cn']);
      const took = performance.now() - start;
      this.#latencies.push(took);
      await sleep(Math.max(0, EVERY_MS * this.#clients.length - took));
    }
  }

  async finish(): Promise<number[]> {
    this.#stopped = true;
    await this.#done;
    return this.#latencies.sort((a, b) => a - b);
  }
}

function print(label: string, latencies: readonly number[], turn: string, seconds: number): void {
  const at = (share: number) => (latencies[Math.floor((latencies.length - 1) * share)] ?? 0).toFixed(1);
  const latency = [at(0.5), at(0.99), at(1)].map((cell) => cell.padStart(8)).join('');
  process.stdout.write(`${label.padEnd(44)}${latency}${turn}${seconds.toFixed(1).padStart(8)}\n`);
}

async function measure(label: string, work: () => Promise<void>, turn: () => Promise<string>): Promise<void> {
  const clients = await Promise.all(Array.from({ length: PROBES }, () => connectTo(port)));
  for (const client of clients) await client.bind(polyarch.ADMIN_DN, PASSWORD);
  await turn();
  const probe = new Probe(clients);
  const start = performance.now();
  // What becomes of the work is told, not that searches end with the server behind it.
  const failed = await work().then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  const seconds = (performance.now() - start) / 1000;
  const latencies = await probe.finish();
  for (const client of clients) client.unbind();
  if (failed !== undefined) throw failed.error;
  print(label, latencies, await turn(), seconds);
}

/** Work again and again until LEAST_MS have passed. */
function repeated(work: () => Promise<unknown>): () => Promise<void> {
  return async () => {
    const start = performance.now();
    while (performance.now() - start < LEAST_MS) await work();
  };
}

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) =>
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`a command ended with ${code}`)),
    ),
  );

function command(args: readonly string[]): Promise<void> {
  const env = { ...process.env, POLYARCH_PASSWORD: PASSWORD };
  return ended(spawn('bin/polyarch', args, { env, stdio: ['ignore', 'ignore', 'inherit'] }));
}

/** Entries under new names, as LDIF for an import into the running server. */
function moreEntries(dir: string): string {
  const file = join(dir, 'more.ldif');
  const records = Array.from({ length: Math.min(3000, entries) }, (_, i) =>
    [
      `dn: uid=more.${i},ou=people,${BASE_DN}`,
      'objectClass: inetOrgPerson',
      `uid: more.${i}`,
      `cn: More ${i}`,
      `sn: ${i}`,
      `mail: more.${i}@example.com`,
      '',
    ].join('\n'),
  );
  writeFileSync(file, records.join('\n'));
  return file;
}

/** Reads a whole answer of all entries without looking at it, in a thread of its own. */
function drain(): Promise<void> {
  const worker = new Worker(new URL(import.meta.url), { workerData: { port } });
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', () => resolve());
  });
}

function drainThread(at: number): void {
  const writer = new BerWriter();
  const message = (id: number, request: Parameters<typeof encodeRequest>[1]['request']): Uint8Array => {
    writer.reset();
    encodeRequest(writer, { id, request, controls: [] });
    return writer.bytes().slice();
  };
  const socket = connect(at, '127.0.0.1');
  const authentication = { kind: 'simple', password: utf8Encode(PASSWORD) } as const;
  socket.write(message(1, { kind: 'bind', version: 3, dn: polyarch.ADMIN_DN, authentication }));
  socket.once('data', () => {
    const search = { scope: 'sub', deref: 'never', sizeLimit: 0, timeLimit: 0, typesOnly: false } as const;
    socket.write(message(2, { kind: 'search', base: BASE_DN, filter: anything, attributes: [], ...search }));
    // searchResultDone: the last message is short and holds [APPLICATION 5].
    socket.on('data', (chunk) => {
      if (chunk.subarray(-14).includes(0x65) && chunk.subarray(-7).includes(0)) socket.end();
    });
  });
}

function totalUpdate(dir: string): Promise<void> {
  return withCopy(dir, () => Promise.resolve());
}

/** Runs work while another server holds all entries. */
async function withCopy(dir: string, work: () => Promise<void>): Promise<void> {
  const copy = await polyarch.start(join(dir, 'copy'), port + 10);
  try {
    const client = await connectTo(port + 10);
    const last = `uid=user.${entries - 1},ou=people,${BASE_DN}`;
    for (;;) {
      const found = await client.readEntry(last, ['1.1']).catch(() => undefined);
      if (found !== undefined) break;
      await sleep(50);
    }
    client.unbind();
    await work();
  } finally {
    await stopChild(copy);
  }
}

async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'polyarch-bench-'));
  const home = join(dir, 'ours');
  const ldif = join(dir, 'people.ldif');
  await writePeopleLdif(ldif, BASE_DN, entries);
  const place = { baseDn: BASE_DN, password: PASSWORD };
  const peer = (id: number, at: number) => [`server-${id}=127.0.0.1:${at + 2}`];
  polyarch.setup({ ...place, dir: home, port, id: 1, peers: peer(2, port + 10) });
  polyarch.importLdif(home, ldif);
  const copy = { dir: join(dir, 'copy'), port: port + 10, id: 2, peers: peer(1, port), caFrom: home };
  polyarch.setup({ ...place, ...copy });
  const turns = join(dir, 'turns');
  process.env.TURNS_FILE = turns;
  process.env.NODE_OPTIONS = `--import ${new URL('./turn-monitor.js', import.meta.url).href}`;
  const server = await polyarch.start(home, port);
  process.env.NODE_OPTIONS = '';
  const worker = await connectTo(port);
  await worker.bind(polyarch.ADMIN_DN, PASSWORD);
  const backups = join(dir, 'backups');
  const url = ['--url', `ldap://127.0.0.1:${port}`];
  const works: readonly (readonly [string, string, () => Promise<void>])[] = [
    ['idle', 'nothing', () => sleep(IDLE_MS)],
    [
      'scan',
      'a search that looks at every entry',
      repeated(() => worker.searchAll({ base: BASE_DN, scope: 'sub', filter: nothing })),
    ],
    ['answer', `a search that answers ${entries} entries`, repeated(drain)],
    ['bind', '16 binds at a time, passwords wrong', repeated(() => wrongBinds())],
    ['import', 'an online import', () => command(['import-ldif', ...url, '--file', moreEntries(dir)])],
    [
      'index',
      'an index built anew',
      () => command(['index', 'rebuild', '--dir', home, '--index', 'cn:equality,substring']),
    ],
    ['check', 'indexes compared with entries', () => command(['index', 'verify', '--dir', home])],
    ['backup', 'a full backup', () => command(['backup', '--dir', home, '--folder', backups])],
    [
      'incremental',
      'an incremental backup',
      async () => {
        await retitled(worker);
        await command(['backup', '--dir', home, '--folder', backups, '--incremental']);
      },
    ],
    [
      'export',
      `an export of ${entries} entries`,
      () => command(['export-ldif', ...url, '--file', join(dir, 'all.ldif')]),
    ],
    ['group', `a group of ${MEMBERS} added, edited, looked through and deleted`, () => largeGroup(worker)],
    ['update', 'a total update of another server', () => totalUpdate(dir)],
    ['compare', 'a comparison with another server', () => comparison(dir, home)],
  ];
  process.stdout.write(
    `${'base searches while there is'.padEnd(44)}  p50 ms  p99 ms  max ms${TURN_COLUMNS.join('')} seconds\n`,
  );
  try {
    for (const [name, label, work] of works) {
      if (only.length > 0 && !only.includes(name)) continue;
      await measure(label, work, () => toldBy(server, turns));
    }
    process.stdout.write(`resident memory, MiB: ${residentMiB(server.pid) ?? ''}\n`);
  } finally {
    worker.unbind();
    await stopChild(server);
    rmSync(dir, { recursive: true, force: true });
  }
}

/** A group of many members: added, edited one member at a time, looked through by a substring filter, deleted. */
async function largeGroup(worker: LdapClient): Promise<void> {
  const dn = `cn=large group,${BASE_DN}`;
  const valuesOf = (of: (n: number) => string) =>
    Array.from({ length: MEMBERS }, (_, n) => utf8Encode(of(n)));
  const edit = (operation: 'add' | 'delete', description: string, values: readonly Uint8Array[]) =>
    worker.modify(dn, [{ operation, attribute: { description, values } }]);
  const classes = ['groupOfNames', 'extensibleObject'].map(utf8Encode);
  const members = valuesOf((n) => `uid=user.${n},ou=people,${BASE_DN}`);
  await worker.add(dn, [
    { description: 'objectClass', values: classes },
    { description: 'member', values: members },
  ]);
  await edit(
    'add',
    'memberUid',
    valuesOf((n) => `user.${n}`),
  );
  for (let n = 0; n < EDITS; n++) {
    await edit('add', 'member', [utf8Encode(`uid=new.${n},ou=people,${BASE_DN}`)]);
    await edit('delete', 'member', members.slice(n, n + 1));
  }
  const filter: Filter = { ...nothing, attribute: 'memberUid' };
  for (let n = 0; n < EDITS / 10; n++) await worker.searchAll({ base: dn, scope: 'base', filter });
  await worker.delete(dn);
}

/** Small changes of as many entries as an hour may see, for an incremental backup. */
async function retitled(worker: LdapClient): Promise<void> {
  let next = 0;
  const one = async () => {
    for (let n = next++; n < RETITLED; n = next++) {
      const attribute = { description: 'title', values: [utf8Encode(`title ${n}`)] };
      await worker.modify(`uid=user.${n % entries},ou=people,${BASE_DN}`, [
        { operation: 'replace', attribute },
      ]);
    }
  };
  await Promise.all(Array.from({ length: 16 }, one));
}

/** The digests of all entries compared with another server's, again and again; both hold the same (`update` ran before). */
async function comparison(dir: string, home: string): Promise<void> {
  const compared = () => command(['replication', 'verify', '--dir', home]);
  await withCopy(dir, async () => {
    await whenMet(compared);
    await repeated(compared)();
  });
}

/** Two servers of which one has just started or taken a copy are not connected for a moment. */
async function whenMet(compared: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + MEET_MS;
  for (;;) {
    try {
      return await compared();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(100);
    }
  }
}

async function wrongBinds(): Promise<void> {
  await Promise.all(
    Array.from({ length: 16 }, async (_, i) => {
      const client = await connectTo(port);
      await client.bind(`uid=user.${i},ou=people,${BASE_DN}`, 'wrong').catch(() => undefined);
      client.unbind();
    }),
  );
}

if (isMainThread) await main();
else drainThread(must(workerData as { port: number } | undefined, 'a port').port);
