/** CSNs: their order and their forms. */
import t from 'tap';
import { compareBytes } from '../../lib/base/bytes.js';
import {
  compareCsn,
  csnFromBytes,
  csnReplica,
  csnSequence,
  csnTimeMs,
  csnToBytes,
  laterCsn,
  MAX_CSN_SEQUENCE,
  MAX_CSN_TIME_MS,
  MAX_REPLICA_ID,
  makeCsn,
  parseCsn,
  type ReplicaId,
  toReplicaId,
  ZERO_CSN,
} from '../../lib/csn/csn.js';

const times = [0, 1, 255, 256, 1_700_000_000_000, MAX_CSN_TIME_MS];
const sequences = [0, 1, 255, 65_536, MAX_CSN_SEQUENCE];
const replicas = [1, 2, 255, 256, MAX_REPLICA_ID] as ReplicaId[];
const csns = times.flatMap((time) =>
  sequences.flatMap((seq) => replicas.map((id) => makeCsn(time, seq, id))),
);

t.test('model 2: text order, byte order and (time, sequence, replica) order are one', async (t) => {
  const tuple = (csn: ReturnType<typeof makeCsn>) =>
    [csnTimeMs(csn), csnSequence(csn), csnReplica(csn)] as const;
  let checked = 0;
  for (const a of csns) {
    for (const b of csns) {
      const [x, y] = [tuple(a), tuple(b)];
      const wanted = Math.sign(x[0] - y[0] || x[1] - y[1] || x[2] - y[2]);
      if (compareCsn(a, b) !== wanted) t.fail(`text order of ${a} and ${b}`);
      if (Math.sign(compareBytes(csnToBytes(a), csnToBytes(b))) !== wanted)
        t.fail(`byte order of ${a} and ${b}`);
      checked += 1;
    }
  }
  t.equal(checked, csns.length ** 2);
});

t.test('text and bytes give the CSN back', async (t) => {
  for (const csn of csns) {
    if (parseCsn(csn) !== csn) t.fail(csn);
    if (csnFromBytes(csnToBytes(csn)) !== csn) t.fail(csn);
  }
  t.ok(csns.every((csn) => csn > ZERO_CSN));
});

t.test('text that is no CSN is refused', async (t) => {
  const good = makeCsn(5, 5, 5 as ReplicaId);
  for (const text of [
    '',
    'x',
    `${good}0`,
    good.slice(1),
    good.toUpperCase().replace('0', 'G'),
    ` ${good.slice(1)}`,
    ZERO_CSN,
  ]) {
    t.equal(parseCsn(text), undefined, JSON.stringify(text));
  }
});

t.test('replica ids are 1..65535', async (t) => {
  t.equal(toReplicaId(1), 1);
  t.equal(toReplicaId(MAX_REPLICA_ID), MAX_REPLICA_ID);
  for (const id of [0, -1, 1.5, MAX_REPLICA_ID + 1, Number.NaN])
    t.equal(toReplicaId(id), undefined, String(id));
});

t.test('parts out of range are our bug, not a wrong CSN', async (t) => {
  t.throws(() => makeCsn(-1, 0, 1 as ReplicaId));
  t.throws(() => makeCsn(MAX_CSN_TIME_MS + 1, 0, 1 as ReplicaId));
  t.throws(() => makeCsn(0, MAX_CSN_SEQUENCE + 1, 1 as ReplicaId));
  t.throws(() => csnFromBytes(new Uint8Array(11)));
});

t.test('of two CSNs the later one is that of the later time, count and replica', async (t) => {
  const csns = [makeCsn(1, 0, 2 as ReplicaId), makeCsn(1, 1, 1 as ReplicaId), makeCsn(2, 0, 1 as ReplicaId)];
  csns.forEach((a, i) => {
    csns.forEach((b, j) => {
      t.equal(laterCsn(a, b), csns[Math.max(i, j)]);
    });
  });
});
