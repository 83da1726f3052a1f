/** What a rename does to an entry's own attributes. RFC 4511 section 4.9. */
import t from 'tap';
import { renameEntry } from '../../lib/entry/rename-entry.js';
import { attributesOf, plain, rdnOf, sampleSchema, textOf } from './sample-schema.js';

function renamed(values: Record<string, string[]>, from: string, to: string, deleteOld: boolean): unknown {
  const { after, changes } = renameEntry(
    attributesOf(values),
    rdnOf(from),
    rdnOf(to),
    deleteOld,
    sampleSchema(),
  );
  const effects = changes.map((change) => {
    const list = (sign: string, all: readonly Uint8Array[]) => all.map((value) => `${sign}${textOf(value)}`);
    return [change.key, ...list('-', change.remove), ...list('+', change.add)].join(' ');
  });
  return [plain(after), effects];
}

t.test('new values come, old ones go when the client says so', async (t) => {
  t.same(renamed({ cn: ['a'] }, 'cn=a', 'cn=b', true), [{ cn: ['b'] }, ['cn -a +b']]);
  t.same(renamed({ cn: ['a'] }, 'cn=a', 'cn=b', false), [{ cn: ['a', 'b'] }, ['cn +b']]);
  t.same(renamed({ cn: ['a', 'x'] }, 'cn=a', 'uid=u', true), [
    { cn: ['x'], uid: ['u'] },
    ['cn -a', 'uid +u'],
  ]);
  t.same(renamed({ cn: ['a'] }, 'cn=a', 'uid=u', true), [{ uid: ['u'] }, ['cn -a', 'uid +u']]);
});

t.test('a value that both RDNs share stays', async (t) => {
  t.same(renamed({ cn: ['a'], uid: ['u'] }, 'cn=a+uid=u', 'cn=a', true), [
    { cn: ['a'] },
    ['cn +a', 'uid -u'],
  ]);
  t.same(renamed({ cn: ['a'] }, 'cn=a', 'cn=a+uid=u', true), [
    { cn: ['a'], uid: ['u'] },
    ['cn +a', 'uid +u'],
  ]);
});

t.test('a change of spelling changes the value when the old RDN goes', async (t) => {
  t.same(renamed({ cn: ['ann', 'x'] }, 'cn=ann', 'cn=Ann', true), [{ cn: ['Ann', 'x'] }, ['cn -ann +Ann']]);
  t.same(renamed({ cn: ['ann'] }, 'cn=ann', 'cn=Ann', false), [{ cn: ['ann'] }, ['cn +Ann']]);
});

t.test('a value that the entry has already is not doubled', async (t) => {
  t.same(renamed({ cn: ['a', 'B'] }, 'cn=a', 'cn=b', false), [{ cn: ['a', 'B'] }, ['cn +b']]);
});

t.test('a value shown for the name alone is added when the old RDN is to stay', async (t) => {
  const shown = attributesOf({ cn: ['clerk', 'boss'] });
  const folded = attributesOf({ cn: ['clerk'] });
  const added = (deleteOld: boolean) =>
    renameEntry(shown, rdnOf('cn=boss'), rdnOf('cn=chief'), deleteOld, sampleSchema(), folded);
  t.same(plain(added(false).after), { cn: ['clerk', 'boss', 'chief'] });
  t.same(added(false).changes[0]?.add.map(textOf), ['boss', 'chief']);
  t.same(plain(added(true).after), { cn: ['clerk', 'chief'] });
  t.same(added(true).changes[0]?.add.map(textOf), ['chief']);
});
