/** Questions and answers of a comparison: each both ways, and one declared error for whatever else comes (reliability.md F70). */
import t from 'tap';
import type { EntryUuid } from '../../lib/change/change.js';
import { ServerState } from '../../lib/csn/server-state.js';
import {
  type Answer,
  type AskedFor,
  decodeAnswer,
  decodeQuestion,
  encodeAnswer,
  encodeQuestion,
} from '../../lib/sync/compare-frames.js';
import { FrameError } from '../../lib/sync/frame-error.js';
import { SeededRandom } from '../sim/seeded-random.js';
import { csn } from './session-fixtures.js';

const UUID = '12345678-9abc-4def-8123-456789abcdef' as EntryUuid;
const state = ServerState.of([csn(5), csn(7, 2)]);
const ASKED: readonly AskedFor[] = [
  { kind: 'sums', first: undefined },
  { kind: 'sums', first: 255 },
  { kind: 'bucket', bucket: 65_535, after: undefined },
  { kind: 'bucket', bucket: 0, after: UUID },
  { kind: 'entries', uuids: [UUID, UUID] },
  { kind: 'image', uuid: UUID },
  { kind: 'scan', pass: 300 },
];
const ANSWERS: readonly Answer[] = [
  { kind: 'sums', state, sums: new Uint8Array(2048).fill(7) },
  { kind: 'entries', state, entries: [{ uuid: UUID, high: 0xffff_ffff, low: 1 }], more: true },
  { kind: 'image', state, name: 'cn=ünï', image: new Uint8Array([1, 2, 3]) },
  { kind: 'scan', pass: 3, done: true },
  { kind: 'later' },
  { kind: 'refused', reason: 'other data' },
  { kind: 'holds', fraction: 'exclude *:mail' },
];
const text = (value: unknown) =>
  JSON.stringify(value, (_, held: unknown) =>
    held instanceof ServerState ? held.toString() : held instanceof Uint8Array ? [...held] : held,
  );

t.test('every question and answer comes back as it was', (t) => {
  for (const asked of ASKED) {
    for (const fraction of ['', 'include *:cn']) {
      const question = { generation: 'g', covering: state, asked, fraction };
      t.equal(text(decodeQuestion(encodeQuestion(question))), text(question), asked.kind);
    }
  }
  for (const answer of ANSWERS) t.equal(text(decodeAnswer(encodeAnswer(answer))), text(answer), answer.kind);
  t.end();
});

t.test('cut short or bent, it is another one or a FrameError', (t) => {
  const random = new SeededRandom(5);
  let refused = 0;
  const tried = (decode: () => unknown) => {
    try {
      decode();
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      refused += 1;
    }
  };
  for (const asked of ASKED) {
    const bytes = encodeQuestion({ generation: 'g', covering: state, asked, fraction: '' });
    for (let length = 0; length < bytes.length; length++) tried(() => decodeQuestion(bytes.slice(0, length)));
  }
  for (const answer of ANSWERS) {
    const bytes = encodeAnswer(answer);
    for (let i = 0; i < 200; i++) {
      const bent = bytes.slice(0, 1 + random.below(bytes.length));
      bent[random.below(bent.length)] = random.below(256);
      tried(() => decodeAnswer(bent));
    }
  }
  t.ok(refused > 500);
  t.end();
});
