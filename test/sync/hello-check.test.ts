/**
 * Who may replicate with whom (replication-model.md section 2; reliability.md F32, F33, F40, F69, F73).
 */
import t from 'tap';
import type { ReplicaId } from '../../lib/csn/csn.js';
import { checkHello, forkFrames } from '../../lib/sync/hello-check.js';
import { csn, FACTS, hello, states } from './session-fixtures.js';

const own = hello('s1', 1);
const peer = hello('s2', 2);

t.test('two servers of one topology, domain and generation may', (t) => {
  t.equal(checkHello(own, peer, FACTS), undefined);
  t.equal(
    checkHello(own, peer, { ...FACTS, identity: 's2', expected: 's2', allowed: new Set(['s2']) }),
    undefined,
  );
  t.end();
});

const REFUSED: [string, ReturnType<typeof hello>, Partial<typeof FACTS>, RegExp][] = [
  [
    'version',
    hello('s2', 2, { protocolMin: 3, protocolMax: 4 }),
    {},
    /s2 speaks replication protocol 3 to 4, s1 speaks 1 to 1/,
  ],
  ['self', hello('s1', 1, { boot: 's1-boot' }), {}, /s1 reached itself at 127/],
  ['identity', peer, { identity: 's3' }, /at 127.0.0.1:8989 calls itself s2, its certificate says s3/],
  ['identity', peer, { expected: 's3' }, /is s2, not s3/],
  ['identity', peer, { allowed: new Set(['s3']) }, /s2 is not a server of s1's topology/],
  ['replica-id', hello('s2', 1), {}, /replica id 1 is used by both s1 and s2/],
  [
    'replica-id',
    peer,
    { rival: { server: 's9', address: 'h:1' } },
    /two live servers, s9 \(h:1\) and s2 \(127/,
  ],
  [
    'domain',
    hello('s2', 2, { domain: 'dc=other' }),
    {},
    /s2 asked for domain dc=other, s1 has dc=example,dc=com/,
  ],
  ['forked', peer, { forked: 9 as ReplicaId }, /different histories of replica 9/],
  ['generation', hello('s2', 2, { generation: 'g2' }), {}, /different data sets .*generations g1 and g2/],
  ['no-data', hello('s2', 2, { generation: undefined }), {}, /s2 holds no data .* must be initialized/],
];

t.test('each reason not to is a code and a sentence that names both', (t) => {
  for (const [code, hostile, facts, sentence] of REFUSED) {
    t.match(checkHello(own, hostile, { ...FACTS, ...facts }), { code, sentence }, code);
  }
  t.end();
});

t.test('of two histories of another server, who follows that one says which way to go', (t) => {
  const sentence = (peer: ReturnType<typeof hello>, maker?: string) =>
    checkHello(own, peer, { ...FACTS, forked: 9 as ReplicaId, maker })?.sentence;
  t.match(sentence(peer, 's9'), /s9 was restored .*, which s1 has from it: initialize s2 from s1 \(polyarch/);
  t.match(sentence(peer), /initialize the server that was restored$/);
  t.match(sentence(hello('s2', undefined), 's9'), /initialize the server that was restored$/, 'a broker');
  t.end();
});

t.test('a total update may join what generations and histories divide', (t) => {
  const asking = hello('s2', 2, { purpose: 'initialize', generation: 'g2' });
  t.equal(checkHello(own, asking, { ...FACTS, forked: 9 as ReplicaId }), undefined);
  t.match(checkHello(own, { ...asking, domain: 'dc=other' }, FACTS), { code: 'domain' });
  t.end();
});

t.test('a broker without a directory takes any generation until it has one', (t) => {
  const broker = hello('b', undefined, { generation: undefined });
  t.equal(checkHello(own, broker, FACTS), undefined);
  t.equal(checkHello(broker, peer, FACTS), undefined);
  t.match(checkHello(hello('b', undefined, { generation: 'g2' }), peer, FACTS), { code: 'generation' });
  t.end();
});

t.test(
  'a peer whose own history is forked hears where ours stands before it is refused; of another replica it hears nothing',
  (t) => {
    const own = hello('s1', 1, { states: states([csn(9, 2), csn(5, 3)]) });
    const peer = hello('s2', 2, { states: states([csn(4, 2)]) });
    t.same(forkFrames(own, peer, { ...FACTS, forked: 2 as ReplicaId }), [
      { kind: 'hello', hello: own },
      { kind: 'unavailable', origin: 2, why: 'forked', csn: csn(9, 2) },
    ]);
    t.same(forkFrames(own, peer, { ...FACTS, forked: 3 as ReplicaId }), []);
    const broker = { ...peer, replica: undefined };
    t.same(forkFrames(own, broker, { ...FACTS, forked: 2 as ReplicaId }).length, 2, 'whose log may give way');
    t.same(forkFrames(own, peer, FACTS), []);
    t.end();
  },
);
