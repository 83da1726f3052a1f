/** Option values as one line of text. */
import t from 'tap';
import { misreadText, parseOptionText } from '../../lib/config/option-text.js';

t.test('numbers and booleans', (t) => {
  t.equal(parseOptionText('integer', '42'), 42);
  t.equal(parseOptionText('integer', '4x'), undefined);
  t.equal(parseOptionText('integer', ''), undefined);
  t.equal(parseOptionText('boolean', 'Yes'), true);
  t.equal(parseOptionText('boolean', '0'), false);
  t.equal(parseOptionText('boolean', 'maybe'), undefined);
  t.end();
});

t.test('what is not of the form is told the form', (t) => {
  t.equal(misreadText('integer', '4x'), '"4x" is not a whole number');
  t.equal(misreadText('boolean', 'maybe'), '"maybe" is not true or false');
  t.equal(misreadText('map', 'a'), '"a" is not name=value;name=value');
  t.end();
});

t.test('lists are joined by semicolons, since DNs hold commas', (t) => {
  t.same(parseOptionText('list', 'dc=a,dc=b; dc=c;'), ['dc=a,dc=b', 'dc=c']);
  t.end();
});

t.test('maps are name=value; lists of words name=word,word', (t) => {
  t.same(Object.entries(parseOptionText('map', 'a=h:1;b=h:2') ?? {}), [
    ['a', 'h:1'],
    ['b', 'h:2'],
  ]);
  t.equal(parseOptionText('map', 'a'), undefined);
  t.equal(parseOptionText('map', '=x'), undefined);
  t.same(Object.entries(parseOptionText('lists', 'uid=equality, presence') ?? {}), [
    ['uid', ['equality', 'presence']],
  ]);
  t.same(
    Object.keys(parseOptionText('map', '__proto__=h:1') ?? {}),
    ['__proto__'],
    'a name from outside is only a name',
  );
  t.end();
});
