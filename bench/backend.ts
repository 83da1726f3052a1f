/**
 * The backend alone, in process: bulk load, reads, searches, durable writes, replay. `npm run bench -- backend [entries]`.
 *
 * Prints one line a figure. No network and no LDAP codec: docs/performance.md says what the whole server does.
 */

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StoredEntry } from '../lib/backend/backend.js';
import { beginLoad } from '../lib/backend/load/bulk-load.js';
import { openBackend } from '../lib/backend/open-backend.js';
import type { StoreBackend } from '../lib/backend/store-backend.js';
import { must } from '../lib/base/assert.js';
import { utf8Encode } from '../lib/base/bytes.js';
import type { Change, EncodedChange, EntryUuid } from '../lib/change/change.js';
import { type Csn, makeCsn, type ReplicaId } from '../lib/csn/csn.js';
import { ServerState } from '../lib/csn/server-state.js';
import { parseDn } from '../lib/dn/dn-text.js';
import type { Attribute } from '../lib/entry/entry.js';
import { compileFilter } from '../lib/filter/compile-filter.js';
import { matchFilter } from '../lib/filter/filter-match.js';
import { openLevelStore } from '../lib/io/store/level-store.js';
import type { Clock } from '../lib/port/clock.js';
import type { Log } from '../lib/port/log.js';
import type { AttributeKey } from '../lib/schema/attribute-type.js';
import { buildSchema } from '../lib/schema/load-schema.js';
import type { Schema } from '../lib/schema/schema.js';
import { commandLine, wholeNumber } from '../scripts/command-line.js';

const { entries: COUNT } = commandLine(
  {
    command: 'npm run bench -- backend',
    about: 'The backend alone, in process: bulk load, reads, searches, durable writes, replay.',
    places: ['entries'],
  },
  { entries: wholeNumber(100_000, 'entries', 1) },
);
const BASE = 'dc=example,dc=com';
const PEOPLE = `ou=people,${BASE}`;
const REPLICA = 1 as ReplicaId;

const clock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
const log: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => log,
};

async function readSchema(): Promise<Schema> {
  const names = (await readdir('schema')).filter((name) => name.endsWith('.ldif')).sort();
  return buildSchema(
    await Promise.all(names.map(async (name) => ({ name, text: await readFile(`schema/${name}`, 'utf8') }))),
  );
}

const uuidOf = (n: number): EntryUuid =>
  `20000000-0000-4000-8000-${String(n).padStart(12, '0')}` as EntryUuid;
const userDn = (n: number) => `uid=user.${n},${PEOPLE}`;

function person(n: number): Record<string, string[]> {
  return {
    objectClass: ['top', 'person', 'organizationalPerson', 'inetOrgPerson'],
    uid: [`user.${n}`],
    cn: [`Ada Weber Number ${n}`],
    sn: [`Weber${n % 1000}`],
    givenName: [`Ada${n % 100}`],
    mail: [`user.${n}@example.com`],
    employeeNumber: [String(n)],
    telephoneNumber: [`+49 30 ${1_000_000 + n}`],
    homePhone: [`+49 40 ${2_000_000 + n}`],
    street: [`${n % 200} Long Street`],
    l: ['Berlin'],
    postalCode: [String(10_000 + (n % 89_999))],
    postalAddress: [`Ada Weber$${n % 200} Long Street$Berlin`],
    description: [`This is the description of Ada Weber, entry number ${n}.`],
  };
}

function attributes(schema: Schema, texts: Record<string, string[]>): Map<AttributeKey, Attribute> {
  const map = new Map<AttributeKey, Attribute>();
  for (const [text, values] of Object.entries(texts)) {
    const { key, text: name } = must(schema.describe(text), text);
    map.set(key, { name, values: values.map(utf8Encode) });
  }
  return map;
}

let cpu = process.cpuUsage();

