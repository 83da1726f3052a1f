/** The octets of a question that travels through brokers. */
import t from 'tap';
import { utf8Encode } from '../../lib/base/bytes.js';
import type { ReplicaId } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { encodeQuestion } from '../../lib/sync/compare-frames.js';
import { decodeRelayed, encodeRelayed, MAX_PATH } from '../../lib/sync/relayed-question.js';

const asked = (path: readonly string[] = ['a', 'b1']) => ({
  server: 'b',
  replica: 2 as ReplicaId,
  path,
  question: utf8Encode('what?'),
});

t.test('what is encoded is decoded; a plain question is none of them', (t) => {
  t.same(decodeRelayed(encodeRelayed(asked())), asked());
  const asking = { kind: 'sums', first: undefined } as const;
  for (const generation of ['g', 'x'.repeat(36), 'x'.repeat(200)]) {
    const plain = encodeQuestion({ generation, covering: ServerState.EMPTY, asked: asking, fraction: '' });
    t.equal(decodeRelayed(plain), undefined);
  }
  t.equal(decodeRelayed(new Uint8Array(0)), undefined);
  t.end();
});

t.test('malformed and too long ones are refused', (t) => {
  const bytes = encodeRelayed(asked());
  for (let length = 4; length < bytes.length; length++)
    t.throws(() => decodeRelayed(bytes.subarray(0, length)), /relayed question/);
  const long = encodeRelayed(asked(Array.from({ length: MAX_PATH + 1 }, (_, i) => `b${i}`)));
  t.throws(() => decodeRelayed(long), /relayed question/);
  t.end();
});
