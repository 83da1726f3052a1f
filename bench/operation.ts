/**
 * LDAP operations from bytes in to bytes out, in process: `node build/bench/operation.js [entries] [seconds] [part of a figure's name]`.
 *
 * Real codec, connection, directory and backend; a memory store and a transport that throws octets away. One line a figure.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { MemoryStore } from '../lib/backend/memory-store.js';
import { openBackend } from '../lib/backend/open-backend.js';
import type { StoreBackend } from '../lib/backend/store-backend.js';
import { must } from '../lib/base/assert.js';
import { concatBytes, utf8Encode } from '../lib/base/bytes.js';
import { BerWriter } from '../lib/ber/ber-writer.js';
import type { Csn } from '../lib/csn/csn.js';
import { toReplicaId } from '../lib/csn/csn.js';
import { parseDn } from '../lib/dn/dn-text.js';
import { parseFilter } from '../lib/filter/filter-text.js';
import { encodeRequest } from '../lib/ldap/encode-request.js';
import type { LdapRequest, SearchRequest } from '../lib/ldap/message.js';
import { LdapService } from '../lib/operation/ldap-service.js';
import type { Clock } from '../lib/port/clock.js';
import type { LdapTransport } from '../lib/port/ldap-transport.js';
import type { Log } from '../lib/port/log.js';
import type { PasswordHasher } from '../lib/port/password-hasher.js';
import { buildSchema } from '../lib/schema/load-schema.js';
import type { Schema } from '../lib/schema/schema.js';

const COUNT = Number(process.argv[2] ?? 20_000);
const SECONDS = Number(process.argv[3] ?? 1);
/** Only figures whose name holds this are taken; entries are added in any case. */
const ONLY = process.argv[4] ?? '';
const BASE = 'dc=example,dc=com';
const PEOPLE = `ou=people,${BASE}`;

const clock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    // Pauses within the work must not end the process; deadlines must not keep it.
    if (ms > 0) timer.unref();
    return () => clearTimeout(timer);
  },
};
const log: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (fields) => console.error(fields),
  child: () => log,
};
const hasher: PasswordHasher = {
  hash: async (password) => password,
  verify: async () => true,
  isHashed: () => true,
};

/** Throws octets away; counts whole answers by their sends. */
class Sink implements LdapTransport {
  readonly peer = { address: '127.0.0.1', port: 1 };
  readonly local = { address: '127.0.0.1', port: 2 };
  readonly secure = { tls: false, strengthBits: 0 };
  readonly canStartTls = false;
  readonly queuedBytes = 0;
  sent = 0;
  bytesSent = 0;
  onSend: (() => void) | undefined;
  readonly #buffer = Buffer.alloc(1 << 20);

  send(bytes: Uint8Array): boolean {
    this.#buffer.set(bytes, 0);
    this.sent += 1;
    this.bytesSent += bytes.length;
    this.onSend?.();
    return true;
  }
  pause(): void {}
  resume(): void {}
  close(reason: string): void {
    throw new Error(reason);
  }
  abort(reason: string): void {
    throw new Error(reason);
  }
  startTls(): void {}
}

function readSchema(): Schema {
  const names = readdirSync('schema').filter((name) => name.endsWith('.ldif'));
  return buildSchema(names.sort().map((name) => ({ name, text: readFileSync(`schema/${name}`, 'utf8') })));
}

async function openDomain(schema: Schema): Promise<StoreBackend> {
  let last: Csn | undefined;
  return openBackend({
    store: new MemoryStore(),
    schema,
    clock,
    log,
    baseDn: parseDn(BASE),
    replica: must(toReplicaId(1), 'a replica id'),
    cacheBytes: 512 << 20,
    sink: {
      ops: (change) => {
        last = change.csn;
        return [];
      },
      committed: () => undefined,
      lastOwn: () => last,
    },
  });
}

const writer = new BerWriter();
let nextId = 0;

function octets(request: LdapRequest): Uint8Array {
  writer.reset();
  nextId = (nextId % 1_000_000) + 1;
  encodeRequest(writer, { id: nextId, request, controls: [] });
  return new Uint8Array(writer.bytes());
}

function searchOf(
  base: string,
  scope: SearchRequest['scope'],
  filter: string,
  attributes: readonly string[] = [],
): Uint8Array {
  return octets({
    kind: 'search',
    base,
    scope,
    deref: 'never',
    sizeLimit: 0,
    timeLimit: 0,
    typesOnly: false,
    filter: parseFilter(filter),
    attributes,
  });
}

function person(n: number): LdapRequest {
  const values: Record<string, string> = {
    objectClass: 'inetOrgPerson',
    uid: `user.${n}`,
    cn: `Ada Weber Number ${n}`,
    sn: `Weber${n % 1000}`,
    givenName: `Ada${n % 100}`,
    mail: `user.${n}@example.com`,
    employeeNumber: String(n),
    telephoneNumber: `+49 30 ${1_000_000 + n}`,
    homePhone: `+49 40 ${2_000_000 + n}`,
    street: `${n % 200} Long Street`,
    l: 'Berlin',
    postalCode: String(10_000 + (n % 89_999)),
    description: `This is the description of Ada Weber, entry number ${n}.`,
  };
  const attributes = Object.entries(values).map(([description, value]) => ({
    description,
    values: [utf8Encode(value)],
  }));
  return { kind: 'add', dn: `uid=user.${n},${PEOPLE}`, attributes };
}