/** One figure, with the processor time of all threads since the last one: what counts on a busy machine. */
function say(what: string, count: number, ms: number): void {
  const { user, system } = process.cpuUsage(cpu);
  const rate = String(Math.round((count / ms) * 1000)).padStart(9);
  const each = ((ms * 1000) / count).toFixed(2).padStart(8);
  const work = ((user + system) / count).toFixed(2).padStart(8);
  console.log(
    `${what.padEnd(40)} ${rate} /s ${each} us ${work} us of processor (${count} in ${Math.round(ms)} ms)`,
  );
  const { rss, heapUsed, external } = process.memoryUsage();
  if (process.env.MEMORY)
    console.log(`   rss ${rss >> 20} heap ${heapUsed >> 20} external ${external >> 20} MiB`);
  cpu = process.cpuUsage();
}

async function load(dir: string, schema: Schema): Promise<void> {
  const texts = Array.from({ length: COUNT }, (_, n) => attributes(schema, person(n)));
  const dns = Array.from({ length: COUNT }, (_, n) => parseDn(userDn(n)));
  const store = await openLevelStore(dir, { writeBufferBytes: 64 << 20 });
  const start = performance.now();
  const loading = await beginLoad({
    store,
    baseDn: parseDn(BASE),
    schema,
    replica: REPLICA,
    clock,
    generationId: 'bench',
    initiator: 'cn=bench',
  });
  const put = (dn: ReturnType<typeof parseDn>, uuid: EntryUuid, map: Map<AttributeKey, Attribute>) => {
    const rdn = must(schema.namedRdn(must(dn.rdns[0], 'an RDN')), 'a name');
    const refusal = loading.add({ dn, rdn, uuid, attributes: map });
    if (refusal !== undefined) throw new Error(refusal);
  };
  put(
    parseDn(BASE),
    uuidOf(9_000_001),
    attributes(schema, { objectClass: ['top', 'domain'], dc: ['example'] }),
  );
  put(
    parseDn(PEOPLE),
    uuidOf(9_000_002),
    attributes(schema, { objectClass: ['top', 'organizationalUnit'], ou: ['people'] }),
  );
  for (let n = 0; n < COUNT; n++) {
    put(must(dns[n], 'dn'), uuidOf(n), must(texts[n], 'entry'));
    if (loading.needsTurn) await loading.turn();
  }
  await loading.finish();
  say('bulk load', COUNT, performance.now() - start);
  await store.close();
  say('bulk load with close of the store', COUNT, performance.now() - start);
}

function readHot(backend: StoreBackend): void {
  const runs = 300_000;
  for (const span of [100, COUNT]) {
    for (let i = 0; i < Math.min(span, 50_000); i++) backend.byDnText(userDn(i));
    const texts = Array.from({ length: span }, (_, i) => userDn((i * 7919) % COUNT));
    const start = performance.now();
    for (let i = 0; i < runs; i++) must(backend.byDnText(must(texts[i % span], 'text')), 'entry');
    say(`byDnText over ${span} entries`, runs, performance.now() - start);
  }
}

async function searchUid(backend: StoreBackend, schema: Schema, what: string, runs: number, span: number) {
  const base = must(backend.byDnText(BASE), 'base');
  let found = 0;
  let promises = 0;
  const start = performance.now();
  for (let i = 0; i < runs; i++) {
    const filter = compileFilter(
      { kind: 'equality', attribute: 'uid', value: utf8Encode(`user.${(i * 7919) % span}`) },
      schema,
    );
    const candidates = backend.search({ base, scope: 'sub', filter });
    for (;;) {
      let slice = candidates.next();
      if (slice instanceof Promise) {
        promises += 1;
        slice = await slice;
      }
      if (slice === undefined) break;
      for (const entry of slice as readonly StoredEntry[])
        if (matchFilter(filter, entry) === true) found += entry.stored.size > 0 ? 1 : 0;
    }
  }
  say(`search sub (uid=x) ${what}`, runs, performance.now() - start);
  if (found !== runs || promises > 0) console.log(`  found ${found} of ${runs}, ${promises} promises`);
}

/** Entries that durable() has added. */
let added = 0;

