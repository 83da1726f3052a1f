/** The journal of one outcome: differences, never repeats. */
import t from 'tap';
import { latin1, utf8Encode } from '../../lib/base/bytes.js';
import type { JournalLine } from '../../lib/conflict/domain-view.js';
import { incrementText, Journal, journalKey, sayLostChange } from '../../lib/conflict/journal.js';
import { change, csn, id, modify, move, rename, undelete } from './story.js';

const line: JournalLine = {
  loser: csn(1, 1),
  winner: csn(2, 2),
  entry: id(2),
  kind: 'value-lost',
  attribute: 'mail',
  value: utf8Encode('a'),
};

t.test('only what differs is stored', async (t) => {
  const journal = new Journal();
  journal.was(line);
  journal.is(line);
  journal.was({ ...line, winner: undefined });
  journal.is({ ...line, value: undefined });
  const { put, delete: gone } = journal.difference();
  t.same(put, [{ ...line, value: undefined }]);
  t.same(gone, [{ ...line, winner: undefined }]);
});

t.test('every field tells lines apart, and keys sort by the change that lost', async (t) => {
  const others: JournalLine[] = [
    { ...line, loser: csn(3, 1) },
    { ...line, winner: undefined },
    { ...line, entry: id(3) },
    { ...line, kind: 'name-conflict' },
    { ...line, attribute: undefined },
    { ...line, value: undefined },
    { ...line, value: new Uint8Array(0) },
  ];
  t.equal(new Set([line, ...others].map(journalKey)).size, 8);
  t.ok(journalKey(line) < journalKey({ ...line, loser: csn(3, 1) }));
});

t.test('a lost change says all that restoring it would need', async (t) => {
  const lost = (body: Parameters<typeof change>[3]) => {
    const lines: string[] = [];
    sayLostChange(change(5, 1, id(2), body), csn(9, 2), ({ attribute, value }) => {
      lines.push(`${attribute ?? ''}=${value === undefined ? undefined : latin1(value)}`);
    });
    return lines;
  };
  t.same(lost(modify({ add: ['a', 'b'] }, { name: 'n', increment: 3n })), ['mail=a', 'mail=b', 'n=+3']);
  t.same(lost(modify({ remove: ['a'] })), ['=undefined']);
  t.same(lost(rename('y', { name: 'cn', add: ['y'] })), ['cn=y', '=cn=y']);
  t.same(lost(move(id(7))), [`=${id(7)}`]);
  t.same(lost(undelete), ['=undefined']);
  t.equal(latin1(incrementText(-3n)), '-3');
});
