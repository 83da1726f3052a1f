/**
 * What is sent to one socket in a turn: one write, in order, and no more memory than the answers take.
 */
import type { Socket } from 'node:net';
import t from 'tap';
import { OutputQueue } from '../../lib/io/output-queue.js';

const KIB = 1024;

/** A socket that keeps what it is given; what a write is told when it is done is called when `taken` is. */
function fakeSocket() {
  const writes: Buffer[] = [];
  const waiting: (() => void)[] = [];
  const socket = {
    destroyed: false,
    writableEnded: false,
    writableLength: 0,
    write: (bytes: Buffer, done?: () => void) => {
      writes.push(bytes);
      if (done !== undefined) waiting.push(done);
      return true;
    },
  };
  const taken = () => {
    for (const done of waiting.splice(0)) done();
  };
  return { socket: socket as unknown as Socket, writes, taken };
}

const piece = (length: number, octet: number): Uint8Array => new Uint8Array(length).fill(octet);
const turn = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));

t.test('answers of one turn leave in one write, in their order, small or long', async (t) => {
  const { socket, writes, taken } = fakeSocket();
  const queue = new OutputQueue(socket);
  for (const lengths of [[10], [4096], [4095, 1], [4096, 1], [100, 5000, 3], [30_000, 35_536]]) {
    const pieces = lengths.map((length, i) => piece(length, i + 1));
    for (const one of pieces) queue.add(one);
    t.equal(queue.queuedBytes, Buffer.concat(pieces).length);
    await turn();
    t.same(writes.splice(0), [Buffer.concat(pieces)], `pieces of ${lengths}`);
    taken();
  }
});

t.test('what does not fit into a buffer leaves in more writes, in its order', async (t) => {
  const { socket, writes, taken } = fakeSocket();
  const queue = new OutputQueue(socket);
  const pieces = [piece(10, 1), piece(65_530, 2), piece(70_000, 3), piece(5, 4)];
  for (const one of pieces) queue.add(one);
  await turn();
  t.same(Buffer.concat(writes), Buffer.concat(pieces));
  taken();
});

t.test('a buffer that the kernel has not taken yet is not written over', async (t) => {
  const slow = fakeSocket();
  const quick = fakeSocket();
  const sent = piece(10_000, 7);
  new OutputQueue(slow.socket).add(sent);
  await turn();
  for (let i = 0; i < 100; i++) new OutputQueue(quick.socket).add(piece(10_000, i));
  await turn();
  t.same(slow.writes, [Buffer.from(sent)]);
  slow.taken();
  quick.taken();
});

t.test('hundreds of sockets that are answered in one turn take little memory', async (t) => {
  const { socket } = fakeSocket();
  const before = process.memoryUsage().arrayBuffers;
  const queues = Array.from({ length: 1000 }, () => new OutputQueue(socket));
  for (const queue of queues) queue.add(piece(50, 1));
  const taken = process.memoryUsage().arrayBuffers - before;
  t.ok(taken < 1000 * 5 * KIB, `${Math.round(taken / KIB)} KiB`);
  await turn();
});