async function durable(
  backend: StoreBackend,
  schema: Schema,
  clients: number,
  total: number,
  kind: 'modify' | 'add' | 'delete',
) {
  const description = must(schema.describe('description'), 'description');
  const equality = schema.equalityOf(description).name;
  const people = must(backend.byDnText(PEOPLE), 'people');
  let next = kind === 'modify' ? 0 : added;
  const end = next + total;
  if (kind === 'add') added = end;
  if (kind === 'delete') next -= total;
  const start = performance.now();
  const client = async () => {
    for (;;) {
      const n = next++;
      if (n >= (kind === 'delete' ? end - total : end)) return;
      if (kind === 'modify') {
        await backend.submit('cn=bench', (view) => {
          const entry = must(view.byDnText(userDn((n * 7919) % COUNT)), 'entry');
          const change = {
            key: description.key,
            name: description.text,
            equality,
            single: false,
            clear: true,
            remove: [],
            add: [utf8Encode(`changed ${n}`)],
            increment: 0n,
          };
          return [{ entry: entry.uuid, body: { kind: 'modify', attributes: [change] } }];
        });
      } else if (kind === 'add') {
        const rdn = must(schema.namedRdn(must(parseDn(`uid=new.${n}`).rdns[0], 'rdn')), 'named');
        const map = attributes(schema, { ...person(n), uid: [`new.${n}`] });
        await backend.submit('cn=bench', () => [
          {
            entry: uuidOf(10_000_000 + n),
            body: {
              kind: 'add',
              parent: people.uuid,
              rdn,
              attributes: [...map].map(([key, { name, values }]) => ({ key, name, values })),
            },
          },
        ]);
      } else {
        await backend.submit('cn=bench', () => [{ entry: uuidOf(10_000_000 + n), body: { kind: 'delete' } }]);
      }
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  say(`${kind}, durable, ${clients} clients`, total, performance.now() - start);
}

async function replay(backend: StoreBackend, schema: Schema, total: number): Promise<void> {
  const people = must(backend.byDnText(PEOPLE), 'people');
  const changes: Change[] = [];
  let previous: Csn | undefined;
  const t0 = Date.now();
  for (let n = 0; n < total; n++) {
    const csn = makeCsn(t0, n, 2 as ReplicaId);
    const map = attributes(schema, { ...person(n), uid: [`far.${n}`] });
    changes.push({
      csn,
      previous,
      seen: ServerState.EMPTY,
      entry: uuidOf(50_000_000 + n),
      initiator: 'cn=far',
      body: {
        kind: 'add',
        parent: people.uuid,
        rdn: must(schema.namedRdn(must(parseDn(`uid=far.${n}`).rdns[0], 'rdn')), 'named'),
        attributes: [...map].map(([key, { name, values }]) => ({ key, name, values })),
      },
    });
    previous = csn;
  }
  const start = performance.now();
  for (let at = 0; at < total; at += 500) await backend.replay(changes.slice(at, at + 500));
  say('replay of adds', total, performance.now() - start);
}

async function main(): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'polyarch-bench-'));
  try {
    const schema = await readSchema();
    await load(join(dir, 'db'), schema);
    const opened = performance.now();
    const store = await openLevelStore(join(dir, 'db'));
    let last: Csn | undefined;
    const backend = await openBackend({
      store,
      baseDn: parseDn(BASE),
      schema,
      replica: REPLICA,
      clock,
      log,
      sink: {
        ops: (change: EncodedChange) => {
          last = change.csn;
          return [{ type: 'put', key: utf8Encode(`\xff log ${change.csn}`), value: change.bytes }];
        },
        committed: () => undefined,
        lastOwn: () => last,
      },
      pause: () => new Promise((resolve) => setImmediate(resolve)),
    });
    console.log(`open: ${Math.round(performance.now() - opened)} ms`);
    await searchUid(backend, schema, 'cold', Math.min(COUNT, 50_000), COUNT);
    await searchUid(backend, schema, 'hot, 100 entries', 200_000, 100);
    await searchUid(backend, schema, 'warm, all entries', 200_000, COUNT);
    readHot(backend);
    await durable(backend, schema, 8, 5000, 'modify');
    await durable(backend, schema, 64, 30_000, 'modify');
    await durable(backend, schema, 8, 3000, 'add');
    await durable(backend, schema, 64, 10_000, 'add');
    await durable(backend, schema, 64, 10_000, 'delete');
    await replay(backend, schema, 20_000);
    console.log(`memory: rss ${Math.round(process.memoryUsage().rss / 1e6)} MB`);
    await backend.close();
    await store.close();
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

await main();
