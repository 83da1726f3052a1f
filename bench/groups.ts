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
import { parseFilter } from '../lib/filter/filter-text.js';
import { openLevelStore } from '../lib/io/store/level-store.js';
import { CONTROL_OIDS } from '../lib/ldap/control-oids.js';
import { encodeDereference } from '../lib/ldap/controls/dereference.js';
import { encodeMatchedValues } from '../lib/ldap/controls/matched-values.js';
import type { Control } from '../lib/ldap/message.js';
import { commandLine, wholeNumber, wholeNumbers } from '../scripts/command-line.js';
import { adminBind, answers, BASE, cpuMs, octets, openServer, searchOf } from './in-process.js';

const { edits: EDITS, sizes: SIZES } = commandLine(
  {
    command: 'npm run bench -- groups',
    about: 'What a member of a large group costs to add and to delete, by the size of the group.',
    places: ['edits', 'sizes'],
  },
  {
    edits: wholeNumber(1000, 'edits of each kind', 1),
    sizes: wholeNumbers([10, 1000, 20_000, 100_000], 'members of the groups'),
  },
);
/** Members of one request while a group is filled. */
const FILL = 5000;

const valuesReturned = (item: string): Control => ({
  oid: CONTROL_OIDS.matchedValues,
  critical: true,
  value: encodeMatchedValues([parseFilter(item)]),
});
const dereferenced: Control = {
  oid: CONTROL_OIDS.dereference,
  critical: true,
  value: encodeDereference([{ attribute: 'member', attributes: ['cn'] }]),
};
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

function edit(
  size: number,
  operation: 'add' | 'delete' | 'replace',
  values: readonly Uint8Array[],
  description = 'member',
): Uint8Array {
  return octets({
    kind: 'modify',
    dn: groupDn(size),
    modifications: [{ operation, attribute: { description, values } }],
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
        { description: 'objectClass', values: ['groupOfNames', 'extensibleObject'].map(utf8Encode) },
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
for (const size of SIZES) await wholes(size);

/** What looks at every member, or writes as many: once each. */
async function wholes(size: number): Promise<void> {
  const tell = async (what: string, bytes: Uint8Array, count = 1) =>
    console.log(size, await measure(what, 1, () => ask(bytes, count)));
  const searched = async (what: string, filter: string, controls: readonly Control[] = [], count = 2) => {
    const request = searchOf(
      groupDn(size),
      'base',
      filter,
      controls.length > 0 ? ['member', 'memberUid'] : ['1.1'],
      controls,
    );
    await tell(`${what}, cold`, request, count);
    await tell(what, request, count);
  };
  await searched('matched values', '(objectClass=*)', [
    valuesReturned(`(member=uid=user.3,ou=people,${BASE})`),
  ]);
  await searched('dereference', '(objectClass=*)', [dereferenced]);
  // Names of members compare as a whole; those of a POSIX group by their parts too.
  const uids = Array.from({ length: size }, (_, n) => utf8Encode(`user.${n}`));
  await tell('add memberUid', edit(size, 'add', uids, 'memberUid'));
  await searched('substrings', '(memberUid=*ser.*7)');
  await searched('no substring', '(memberUid=*nobody*)', [], 1);
  await searched('ordering', '(memberUid:caseExactOrderingMatch:=user.0)', [], 1);
  await searched('matched parts', '(objectClass=*)', [valuesReturned('(memberUid=*ser.*7)')]);
  const others = Array.from({ length: size }, (_, n) => member(20_000_000 + n));
  await tell('add as many', edit(size, 'add', others));
  await tell('delete as many', edit(size, 'delete', others));
  await tell('replace', edit(size, 'replace', others));
  await tell(
    'replace again',
    edit(
      size,
      'replace',
      Array.from({ length: size }, (_, n) => member(n)),
    ),
  );
}
await backend.close();
await store.close();
await rm(directory, { recursive: true });
