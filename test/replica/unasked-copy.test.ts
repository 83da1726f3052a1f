/** The pace of copies that nobody asked for: at once, then seldom, and none that is not wanted any more. */
import t from 'tap';
import { UnaskedCopy } from '../../lib/replica/unasked-copy.js';

function copies() {
  const timers: { readonly delayMs: number; readonly run: () => void; cancelled: boolean }[] = [];
  let nowMs = 0;
  const copy = new UnaskedCopy({
    monotonicMs: () => nowMs,
    after: (delayMs, run) => {
      const timer = { delayMs, run, cancelled: false };
      timers.push(timer);
      return () => {
        timer.cancelled = true;
      };
    },
  });
  const state = { wanted: true, begun: [] as string[], fails: true, done: new Set<string>() };
  const ask = (peer: string): void =>
    copy.ask({
      key: peer,
      wanted: () => state.wanted && !state.done.has(peer),
      begin: async () => {
        state.begun.push(peer);
        if (state.fails) throw new Error('it does not hold enough');
      },
    });
  /** The pause is over. */
  const wait = async (): Promise<number> => {
    await new Promise((resolve) => setImmediate(resolve));
    const timer = timers.shift();
    nowMs += timer?.delayMs ?? 0;
    if (timer?.cancelled === false) timer.run();
    await new Promise((resolve) => setImmediate(resolve));
    return timer?.delayMs ?? 0;
  };
  const rest = (forMs: number): void => {
    nowMs += forMs;
  };
  return { copy, state, ask, wait, rest };
}

t.test(
  'at once; where it did not begin, again after a pause that grows, each who was named in turn',
  async (t) => {
    const { state, ask, wait } = copies();
    ask('a');
    t.same(state.begun, ['a']);
    const pauses: number[] = [];
    for (let i = 0; i < 8; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (i < 4) for (const peer of ['b', 'c', 'c']) ask(peer);
      if (i === 6) state.done.add('b');
      pauses.push(await wait());
    }
    t.same(pauses, [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
    t.same(
      state.begun.slice(0, 7),
      ['a', 'a', 'b', 'c', 'a', 'b', 'c'],
      'none is forgotten, said again or not',
    );
    t.same(state.begun.slice(7), ['a', 'c'], 'but for what is not wanted any more');
  },
);

t.test(
  'what came up in a pause is not begun when it is not wanted any more, nor when all has ended',
  async (t) => {
    for (const end of [true, false]) {
      const { copy, state, ask, wait } = copies();
      ask('a');
      await new Promise((resolve) => setImmediate(resolve));
      ask('b');
      if (end) copy.stop();
      else state.wanted = false;
      await wait();
      state.wanted = true;
      ask('c');
      t.same(state.begun, end ? ['a'] : ['a', 'c']);
    }
  },
);

t.test('one at a time; a copy that was whole begins the pace anew', async (t) => {
  const { state, ask, wait } = copies();
  ask('a');
  ask('b');
  t.same(state.begun, ['a'], 'while one runs, none is begun');
  state.fails = false;
  state.done.add('a');
  await wait();
  t.same(state.begun, ['a', 'b'], 'who was named meanwhile comes next');
  ask('c');
  state.fails = true;
  await new Promise((resolve) => setImmediate(resolve));
  ask('d');
  t.equal(await wait(), 250);
  t.same(state.begun, ['a', 'b', 'c', 'd', 'd']);
});

t.test('whole copies after each of which another is wanted come ever more seldom', async (t) => {
  const { state, ask, wait, rest } = copies();
  state.fails = false;
  const pauses: number[] = [];
  for (const peer of ['a', 'b', 'a', 'b', 'a', 'b']) {
    ask(peer);
    pauses.push(await wait());
  }
  t.same(pauses, [0, 0, 0, 250, 500, 1000]);
  t.same(state.begun, ['a', 'b', 'a', 'b', 'a', 'b']);
  rest(58_000);
  ask('a');
  t.equal(await wait(), 2000);
  rest(60_000);
  ask('b');
  t.equal(await wait(), 0, 'after a minute without one they begin at once again');
});
