/** Questions to a server behind brokers: the way, loops, bounds, and what a broker passes on. */
import t from 'tap';
import { utf8Decode, utf8Encode } from '../../lib/base/bytes.js';
import { type Askable, askThrough, relayingAnswerer } from '../../lib/broker/relayed-questions.js';
import type { ReplicaId } from '../../lib/csn/csn.js';

const B = 2 as ReplicaId;

/** Servers with whom they follow; brokers' names begin with r. `sources`: from whom changes of B come. */
function net(
  follows: Readonly<Record<string, readonly string[]>>,
  sources: Readonly<Record<string, string>> = {},
) {
  const asked: string[] = [];
  const isBroker = (name: string) => name.startsWith('r');
  const askable = (own: string): Askable => ({
    following: () => follows[own] ?? [],
    async ask(peer, question) {
      const name = typeof peer === 'number' ? sources[own] : peer;
      if (name === undefined || follows[own]?.includes(name) !== true) return undefined;
      asked.push(`${own}>${name}`);
      if (!isBroker(name)) return utf8Encode(`${name}: ${utf8Decode(question)}`);
      return await relayingAnswerer(name, askable(name), isBroker)(question);
    },
  });
  const ask = async (server = 'b') => {
    const wanted = { server, replica: B, path: [], question: utf8Encode('sums') };
    const answer = await askThrough('a', askable('a'), isBroker, wanted);
    return answer === undefined ? undefined : utf8Decode(answer);
  };
  return { ask, asked };
}

t.test('one broker, and a chain of them, pass a question on and its answer back', async (t) => {
  const one = net({ a: ['r1'], r1: ['a', 'b'] });
  t.equal(await one.ask(), 'b: sums');
  const chain = net({ a: ['r1'], r1: ['a', 'r2'], r2: ['r1', 'r3'], r3: ['r2', 'b'] });
  t.equal(await chain.ask(), 'b: sums');
  t.same(chain.asked, ['a>r1', 'r1>r2', 'r2>r3', 'r3>b']);
});

t.test('the way of the changes comes first', async (t) => {
  const { ask, asked } = net({ a: ['r1', 'r2'], r1: ['r2'], r2: ['b'] }, { a: 'r2' });
  t.equal(await ask(), 'b: sums');
  t.same(asked, ['a>r2', 'r2>b']);
});

t.test('nobody is asked twice on one way, and a server that nobody follows has no answer', async (t) => {
  const follows = { a: ['r1', 'r2'], r1: ['r2', 'a'], r2: ['r1', 'a'] };
  const { ask, asked } = net(follows, { r1: 'r2', r2: 'r1' });
  t.equal(await ask(), undefined);
  t.ok(asked.length < 12, 'and it ends');
  const long: Record<string, string[]> = { a: ['r1'] };
  for (let i = 1; i < 12; i++) long[`r${i}`] = [i === 11 ? 'b' : `r${i + 1}`];
  t.equal(await net(long).ask(), undefined, 'beyond MAX_PATH');
});

t.test('a broker answers no question about entries itself', async (t) => {
  const answer = relayingAnswerer('r', { following: () => [], ask: async () => undefined }, () => false);
  t.equal((await answer(utf8Encode('anything'))).length, 0);
});