const schema = readSchema();
const backend = await openDomain(schema);
const service = new LdapService({
  schema,
  hasher,
  clock,
  log,
  random: { bytes: (length) => Uint8Array.from({ length }, () => Math.floor(Math.random() * 256)) },
  settings: { adminPassword: utf8Encode('x') },
});
service.directory.addDomain(backend);

function connect(): { readonly transport: Sink; give(bytes: Uint8Array): void } {
  const transport = new Sink();
  const sink = service.accept(transport);
  return { transport, give: (bytes) => sink.bytes(bytes) };
}

async function answers(transport: Sink, count: number): Promise<void> {
  const goal = transport.sent + count;
  await new Promise<void>((resolve) => {
    transport.onSend = () => {
      if (transport.sent < goal) return;
      transport.onSend = undefined;
      resolve();
    };
  });
}

/** CPU time of this process in ms: on a busy machine it says more than the time that passed. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function say(what: string, count: number, ms: number, cpu: number): void {
  const each = (time: number) => `${((time * 1000) / count).toFixed(2).padStart(8)} us`;
  const rate = String(Math.round((count / ms) * 1000)).padStart(9);
  console.log(`${what.padEnd(52)} ${rate} /s ${each(ms)}, of CPU ${each(cpu)}`);
}

/** Runs prepared requests round and round; nearly each is answered in the turn that brings it. */
async function measureReads(what: string, requests: readonly Uint8Array[]): Promise<void> {
  if (!what.includes(ONLY)) return;
  const { transport, give } = connect();
  const perRequest = what.startsWith('compare') ? 1 : 2;
  let given = 0;
  const run = async (ms: number): Promise<readonly [number, number, number]> => {
    const start = performance.now();
    const cpu = cpuMs();
    const first = given;
    while (performance.now() - start < ms) {
      for (let i = 0; i < 500; i++) give(requests[given++ % requests.length] as Uint8Array);
      // A turn that lasted too long, as on a busy machine, leaves requests for the next.
      while (transport.sent < given * perRequest) await new Promise((resolve) => setImmediate(resolve));
    }
    return [given - first, performance.now() - start, cpuMs() - cpu];
  };
  await run(300 * SECONDS);
  const [count, ms, cpu] = await run(1000 * SECONDS);
  say(what, count, ms, cpu);
}

async function measureWrites(what: string, requests: readonly Uint8Array[], inFlight: number): Promise<void> {
  if (!what.startsWith('add') && !what.includes(ONLY)) return;
  const { transport, give } = connect();
  const done = answers(transport, 1);
  give(
    octets({
      kind: 'bind',
      version: 3,
      dn: 'cn=Directory Manager',
      authentication: { kind: 'simple', password: utf8Encode('x') },
    }),
  );
  await done;
  const start = performance.now();
  const cpu = cpuMs();
  for (let at = 0; at < requests.length; at += inFlight) {
    const batch = requests.slice(at, at + inFlight);
    const answered = answers(transport, batch.length);
    give(concatBytes(batch));
    await answered;
  }
  say(what, requests.length, performance.now() - start, cpuMs() - cpu);
}

const list = <T>(count: number, make: (n: number) => T): T[] =>
  Array.from({ length: count }, (_, n) => make(n));

await measureWrites(
  'add of the base',
  [
    octets({
      kind: 'add',
      dn: BASE,
      attributes: [{ description: 'objectClass', values: [utf8Encode('domain')] }],
    }),
    octets({
      kind: 'add',
      dn: PEOPLE,
      attributes: [{ description: 'objectClass', values: [utf8Encode('organizationalUnit')] }],
    }),
  ],
  1,
);
await measureWrites(
  'add, 64 in flight on one connection',
  list(COUNT, (n) => octets(person(n))),
  64,
);
const some = (n: number) => (n * 7919) % COUNT;
for (const span of [100, COUNT]) {
  const texts = list(span, (n) => n);
  await measureReads(
    `search base, all attributes, over ${span}`,
    texts.map((n) => searchOf(`uid=user.${some(n)},${PEOPLE}`, 'base', '(objectClass=*)')),
  );
  await measureReads(
    `search base, uid cn mail, over ${span}`,
    texts.map((n) =>
      searchOf(`uid=user.${some(n)},${PEOPLE}`, 'base', '(objectClass=*)', ['uid', 'cn', 'mail']),
    ),
  );
  await measureReads(
    `search sub (uid=x), all attributes, over ${span}`,
    texts.map((n) => searchOf(BASE, 'sub', `(uid=user.${some(n)})`)),
  );
  await measureReads(
    `search sub (&(objectClass=person)(uid=x)), over ${span}`,
    texts.map((n) => searchOf(BASE, 'sub', `(&(objectClass=inetOrgPerson)(uid=user.${some(n)}))`)),
  );
  await measureReads(
    `compare, over ${span}`,
    texts.map((n) =>
      octets({
        kind: 'compare',
        dn: `uid=user.${some(n)},${PEOPLE}`,
        attribute: 'sn',
        value: utf8Encode('x'),
      }),
    ),
  );
}
const modifies = list(Math.min(COUNT, 20_000), (n) =>
  octets({
    kind: 'modify',
    dn: `uid=user.${some(n)},${PEOPLE}`,
    modifications: [
      { operation: 'replace', attribute: { description: 'description', values: [utf8Encode(`new ${n}`)] } },
    ],
  }),
);
await measureWrites('modify, 1 in flight (no disk)', modifies.slice(0, 5000), 1);
await measureWrites('modify, 64 in flight (no disk)', modifies, 64);
await measureReads('root DSE', [
  searchOf('', 'base', '(objectClass=*)', ['namingContexts', 'supportedControl']),
]);
