/** Claims about the octets of a hello beside those of frame-octets.test.ts. */
import t from 'tap';
import { makeCsn, type ReplicaId } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { decodeFrame, encodeFrame } from '../../lib/sync/frame-octets.js';
import { hello } from './session-fixtures.js';

t.test('a hello says where a total update goes on, or nothing of it', async (t) => {
  for (const resume of [
    undefined,
    { snapshot: 'boot:1', images: 0 },
    { snapshot: 'b', images: 1_000_000_000 },
  ]) {
    const told = hello('s2', 2, { purpose: 'initialize', resume });
    const frame = decodeFrame(encodeFrame({ kind: 'hello', hello: told }).slice(4));
    t.same(frame?.kind === 'hello' ? frame.hello.resume : 'none', resume);
  }
});

t.test(
  'a hello says that its server offers its changes, that it wants a copy, for whom it fetches one, what it reads, what it promised, or who vouches for what it holds',
  (t) => {
    for (const more of [
      { offers: true },
      { wants: true },
      { fraction: 'exclude *:mail' },
      { behalf: { server: 's9', replica: 9 as ReplicaId, hops: 2 } },
      { behalf: { server: 's9', replica: undefined, hops: 1 } },
      { formats: { copies: 300, changes: 2 } },
      { behalf: { server: 's9', replica: undefined, hops: 1 }, formats: { copies: 1, changes: 1 } },
      { promised: ServerState.of([makeCsn(7, 0, 2 as ReplicaId)]) },
      { vouched: [{ server: 's4', state: ServerState.of([makeCsn(7, 0, 2 as ReplicaId)]) }] },
      { lacks: ServerState.of([makeCsn(7, 0, 2 as ReplicaId)]), promised: ServerState.EMPTY },
      { promised: ServerState.EMPTY, formats: { copies: 1, changes: 1 } },
      { resume: { snapshot: 'boot:1', images: 3 }, behalf: { server: 's9', replica: undefined, hops: 1 } },
    ]) {
      const told = { ...hello('s2', 2, { purpose: 'follow' }), ...more };
      const frame = decodeFrame(encodeFrame({ kind: 'hello', hello: told }).subarray(4));
      t.same(frame, { kind: 'hello', hello: told });
    }
    t.end();
  },
);

t.test('octets of a lane go through as they are, whatever part of it they are', (t) => {
  for (const part of ['open', 'octets', 'close'] as const) {
    const frame = { kind: 'lane', number: 300, part, bytes: new Uint8Array([1, 2, 3]) } as const;
    t.same(decodeFrame(encodeFrame(frame).subarray(4)), frame);
  }
  t.end();
});
