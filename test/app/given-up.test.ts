/** Changes of other servers that a copy gives up are on disk as LDIF before it begins. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { RunningDomain } from '../../lib/app/domain.js';
import { givenUpText, saveGivenUp } from '../../lib/app/given-up.js';
import { MemoryStore } from '../../lib/backend/memory-store.js';
import { utf8Encode } from '../../lib/base/bytes.js';
import type { ChangeBody, EntryUuid } from '../../lib/change/change.js';
import { toEncodedChange } from '../../lib/change/change-codec.js';
import { Changelog } from '../../lib/changelog/changelog.js';
import { makeCsn, type ReplicaId } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';

const ENTRY = '00000000-0000-4000-8000-000000000001' as EntryUuid;
const csn = (at: number) => makeCsn(at, 0, 3 as ReplicaId);

/** A domain whose log holds three changes of replica 3. */
async function domain(): Promise<RunningDomain> {
  const changelog = await Changelog.open(new MemoryStore(), {
    ownReplica: 1 as ReplicaId,
    prefix: new Uint8Array([1]),
  });
  const bodies = ['alpha', 'beta', 'gamma'].map(
    (text) =>
      ({
        kind: 'modify',
        attributes: [
          {
            ...{ key: 'userpassword', name: 'userPassword', clear: true, increment: 0n, remove: [] },
            ...{ add: [utf8Encode(text)], equality: 'octetStringMatch', single: false },
          },
        ],
      }) as unknown as ChangeBody,
  );
  const made = bodies.map((body, i) =>
    toEncodedChange({
      ...{ csn: csn(i + 1), previous: i === 0 ? undefined : csn(i), seen: ServerState.EMPTY },
      ...{ entry: ENTRY, initiator: 'cn=admin', body },
    }),
  );
  const outcome = changelog.append(made);
  if (outcome.kind === 'taken') await outcome.durable;
  const backend = { byUuid: () => ({ dnText: 'cn=a,dc=x' }) };
  return { baseText: 'dc=x', upkeep: { changelog }, backend } as unknown as RunningDomain;
}

t.test(
  'whole, with all values, for nobody else to read, after the newest change that others have',
  async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'polyarch-given-up-'));
    t.teardown(() => rm(folder, { recursive: true }));
    const holding = { origin: 3 as ReplicaId, after: csn(1), newest: csn(3) };
    const saved = await saveGivenUp(await domain(), folder, [holding]);
    t.equal(saved.changes, 2);
    t.match(givenUpText(saved), /^2 changes of other servers .* are saved in .*given-up.*\.ldif$/);
    const text = await readFile(saved.file, 'utf8');
    t.match(text, /^# given up for a copy of dc=x; .*ldapmodify -c -e '!relax' -f FILE/);
    t.notMatch(text, /alpha/);
    t.ok(text.indexOf('beta') > 0 && text.indexOf('gamma') > text.indexOf('beta'), 'in their order');
    t.equal((await stat(saved.file)).mode & 0o777, 0o600);
    t.equal((await readdir(join(folder, 'given-up'))).length, 1, 'no temporary file is left');
  },
);

t.test('where it cannot be written, the copy is not begun', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'polyarch-given-up-'));
  t.teardown(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'given-up'), 'a file');
  await t.rejects(saveGivenUp(await domain(), folder, []), { code: 'FILE_UNWRITABLE' });
});
