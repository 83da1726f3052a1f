/** Undo and redo of one attribute: rows that are not concerned stay as they are, and a large group is not looked at for one member. */
import t from 'tap';
import { latin1, utf8Encode } from '../../lib/base/bytes.js';
import { whole } from '../../lib/base/steps.js';
import type { AttributeEffect } from '../../lib/conflict/domain-view.js';
import { type AttributeRow, refoldAttribute } from '../../lib/conflict/refold-attribute.js';
import type { Attribute } from '../../lib/entry/entry.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { attribute, Dice, type Edit, newRow } from './story.js';

const KEY = 'mail' as AttributeKey;

function row(edit: Edit, before?: AttributeEffect, moved = before === undefined): AttributeRow {
  return { ...newRow(attribute(edit)), before, moved, after: before };
}

function texts(values: readonly Uint8Array[] | undefined): string[] {
  return (values ?? []).map(latin1).sort();
}

function effect(removed: string[], added: string[]): AttributeEffect {
  return { key: KEY, removed: removed.map(utf8Encode), added: added.map(utf8Encode) };
}

t.test('a late edit of one value changes only the rows that touch it', async (t) => {
  const rows = [
    row({ add: ['v'] }),
    row({ add: ['w'] }, effect([], ['w'])),
    row({ add: ['V'] }, effect([], ['V'])),
    row({ remove: ['w'] }, effect(['w'], [])),
  ];
  const { attribute: after, delta } = whole(
    refoldAttribute(KEY, { name: 'mail', values: [utf8Encode('V')] }, rows),
  );
  t.same(texts(after?.values), ['v'], 'the octets of the older add');
  t.same([texts(delta?.removed), texts(delta?.added)], [['V'], ['v']]);
  t.equal(rows[1]?.after, rows[1]?.before);
  t.equal(rows[2]?.after, undefined, 'the younger add has nothing left to do');
  t.equal(rows[3]?.after, rows[3]?.before);
});

t.test('a late edit that a younger replace makes pointless leaves the entry alone', async (t) => {
  const before: Attribute = { name: 'mail', values: [utf8Encode('z')] };
  const rows = [row({ add: ['v'] }), row({ clear: true, add: ['z'] }, effect(['a'], ['z']))];
  const { attribute: after, delta } = whole(refoldAttribute(KEY, before, rows));
  t.equal(after, before);
  t.equal(delta, undefined);
  t.same(texts(rows[1]?.after?.removed), ['a', 'v']);
});

t.test('edits of single values and of whole attributes agree, on small and large attributes', async (t) => {
  // The same history through both ways: an inactive row with another rule sends the second over all values.
  const dice = new Dice(11);
  for (let round = 0; round < 300; round++) {
    const size = dice.once(4) ? 100 : dice.roll(5);
    const values = Array.from({ length: size }, (_, i) => utf8Encode(`v${i}`));
    let now: Attribute | undefined = size === 0 ? undefined : { name: 'mail', values };
    const rows: AttributeRow[] = [];
    const pick = () => utf8Encode(dice.pick(['v0', 'V1', 'v2', 'w', 'W', 'x']));
    for (let i = 0; i < 5; i++) {
      const made = newRow({
        ...attribute({ clear: i > 0 && dice.once(6) }),
        add: [pick()],
        remove: [pick()],
      });
      if (i > 0) now = whole(refoldAttribute(KEY, now, [made])).attribute;
      rows.push(made);
    }
    const late = () =>
      rows.map(
        (made, i): AttributeRow => ({ ...made, before: i === 0 ? undefined : made.after, moved: i === 0 }),
      );
    const some = late();
    const all = [...late(), { ...row({ equality: 'octetStringMatch' }), active: false, moved: false }];
    const first = whole(refoldAttribute(KEY, now, some));
    const second = whole(refoldAttribute(KEY, now, all));
    t.same(texts(first.attribute?.values), texts(second.attribute?.values)) || t.fail(`round ${round}`);
    some.forEach((made, i) => {
      const other = all[i]?.after;
      const same =
        String(texts(made.after?.removed)) === String(texts(other?.removed)) &&
        String(texts(made.after?.added)) === String(texts(other?.added));
      if (!same) t.fail(`round ${round}, row ${i}`);
    });
  }
});

t.test('a name comes with the first value and goes with the last', async (t) => {
  const rows = [
    row({ name: 'Mail', add: ['a'] }),
    row({ name: 'mail', clear: true }, effect(['b'], [])),
    row({ name: 'MAIL', add: ['c'] }, effect([], ['c'])),
  ];
  const first = whole(refoldAttribute(KEY, { name: 'MAIL', values: [utf8Encode('c')] }, rows));
  t.equal(first.attribute?.name, 'MAIL');
  t.equal(rows[1]?.after?.nameBefore, undefined, 'b came with the name of the row itself');
  const named = [row({ name: 'Mail', add: ['a'] }), row({ name: 'mail', clear: true }, effect([], []))];
  t.equal(whole(refoldAttribute(KEY, undefined, named)).attribute, undefined);
  t.equal(named[1]?.after?.nameBefore, 'Mail');
});

t.test('values that only another rule told apart come back together', async (t) => {
  const gone = { ...row({ remove: ['p'] }, effect(['P', 'p'], []), true), active: false };
  t.same(texts(whole(refoldAttribute(KEY, undefined, [gone])).attribute?.values), ['P', 'p']);
});

t.test('no rows, no difference', async (t) => {
  t.same(whole(refoldAttribute(KEY, undefined, [])), { attribute: undefined, delta: undefined });
});
