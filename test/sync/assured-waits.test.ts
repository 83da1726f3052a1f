/** Claims about when a write is assured: the rule over every combination of three servers, and what the outcome says. */
import t from 'tap';
import { makeCsn, ZERO_CSN } from '../../lib/csn/csn.js';
import {
  type AssuredOutcome,
  type AssuredWish,
  type Candidate,
  isBack,
  judge,
} from '../../lib/sync/assured-waits.js';
import type { MemberKind } from '../../lib/sync/member-row.js';
import { replica as replicaId } from './session-fixtures.js';

const BEFORE = makeCsn(999, 0, replicaId(1));
const CSN = makeCsn(1000, 0, replicaId(1));
const AFTER = makeCsn(1001, 0, replicaId(1));
const KINDS: readonly MemberKind[] = ['broker', 'directory', 'expected'];
const HELD = [
  { log: ZERO_CSN, applied: ZERO_CSN },
  { log: CSN, applied: BEFORE },
  { log: AFTER, applied: CSN },
];
const WISHES: readonly AssuredWish[] = [
  { mode: 'safe-data', level: 1 },
  { mode: 'safe-data', level: 2 },
  { mode: 'safe-data', level: 4 },
  { mode: 'safe-read', level: 1 },
];

/** Every case of `size` servers: kind, what it holds, whether it is left out, whether it is of the group. */
function* cases(size: number) {
  const each = KINDS.length * HELD.length * 4;
  for (let n = 0; n < each ** size; n++) {
    const candidates: Candidate[] = [];
    const held = new Map<string, (typeof HELD)[number]>();
    const leftOut = new Set<string>();
    const group = new Set<string>();
    for (let i = 0, left = n; i < size; i++, left = Math.floor(left / each)) {
      const one = left % each;
      const name = `s${i + 2}`;
      candidates.push({ name, kind: KINDS[one % 3] ?? 'broker' });
      const holding = HELD[Math.floor(one / 3) % 3];
      if (holding !== undefined) held.set(name, holding);
      if (Math.floor(one / 9) % 2 === 1) leftOut.add(name);
      if (Math.floor(one / 18) === 1) group.add(name);
    }
    yield { candidates, held, leftOut, group };
  }
}

t.test('the rule, in words: every case of up to two servers', async (t) => {
  let seen = 0;
  for (const size of [0, 1, 2])
    for (const facts of cases(size))
      for (const wish of WISHES)
        for (const over of [false, true]) {
          seen += 1;
          const outcome = judge(CSN, wish, facts, over);
          const expected = inWords(wish, facts, over);
          if (outcome?.kind !== expected)
            t.fail(`${JSON.stringify([wish, facts.candidates, over])}: ${outcome?.kind}, not ${expected}`);
          if (outcome !== undefined) check(t, outcome, facts);
        }
  t.ok(seen > 10_000);
});

type Facts = ReturnType<typeof cases> extends Generator<infer F> ? F : never;

/** The same, told the other way round: by who must still be waited for. */
function inWords(wish: AssuredWish, facts: Facts, over: boolean): AssuredOutcome['kind'] | undefined {
  const { candidates, held, leftOut, group } = facts;
  const counts = (one: Candidate) =>
    wish.mode === 'safe-data' || (group.has(one.name) && one.kind !== 'broker');
  const has = ({ name }: Candidate) => {
    const holding = held.get(name);
    return holding !== undefined && (wish.mode === 'safe-data' ? holding.log : holding.applied) >= CSN;
  };
  const asked = candidates.filter(counts);
  const wanted = wish.mode === 'safe-data' ? wish.level : asked.length;
  if (asked.filter(has).length >= wanted) return 'reached';
  if (asked.every((one) => has(one) || leftOut.has(one.name))) return 'reduced';
  return over ? 'timeout' : undefined;
}

function check(
  t: { fail(message: string): unknown },
  { kind, have, missing, leftOut }: AssuredOutcome,
  facts: Facts,
): void {
  const all = [...have, ...missing, ...leftOut];
  const ok =
    new Set(all).size === all.length &&
    all.every((name) => facts.candidates.some((one) => one.name === name)) &&
    leftOut.every((name) => facts.leftOut.has(name)) &&
    (kind === 'timeout') === missing.length > 0;
  if (!ok) t.fail(JSON.stringify([kind, have, missing, leftOut]));
}

t.test('without a group all directories count; nobody else there: safe-read has nobody to ask', async (t) => {
  const facts = { candidates: [], held: new Map(), leftOut: new Set<string>(), group: undefined };
  t.equal(judge(CSN, { mode: 'safe-read', level: 1 }, facts, false)?.kind, 'reached');
  t.equal(judge(CSN, { mode: 'safe-data', level: 1 }, facts, false)?.kind, 'reduced');
  const two = { ...facts, candidates: [{ name: 's2', kind: 'directory' }] as const };
  t.equal(judge(CSN, { mode: 'safe-read', level: 1 }, two, false), undefined);
});

t.test('a server that was left out counts again when it has all that was waited for', async (t) => {
  for (const kind of KINDS)
    for (const log of [ZERO_CSN, BEFORE, CSN, AFTER])
      for (const applied of [ZERO_CSN, BEFORE, CSN, AFTER])
        t.equal(isBack(kind, { log, applied }, CSN), log >= CSN && (kind === 'broker' || applied >= CSN));
});
