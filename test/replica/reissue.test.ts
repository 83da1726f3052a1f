/**
 * Which of our own changes are put back, looked for on the others, or made anew after a copy replaced our data: every place where the copy may end, everything that may come back
 * meanwhile (replication-model.md section 2).
 */
import t from 'tap';
import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import type { Change, EntryUuid } from '../../lib/change/change.js';
import { toEncodedChange } from '../../lib/change/change-codec.js';
import { Changelog } from '../../lib/changelog/changelog.js';
import { type Csn, makeCsn, type ReplicaId } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { decodeKept, encodeKept, type KeptRow } from '../../lib/replica/kept-row.js';
import { OwnPlace } from '../../lib/replica/own-place.js';
import { Reissue } from '../../lib/replica/reissue.js';
import { expectedMember, type MemberRow } from '../../lib/sync/member-row.js';

const OWN = 1 as ReplicaId;
const COUNT = 4;
const csn = (at: number): Csn => makeCsn(at * 10, 0, OWN);
/** The history of ours: a change at 1, 2, ... */
const CHANGES = Array.from(
  { length: COUNT },
  (_, i): Change => ({
    csn: csn(i + 1),
    previous: i === 0 ? undefined : csn(i),
    seen: ServerState.EMPTY,
    entry: `00000000-0000-4000-8000-00000000000${i}` as EntryUuid,
    initiator: '',
    body: { kind: 'delete' },
  }),
);
const ENCODED = CHANGES.map(toEncodedChange);

interface Story {
  /** Changes that the copy holds. */
  readonly copied: number;
  /** Changes that others give back before anything is looked at. */
  readonly back?: number;
  readonly acknowledged?: boolean;
  readonly forked?: boolean;
  readonly outside?: boolean;
  /** When others decided that we belong, as it is known after the copy; undefined: they did not. */
  readonly standing?: number | undefined;
  /** A source that was cut held so many. */
  readonly before?: number;
  /** A change of another server waits for another one when it is looked for the first two times. */
  readonly waiting?: boolean;
  /** The server is started again before anything is looked at. */
  readonly crash?: boolean;
}

/** What the log holds of ours in the end, and what was made anew. */
async function told(story: Story) {
  const { copied, back = 0, acknowledged = true, forked = false, outside = false, before } = story;
  const store = new MemoryStore();
  const changelog = await Changelog.open(store, { ownReplica: OWN, prefix: new Uint8Array([1]) });
  const outcome = changelog.append(ENCODED);
  if (outcome.kind === 'taken') await outcome.durable;
  const place = { acknowledged, standingAtMs: 0 as number | undefined };
  const made: EntryUuid[] = [];
  let work: (() => void) | undefined;
  const options = {
    replica: OWN,
    store,
    prefix: new Uint8Array([2]),
    changelog,
    clock: {
      wallMs: () => 0,
      monotonicMs: () => 0,
      after: (_ms: number, run: () => void) => {
        work = run;
        return () => {};
      },
    },
    directory: {
      get state() {
        return changelog.state;
      },
      resubmit: async ({ entry }: Change) => made.push(entry),
    },
    place,
    members: [],
    alert() {},
  };
  let reissue = await Reissue.open(options);
  const holding = (count: number): ServerState =>
    count === 0 ? ServerState.EMPTY : ServerState.of([csn(count)]);
  if (before !== undefined)
    await reissue.keep(holding(before), { peer: 's2', forked, outside, again: false });
  place.acknowledged = acknowledged && before === undefined;
  await reissue.keep(holding(copied), { peer: 's2', forked, outside, again: before !== undefined });
  await changelog.reset(holding(copied));
  if (story.crash === true) {
    reissue = await Reissue.open(options);
    place.acknowledged = false;
  }
  place.standingAtMs = 'standing' in story ? story.standing : 0;
  const given = changelog.append(ENCODED.slice(0, back));
  if (given.kind === 'taken') await given.durable;
  const held: (string | undefined)[] = [];
  let looks = 0;
  let first: { readonly held: number; readonly made: number } | undefined;
  const heldNow = (): number => CHANGES.filter((change) => changelog.state.covers(change.csn)).length;
  reissue.start(
    () => true,
    () => story.waiting === true && looks < 3,
  );
  await reissue.record();
  while (work !== undefined) {
    held.push(reissue.held);
    looks += 1;
    const run = work;
    work = undefined;
    run();
    await reissue.pause();
    await new Promise((resolve) => setImmediate(resolve));
    first ??= { held: heldNow(), made: made.length };
  }
  return {
    held: heldNow(),
    ...(story.waiting === true ? { first } : {}),
    made: made.length,
    waited: held.every((sentence) => sentence !== undefined),
    open: reissue.held !== undefined,
  };
}

