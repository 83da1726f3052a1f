/** The table of replication-model.md section 4, row by row, and what a single change does to the values present. */
import t from 'tap';
import { latin1, utf8Encode } from '../../lib/base/bytes.js';
import { whole } from '../../lib/base/steps.js';
import {
  foldAttribute,
  isCountable,
  netEffect,
  redoEffect,
  ruleOf,
  sameEffect,
  undoEffect,
} from '../../lib/conflict/fold-attribute.js';
import { PresentValues } from '../../lib/conflict/present-values.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { attribute, type Edit } from './story.js';

/** Values after, and the effect, in words; undo and redo are checked on the way. */
function fold(before: readonly string[], edit: Edit): { after: string[]; effect: string } {
  const change = attribute(edit);
  const present = new PresentValues(ruleOf(change), before.map(utf8Encode));
  const effect = whole(foldAttribute(present, change));
  const after = present.values().map(latin1).sort();
  whole(undoEffect(present, effect));
  t.same(present.values().map(latin1).sort(), [...before].sort(), 'undo');
  whole(redoEffect(present, effect));
  t.same(present.values().map(latin1).sort(), after, 'redo');
  const text = [...effect.removed.map((v) => `-${latin1(v)}`), ...effect.added.map((v) => `+${latin1(v)}`)];
  return { after, effect: text.join(' ') };
}

t.test('section 4, add v: present; on a single-valued attribute only if there is none', async (t) => {
  t.same(fold([], { add: ['v'] }), { after: ['v'], effect: '+v' });
  t.same(fold(['w'], { add: ['v'] }), { after: ['v', 'w'], effect: '+v' });
  t.same(
    fold(['V'], { add: ['v'] }),
    { after: ['V'], effect: '' },
    'the octets kept are those of the first add',
  );
  t.same(fold([], { single: true, add: ['v'] }), { after: ['v'], effect: '+v' });
  t.same(fold(['w'], { single: true, add: ['v'] }), { after: ['w'], effect: '' });
});

t.test('section 4, delete v: absent; on a single-valued attribute if v is the value', async (t) => {
  t.same(fold(['v', 'w'], { remove: ['V'] }), { after: ['w'], effect: '-v' }, 'by the equality rule');
  t.same(fold(['w'], { remove: ['v'] }), { after: ['w'], effect: '' });
  t.same(fold(['v'], { single: true, remove: ['v'] }), { after: [], effect: '-v' });
  t.same(fold(['w'], { single: true, remove: ['v'] }), { after: ['w'], effect: '' });
});

t.test('section 4, delete attribute and replace with nothing: all absent', async (t) => {
  t.same(fold(['v', 'w'], { clear: true }), { after: [], effect: '-v -w' });
  t.same(fold([], { clear: true }), { after: [], effect: '' });
  t.same(fold(['v'], { single: true, clear: true }), { after: [], effect: '-v' });
});

t.test('section 4, replace with V: exactly V, in the octets of the replace', async (t) => {
  t.same(fold(['v', 'w'], { clear: true, add: ['w', 'x'] }), { after: ['w', 'x'], effect: '-v +x' });
  t.same(fold(['v'], { clear: true, add: ['V'] }), { after: ['V'], effect: '-v +V' });
  t.same(fold(['v'], { single: true, clear: true, add: ['w'] }), { after: ['w'], effect: '-v +w' });
});

t.test('section 4, increment by n: integer value + n', async (t) => {
  const integer = { name: 'n', equality: 'integerMatch' };
  t.same(fold(['5'], { ...integer, increment: 2n }), { after: ['7'], effect: '-5 +7' });
  t.same(fold(['5'], { ...integer, single: true, increment: -7n }), { after: ['-2'], effect: '-5 +-2' });
  t.same(fold(['5', '6'], { ...integer, increment: 1n }), { after: ['6', '7'], effect: '-5 +7' });
  t.same(fold([], { ...integer, increment: 1n }), { after: [], effect: '' });
  t.same(
    fold(['x', '1'], { increment: 1n }),
    { after: ['2', 'x'], effect: '-1 +2' },
    'what is no integer stays',
  );
  t.same(fold(['9'.repeat(1025)], { ...integer, increment: 1n }).effect, '', 'beyond integerDigits');
  t.same(fold(['9'.repeat(1024)], { ...integer, increment: 1n }).after, [`1${'0'.repeat(1024)}`]);
  t.equal(isCountable(utf8Encode('007')), false);
});

t.test('one change clears, removes, adds and increments in this order', async (t) => {
  t.same(fold(['a', '5'], { clear: true, remove: ['7'], add: ['7', 'a'], increment: 1n }).after, ['8', 'a']);
  t.same(fold(['a'], { remove: ['a'], add: ['a'] }), { after: ['a'], effect: '' });
  t.same(fold(['a'], { remove: ['a'], add: ['A'] }), { after: ['A'], effect: '-a +A' });
});

t.test('origins that disagreed about the rule: each change compares by its own', async (t) => {
  const exact = { equality: 'octetStringMatch' };
  t.same(fold(['v'], { ...exact, add: ['V'] }).after, ['V', 'v']);
  const present = new PresentValues(ruleOf(attribute(exact)), ['v', 'V', 'w'].map(utf8Encode));
  const effect = whole(foldAttribute(present, attribute({ remove: ['v'] })));
  t.same(effect.removed.map(latin1).sort(), ['V', 'v']);
  whole(undoEffect(present, effect));
  t.equal(present.count, 3);
});

t.test('a net effect names nothing twice, and order does not matter to sameness', async (t) => {
  const bytes = (...texts: string[]) => texts.map(utf8Encode);
  const net = whole(netEffect(bytes('a', 'a', 'b'), bytes('a', 'c')));
  t.same([net.removed.map(latin1), net.added.map(latin1)], [['a', 'b'], ['c']]);
  const key = 'mail' as AttributeKey;
  t.ok(
    whole(
      sameEffect({ key, removed: bytes('a', 'b'), added: [] }, { key, removed: bytes('b', 'a'), added: [] }),
    ),
  );
  t.notOk(
    whole(sameEffect({ key, removed: bytes('a'), added: [] }, { key, removed: bytes('b'), added: [] })),
  );
  t.notOk(
    whole(sameEffect({ key, removed: [], added: [] }, { key, removed: [], added: [], nameBefore: 'M' })),
  );
  t.notOk(whole(sameEffect(undefined, { key, removed: [], added: [] })));
});
