/** Thousands of clients that leave at once are ended some a turn, in order; one that leaves alone is ended at once. */
import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { ENDS_A_TURN, SocketEnds } from '../../lib/io/socket-ends.js';

/** Sockets that note when they are destroyed. */
function sockets(count: number) {
  const destroyed: number[] = [];
  const list = Array.from({ length: count }, (_, number) => ({
    destroy: () => void destroyed.push(number),
  }));
  return { list, destroyed };
}

t.test('one is ended at once, and so is the next one in a later turn', async (t) => {
  const ends = new SocketEnds();
  const { list, destroyed } = sockets(3);
  for (const [number, socket] of list.entries()) {
    ends.destroy(socket);
    t.equal(destroyed.length, number + 1);
    await turn();
  }
});

t.test('of many no turn ends more than its share, and none is forgotten', async (t) => {
  const ends = new SocketEnds();
  const many = 5 * ENDS_A_TURN + 1;
  const { list, destroyed } = sockets(many);
  for (const socket of list) ends.destroy(socket);
  t.equal(destroyed.length, ENDS_A_TURN);
  for (let before = destroyed.length, turns = 0; before < many; before = destroyed.length, turns++) {
    await turn();
    t.ok(destroyed.length - before <= ENDS_A_TURN);
    t.ok(turns < 20);
  }
  t.same(destroyed, [...Array(many).keys()]);
  const late = sockets(1);
  await turn();
  ends.destroy(late.list[0] as (typeof late.list)[0]);
  t.equal(late.destroyed.length, 1, 'the next one does not wait');
});

t.test('who leaves while others wait takes its place behind them', async (t) => {
  const ends = new SocketEnds();
  const { list, destroyed } = sockets(2 * ENDS_A_TURN + 2);
  const last = list.pop() as (typeof list)[0];
  for (const socket of list) ends.destroy(socket);
  await turn();
  ends.destroy(last);
  for (let turns = 0; destroyed.length < list.length + 1 && turns < 20; turns++) await turn();
  t.same(destroyed, [...Array(list.length + 1).keys()]);
});
