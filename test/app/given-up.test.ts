/** Changes of other servers that a copy gives up are on disk as LDIF before it begins. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { givenUpText, saveGivenUp } from '../../lib/app/data/given-up.js';
import type { RunningDomain } from '../../lib/app/domain/domain.js';
import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import { utf8Encode } from '../../lib/base/bytes.js';
import type { Change, ChangeBody, EntryUuid } from '../../lib/change/change.js';
import { toEncodedChange } from '../../lib/change/change-codec.js';
import { Changelog } from '../../lib/changelog/changelog.js';
import { csnReplica, makeCsn, type ReplicaId } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { givenUpChanges } from '../../lib/replica/given-up-changes.js';
import { cn } from '../conflict/story.js';

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
    const served = await domain();
    const changes = givenUpChanges(served.upkeep.changelog, [holding], ServerState.EMPTY);
    const saved = await saveGivenUp(served, folder, changes);
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

t.test(
  'changes of others on entries that go come behind them: they wait for those, and are older than what is added again',
  async (t) => {
    const changelog = await Changelog.open(new MemoryStore(), {
      ownReplica: 1 as ReplicaId,
      prefix: new Uint8Array([1]),
    });
    const made = (at: number, replica: number, number: number, body: object, before?: number) => {
      const of = (time: number) => makeCsn(time, 0, replica as ReplicaId);
      const previous = before === undefined ? undefined : of(before);
      const entry = `00000000-0000-4000-8000-00000000000${number}` as EntryUuid;
      const change = { csn: of(at), previous, seen: ServerState.EMPTY, entry, initiator: '', body };
      return toEncodedChange(change as Change);
    };
    const add = { kind: 'add', parent: ENTRY, rdn: cn('a'), attributes: [] };
    const outcome = changelog.append([
      made(1, 3, 1, add),
      made(2, 3, 2, add, 1),
      made(3, 3, 2, { kind: 'modify', attributes: [] }, 2),
      made(4, 1, 1, { kind: 'delete' }),
      made(5, 1, 2, { kind: 'delete' }, 4),
      made(6, 2, 2, { kind: 'modifyDn', parent: ENTRY, rdn: undefined, attributes: [] }),
    ]);
    if (outcome.kind === 'taken') await outcome.durable;
    const told = async (...source: number[]) => {
      const holding = { origin: 3 as ReplicaId, after: csn(1), newest: csn(3) };
      const states = ServerState.of(source.map((at) => makeCsn(at, 0, 1 as ReplicaId)));
      const lines: string[] = [];
      for await (const { changes, sole } of givenUpChanges(changelog, [holding], states))
        for (const one of changes)
          lines.push(`${csnReplica(one.csn)} ${one.body.kind}${sole ? '' : ' as well'}`);
      return lines;
    };
    t.same(await told(), ['3 add', '3 modify', '1 delete as well', '2 modifyDn as well']);
    t.same(await told(5), ['3 add', '3 modify', '2 modifyDn as well'], 'what the copy has stays');
    const text = givenUpText({ file: 'F', changes: 2, following: 1 });
    t.match(text, /^2 changes of other servers .*, and 1 later change of their entries, are saved in F$/);
  },
);

t.test('where it cannot be written, the copy is not begun', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'polyarch-given-up-'));
  t.teardown(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'given-up'), 'a file');
  const served = await domain();
  const none = givenUpChanges(served.upkeep.changelog, [], ServerState.EMPTY);
  await t.rejects(saveGivenUp(served, folder, none), { code: 'FILE_UNWRITABLE' });
});