t.test(
  'what a member made is put back as it is, whatever the copy holds and whatever came back meanwhile',
  async (t) => {
    for (const crash of [false, true])
      for (let copied = 0; copied <= COUNT; copied++)
        for (let back = 0; back <= COUNT; back++)
          t.same(
            await told({ copied, back, crash }),
            { held: COUNT, made: 0, waited: true, open: false },
            `${copied} copied, ${back} came back`,
          );
  },
);

t.test(
  'while a change of another server waits, what a member made is put back, as it may wait for that, and nothing is made anew',
  async (t) => {
    for (let copied = 0; copied < COUNT; copied++) {
      const back = { held: COUNT, made: 0 };
      for (const crash of [false, true]) {
        const story = { copied, crash, waiting: true };
        t.same(await told(story), { ...back, first: back, waited: true, open: false });
      }
      const anew = { held: copied, made: COUNT - copied, first: { held: copied, made: 0 } };
      t.same(await told({ copied, waiting: true, acknowledged: false }), {
        ...anew,
        waited: true,
        open: false,
      });
    }
  },
);

t.test('whichever sources the copy is pieced together from', async (t) => {
  for (let before = 0; before <= COUNT; before++)
    for (let copied = 0; copied <= COUNT; copied++)
      t.same(await told({ before, copied }), { held: COUNT, made: 0, waited: true, open: false });
});

t.test(
  'whoever was not known to belong, or was judged anew since, or is barred, makes anew what does not come back',
  async (t) => {
    const stories: Partial<Story>[] = [
      { acknowledged: false },
      { outside: true },
      { standing: 5 },
      { standing: undefined },
    ];
    for (const story of stories)
      for (let copied = 0; copied <= COUNT; copied++)
        for (let back = 0; back <= COUNT; back++) {
          const held = Math.max(copied, back);
          const { made, open } = await told({ ...story, copied, back });
          t.same(
            { made, open },
            { made: COUNT - held, open: false },
            JSON.stringify({ ...story, copied, back }),
          );
        }
  },
);

t.test('rows on disk: every stage comes back as it was, and a damaged one is named', async (t) => {
  const bytes = new Uint8Array([1, 2, 3]);
  for (const stage of ['kept', 'sure', 'refused', 'member'] as const) {
    const row: KeptRow = { stage, standingAtMs: stage === 'member' ? 2 ** 41 : undefined, bytes };
    t.same(decodeKept(encodeKept(row)), row);
  }
  for (const damaged of [[], [9], [3]]) t.throws(() => decodeKept(new Uint8Array(damaged)), /kept change/);
});

t.test('our place: what others tell of us counts, and is forgotten with the data set', async (t) => {
  const row: MemberRow = { ...expectedMember('s1'), standingAtMs: 7 };
  let own: MemberRow | undefined;
  const place = new OwnPlace('s1', () => own);
  t.same([place.told, place.acknowledged, place.standingAtMs], [true, false, undefined]);
  own = row;
  t.equal(place.standingAtMs, 7);
  own = { ...row, standing: 'returning' };
  t.equal(place.standingAtMs, undefined);
  place.replaced(false);
  t.equal(place.told, false);
  const report = { atMs: 1, state: ServerState.EMPTY, clock: csn(1), undeleteFromMs: 0, shunned: [] };
  place.hear([{ ...row, name: 's2', report }, row]);
  t.same([place.told, place.acknowledged], [true, false], 'who never reported may be a stranger');
  place.hear([{ ...row, report }]);
  place.replaced(false);
  t.equal(place.acknowledged, true);
  place.begin();
  t.equal(place.acknowledged, false);
});
