/**
 * Groups of many members: processor time of adding and deleting one member, of a compare and of a read of all, by the size of the group, and the longest
 * turn of the event loop meanwhile. `npm run bench -- groups [edits] [sizes, as 10,1000]`.
 *
 * A server in this process over LevelDB, every acknowledged write on disk, one edit at a time: so one write and one fsync for each. Processor time of all threads.
 */
import { openSync, readSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { concatBytes, utf8Encode } from '../lib/base/bytes.js';
import { openLevelStore } from '../lib/io/store/level-store.js';
import { adminBind, answers, BASE, cpuMs, octets, openServer, searchOf } from './in-process.js';

const EDITS = Number(process.argv[2] ?? 1000);
const SIZES = (process.argv[3] ?? '10,1000,20000,100000').split(',').map(Number);
/** Members of one request while a group is filled. */
const FILL = 5000;

const member = (n: number) => utf8Encode(`uid=user.${n},ou=people,${BASE}`);
const groupDn = (size: number) => `cn=group of ${size},${BASE}`;

const directory = await mkdtemp(join(tmpdir(), 'bench-groups-'));
const store = await openLevelStore(directory);
const { connect, backend } = await openServer(store);
const { transport, give } = connect();

async function ask(bytes: Uint8Array, count = 1): Promise<void> {
  const answered = answers(transport, count);
  give(bytes);
  await answered;
}

function edit(size: number, operation: 'add' | 'delete', values: readonly Uint8Array[]): Uint8Array {
  return octets({
    kind: 'modify',
    dn: groupDn(size),
    modifications: [{ operation, attribute: { description: 'member', values } }],
  });
}

/** Processor time of this thread so far, in ms, as Linux counts it. */
const schedstat = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
const octetsRead = Buffer.alloc(64);
function threadMs(): number {
  const length = readSync(schedstat, octetsRead, 0, octetsRead.length, 0);
  return Number.parseInt(octetsRead.toString('latin1', 0, length), 10) / 1e6;
}

/** What each of `count` operations costs, and the longest stretch of processor time between two looks, a millisecond apart. */
async function measure(what: string, count: number, work: () => Promise<void>): Promise<string> {
  const cpu = cpuMs();
  let last = threadMs();
  let longest = 0;
  const look = () => {
    const now = threadMs();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const timer = setInterval(look, 1);
  await work();
  look();
  clearInterval(timer);
  const each = (((cpuMs() - cpu) * 1000) / count).toFixed(0);
  return `${what.padEnd(8)} ${each.padStart(7)} us, longest turn ${longest.toFixed(1).padStart(5)} ms`;
}

await ask(adminBind());
await ask(
  octets({
    kind: 'add',
    dn: BASE,
    attributes: [{ description: 'objectClass', values: [utf8Encode('domain')] }],
  }),
);
for (const size of SIZES) {
  const first = Array.from({ length: Math.min(size, FILL) }, (_, n) => member(n));
  await ask(
    octets({
      kind: 'add',
      dn: groupDn(size),
      attributes: [
        { description: 'objectClass', values: [utf8Encode('groupOfNames')] },
        { description: 'member', values: first },
      ],
    }),
  );
  for (let from = FILL; from < size; from += FILL) {
    const more = Array.from({ length: Math.min(FILL, size - from) }, (_, n) => member(from + n));
    await ask(edit(size, 'add', more));
  }
}
for (const size of SIZES) {
  const edits = async (from: number, count: number) => {
    for (let n = from; n < from + count; n++) {
      await ask(edit(size, 'add', [member(10_000_000 + n)]));
      await ask(edit(size, 'delete', [member(n % 2 === 0 ? 10_000_000 + n : n % size)]));
      if (n % 2 !== 0) await ask(edit(size, 'add', [member(n % size)]));
      if (n % 2 !== 0) await ask(edit(size, 'delete', [member(10_000_000 + n)]));
    }
  };
  await edits(0, Math.min(100, EDITS));
  console.log(size, await measure('edit', 3 * EDITS, () => edits(1000, EDITS)));
  const compare = octets({ kind: 'compare', dn: groupDn(size), attribute: 'member', value: member(3) });
  const many = concatBytes(Array.from({ length: 100 }, () => compare));
  console.log(
    size,
    await measure('compare', 1000, async () => {
      for (let i = 0; i < 10; i++) await ask(many, 100);
    }),
  );
  const read = searchOf(groupDn(size), 'base', '(objectClass=*)');
  console.log(
    size,
    await measure('read', 5, async () => {
      for (let i = 0; i < 5; i++) await ask(read, 2);
    }),
  );
}
await backend.close();
await store.close();
await rm(directory, { recursive: true });
