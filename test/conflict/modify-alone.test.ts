/** The short way of a modify that stands alone: which changes take it, and that it answers what the general fold does. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { latin1, utf8Encode } from '../../lib/base/bytes.js';
import { whole } from '../../lib/base/steps.js';
import type { ChangeBody } from '../../lib/change/change.js';
import { foldAttribute, ruleOf } from '../../lib/conflict/fold-attribute.js';
import { modifyAlone } from '../../lib/conflict/modify-alone.js';
import { PresentValues } from '../../lib/conflict/present-values.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { MemoryDomain } from './memory-domain.js';
import {
  add,
  attribute,
  BASE,
  change,
  Dice,
  type Edit,
  id,
  modify,
  remove,
  rename,
  TOP,
  undelete,
} from './story.js';
import { tell } from './tell.js';

const X = id(4);
const MAIL = 'mail' as AttributeKey;
const SETUP = [change(1, 9, BASE, add(TOP, 'base')), change(4, 9, X, add(BASE, 'x', { mail: ['a', 'b'] }))];
const SEEN = SETUP.map((made) => made.csn);

const texts = (values: readonly Uint8Array[] | undefined) => (values ?? []).map(latin1).sort();

t.test('it takes modifies that knew all that the entry holds, and no others', async (t) => {
  const domain = tell(SETUP, []);
  const entry = must(domain.entry(X), 'x');
  const alone = (body: ChangeBody, on = domain, seen = SEEN, at = 100) =>
    modifyAlone(on, must(on.entry(X), 'x'), change(at, 1, X, body, seen)) !== undefined;
  t.ok(alone(modify({ clear: true, add: ['c'] })));
  t.ok(alone(modify({ add: ['c'] }, { name: 'title', add: ['t'] })));
  t.notOk(alone(rename('y')), 'a rename');
  t.notOk(alone(remove));
  t.notOk(alone(modify({ name: 'number', increment: 1n })), 'an increment may find no integer');
  t.notOk(
    alone(modify({ name: 'title', single: true, add: ['t'] })),
    'a single-valued attribute may be taken',
  );
  t.ok(alone(modify({ name: 'title', single: true, clear: true })));
  const younger = change(200, 2, X, modify({ add: ['z'] }), SEEN);
  const changed = tell(SETUP, [younger]);
  t.notOk(alone(modify({ add: ['c'] }), changed), 'a younger change is there');
  t.notOk(alone(modify({ add: ['c'] }), changed, SEEN, 300), 'an older one that it did not know');
  t.ok(alone(modify({ add: ['c'] }), changed, [...SEEN, younger.csn], 300));
  const died = [change(200, 2, X, remove, SEEN)];
  const lived = [...died, change(201, 2, X, undelete, [...SEEN, ...died.map((one) => one.csn)])];
  t.notOk(alone(modify({ add: ['c'] }), tell(SETUP, lived), [...SEEN, ...lived.map((one) => one.csn)], 300));
  t.equal(domain.entry(X), entry, 'nothing was stored');
});

t.test('values, effect and stamp are those of the fold of one attribute', async (t) => {
  const dice = new Dice(5);
  const value = () => ['a', 'A', 'b', 'c', 'd'][dice.roll(5)] as string;
  const some = (most: number) => Array.from({ length: dice.roll(most + 1) }, value);
  for (let n = 0; n < 120; n++) {
    const domain = new MemoryDomain();
    const before = [...new Set(some(4).map((text) => text.toLowerCase()))];
    domain.apply(change(1, 9, BASE, add(TOP, 'base')));
    domain.apply(change(4, 9, X, add(BASE, 'x', { mail: before })));
    const edit: Edit = {
      clear: dice.roll(2) === 1,
      remove: some(1),
      add: some(2),
      name: dice.roll(2) === 1 ? 'mail' : 'MAIL',
    };
    const made = change(100, 1, X, modify(edit), SEEN);
    const outcome = must(modifyAlone(domain, must(domain.entry(X), 'x'), made), 'it stands alone');
    const of = attribute(edit);
    const present = new PresentValues(ruleOf(of), before.map(utf8Encode));
    const { removed, added } = whole(foldAttribute(present, of));
    const after = outcome.entries[0];
    t.same(
      texts(after?.attributes.get(MAIL)?.values),
      texts(present.values()),
      JSON.stringify([before, edit]),
    );
    const [effect] = outcome.history[0]?.row.effects ?? [];
    t.same([texts(effect?.removed), texts(effect?.added)], [texts(removed), texts(added)]);
    t.same(after?.modified, { csn: made.csn, by: made.initiator });
    if (before.length > 0 && present.count > 0) t.equal(after?.attributes.get(MAIL)?.name, 'mail');
  }
});
