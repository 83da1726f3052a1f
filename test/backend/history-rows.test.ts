/** Rows of changes and moves, octets and back. */
import t from 'tap';
import {
  decodeHistoryRow,
  decodeMoveRow,
  encodeHistoryRow,
  encodeMoveRow,
  historyRowInSteps,
} from '../../lib/backend/rows/history-rows.js';
import { equalBytes, utf8Encode } from '../../lib/base/bytes.js';
import { formatNamedRdn } from '../../lib/change/named-rdn.js';
import type { MoveRow } from '../../lib/conflict/domain-view.js';
import { ServerState } from '../../lib/csn/server-state.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { change, cn, csn, id, rename } from '../conflict/story.js';

t.test('a move is read as it was written, with all that it says of itself', async (t) => {
  const row = { csn: csn(7, 2), entry: id(3), to: id(4), from: id(5), fromCsn: csn(6, 1) };
  const seen = ServerState.of([csn(6, 1), csn(5, 3)]);
  const marks: Partial<MoveRow>[] = [
    {},
    { founding: true },
    { revoked: true },
    { founding: true, revoked: true },
  ];
  for (const effective of [true, false]) {
    for (const mark of effective ? marks.slice(0, 2) : marks) {
      const move: MoveRow = { ...row, seen, effective, ...mark };
      const { seen: read, ...rest } = decodeMoveRow(encodeMoveRow(move));
      const { seen: _, ...written } = move;
      t.strictSame(rest, written);
      t.ok(read.equals(seen));
    }
  }
});

t.test('a rename keeps the name before it, and since when that was the name in any spelling', async (t) => {
  const made = change(9, 2, id(3), rename('Z'));
  const before = { rdn: cn('z'), csn: csn(8, 1) };
  for (const since of [csn(8, 1), csn(5, 3)]) {
    const row = { change: made, void: false, effects: [], rdnBefore: { ...before, since } };
    const read = decodeHistoryRow(encodeHistoryRow(row));
    t.equal(read.rdnBefore?.since, since);
    t.equal(formatNamedRdn(read.rdnBefore?.rdn ?? cn('')), 'cn=z');
  }
});

t.test('a row cut short is damaged', async (t) => {
  const move = { csn: csn(7, 2), entry: id(3), to: id(4), from: id(5), fromCsn: csn(6, 1), effective: true };
  const octets = encodeMoveRow({ ...move, seen: ServerState.EMPTY });
  t.throws(() => decodeMoveRow(octets.subarray(0, octets.length - 1)), /cut short/);
});

t.test('a row of an effect on many values has the same octets when it is made in steps', async (t) => {
  const many = Array.from({ length: 5000 }, (_, n) => utf8Encode(`value ${n}`));
  const row = () => ({
    change: change(9, 2, id(3), rename('Z')),
    void: false,
    effects: [{ key: 'cn' as AttributeKey, removed: [...many], added: many.slice(0, 2) }],
    rdnBefore: undefined,
  });
  const steps = historyRowInSteps(row());
  let yields = 0;
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) {
    yields += 1;
    encodeHistoryRow({ ...row(), void: true, effects: [] });
  }
  t.ok(yields > 0);
  t.ok(equalBytes(step.value, encodeHistoryRow(row())));
});
