/**
 * LDAP operations from bytes in to bytes out, in process: `npm run bench -- operation [entries] [seconds] [part of a figure's name]`.
 *
 * Real codec, connection, directory and backend; a memory store and a transport that throws octets away. One line a figure.
 */

import { MemoryStore } from '../lib/backend/memory/memory-store.js';
import { concatBytes, utf8Encode } from '../lib/base/bytes.js';
import type { LdapRequest } from '../lib/ldap/message.js';
import { commandLine, number, text, wholeNumber } from '../scripts/command-line.js';
import { adminBind, answers, BASE, cpuMs, octets, openServer, searchOf } from './in-process.js';

const {
  entries: COUNT,
  seconds: SECONDS,
  only: ONLY,
} = commandLine(
  {
    command: 'npm run bench -- operation',
    about: 'LDAP operations from bytes in to bytes out, in process.',
    places: ['entries', 'seconds', 'only'],
  },
  {
    entries: wholeNumber(20_000, 'entries', 1),
    seconds: number(1, 'seconds of each figure'),
    only: text('', 'TEXT', 'only figures whose name holds this; entries are added in any case'),
  },
);
const PEOPLE = `ou=people,${BASE}`;

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

const { connect } = await openServer(new MemoryStore());

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
  give(adminBind());
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
