/** What commands print is safe for a terminal and says the cause first. */
import t from 'tap';
import { LdapError } from '../../lib/base/ldap-error.js';
import { OperatorError } from '../../lib/base/operator-error.js';
import { errorLines, facts, pasteable, pasteableAdvice, printable, table } from '../../lib/cli/output.js';
import { StoreError } from '../../lib/port/ordered-store.js';

t.test('control characters from outside are shown, not sent', (t) => {
  t.equal(printable('a\u001b[2Jb\u0007\u009b'), 'a\\x1b[2Jb\\x07\\x9b');
  t.equal(printable('Zürich 你好'), 'Zürich 你好');
  t.end();
});

t.test('an error is one line, its faults below', (t) => {
  t.same(errorLines(new OperatorError('CONFIG_INVALID', 'p has 2 faults', ['x', 'y'])), [
    'polyarch: p has 2 faults',
    '  x',
    '  y',
  ]);
  t.same(errorLines(new LdapError('busy', 'Later.')), ['polyarch: Later. (LDAP result 51, busy)']);
  t.same(errorLines(new StoreError('damaged', 'reading a row: corrupted block')), [
    'polyarch: reading a row: corrupted block; the store is damaged: restore a backup, or make the server anew and let it copy the data from a peer',
  ]);
  t.match(errorLines(new TypeError('oops'))[0], /internal error, please report it: TypeError: oops/);
  t.end();
});

t.test('the command of a sentence can be pasted where the program is not in PATH', (t) => {
  t.equal(
    pasteable('it is stopped; start it with: polyarch start --dir x', 'bin/polyarch'),
    'it is stopped; start it with: bin/polyarch start --dir x',
  );
  t.equal(pasteable('polyarch is a program', 'bin/polyarch'), 'polyarch is a program');
  for (const [advice, shown] of [
    [
      'polyarch stop --dir x; polyarch start --dir x',
      'bin/polyarch stop --dir x; bin/polyarch start --dir x',
    ],
    ['start two, or: polyarch replication evict', 'start two, or: bin/polyarch replication evict'],
    ['edit /srv/polyarch /polyarch.yaml', 'edit /srv/polyarch /polyarch.yaml'],
  ] as const)
    t.equal(pasteableAdvice(advice, 'bin/polyarch'), shown);
  t.end();
});

t.test('facts are aligned', (t) => {
  t.equal(
    facts([
      ['a', 1],
      ['long', undefined],
    ]),
    'a     1\nlong  -',
  );
  t.end();
});

t.test('a table is no wider than the terminal: then its rows stand below each other', (t) => {
  const head = ['name', 'lost to'];
  const rows = [
    ['one', 'x'.repeat(20)],
    ['two', ''],
  ];
  const whole = table(head, rows, undefined);
  const width = Math.max(...whole.split('\n').map((line) => line.length));
  t.match(whole, /^┌─+┬─+┐$/m);
  t.equal(table(head, rows, width), whole, 'it just fits');
  t.equal(table(head, rows, width - 1), `name     one\nlost to  ${'x'.repeat(20)}\n\nname  two`);
  t.equal(table(head, [], 3), table(head, [], undefined), 'no rows');
  t.equal(table(head, rows, 0), whole, 'a terminal that does not say');
  t.end();
});
