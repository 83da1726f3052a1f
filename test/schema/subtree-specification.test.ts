/** Subtree specifications (RFC 3672): their text, and which names are in a scope. */
import t from 'tap';
import { utf8Encode } from '../../lib/base/bytes.js';
import { parseDn } from '../../lib/dn/dn-text.js';
import { dnKey } from '../../lib/schema/dn-key.js';
import {
  readSubtreeSpecification,
  refines,
  type SubtreeSpecification,
  subtreeScope,
} from '../../lib/schema/subtree-specification.js';

const POINT = 'ou=people,dc=example';
const read = (text: string) => readSubtreeSpecification(utf8Encode(text));

function must(text: string): SubtreeSpecification {
  const specification = read(text);
  if (specification === undefined) throw new Error(`not read: ${text}`);
  return specification;
}

/** Which of these names, relative to the point, are in the scope. */
function inside(text: string, ...names: readonly string[]): readonly string[] {
  const scope = subtreeScope(must(text), dnKey(parseDn(POINT)));
  return names.filter((name) => scope.holds(dnKey(parseDn(name === '' ? POINT : `${name},${POINT}`))));
}

t.test('RFC 3672 appendix A: what is a subtree specification, and what is none', async (t) => {
  for (const text of [
    '{}',
    '{ }',
    ' { base "ou=A" } ',
    '{ minimum 1, maximum 3 }',
    '{ base "", specificExclusions { } }',
    '{ specificExclusions { chopBefore:"ou=a", chopAfter:"ou=""b""" } }',
    '{ specificationFilter item:person }',
    '{ specificationFilter and:{ item:2.5.6.6, not:item:device, or:{ item:a, item:b } } }',
  ])
    t.ok(read(text), text);
  for (const text of [
    '',
    'x',
    '{',
    '{}}',
    '{ base ou=A }',
    '{ base "no dn" }',
    '{ base "ou=a", base "ou=b" }',
    '{ minimum -1 }',
    '{ minimum 99999999999 }',
    '{ maximum "1" }',
    '{ nonsense 1 }',
    '{ specificExclusions { "ou=a" } }',
    '{ specificExclusions { chopOff:"ou=a" } }',
    '{ specificationFilter person }',
    '{ specificationFilter item:"person" }',
    '{ specificationFilter xor:{ item:a } }',
    `{ specificationFilter ${'not:'.repeat(40)}item:a }`,
    `{ specificExclusions { ${'chopBefore:"ou=a",'.repeat(1001)} chopAfter:"ou=a" } }`,
    `{ base "ou=${'x'.repeat(70_000)}" }`,
  ])
    t.equal(read(text), undefined, text.slice(0, 60));
});

t.test('base, chops and distances (RFC 3672 section 2.1)', async (t) => {
  const names = ['', 'ou=a', 'ou=b', 'uid=x,ou=a', 'uid=x,ou=b', 'uid=y,uid=x,ou=a'];
  t.same(inside('{}', ...names), names, 'the administrative point and all below');
  t.same(inside('{ base "OU= A" }', ...names), ['ou=a', 'uid=x,ou=a', 'uid=y,uid=x,ou=a']);
  t.same(inside('{ minimum 1 }', ...names), names.slice(1));
  t.same(inside('{ maximum 1 }', ...names), ['', 'ou=a', 'ou=b']);
  t.same(inside('{ minimum 1, maximum 1 }', ...names), ['ou=a', 'ou=b']);
  t.same(inside('{ base "ou=a", minimum 1, maximum 1 }', ...names), ['uid=x,ou=a'], 'from the base on');
  t.same(inside('{ specificExclusions { chopBefore:"ou=a" } }', ...names), ['', 'ou=b', 'uid=x,ou=b']);
  t.same(inside('{ specificExclusions { chopAfter:"ou=a" } }', ...names), ['', 'ou=a', 'ou=b', 'uid=x,ou=b']);
  t.same(
    inside('{ base "ou=a", specificExclusions { chopBefore:"uid=x" } }', ...names),
    ['ou=a'],
    'below the base',
  );
  t.same(inside('{}', 'cn=a\\,b'), ['cn=a\\,b'], 'a comma in a value is no level');
  t.same(inside('{ maximum 1 }', 'cn=a\\,b'), ['cn=a\\,b']);
  const all = subtreeScope(must('{ maximum 1 }'), '');
  t.ok(all.holds('dc=example') && !all.holds(dnKey(parseDn(POINT))), 'the root is a point too');
  t.notOk(subtreeScope(must('{}'), 'dc=other').holds(dnKey(parseDn(POINT))));
});

t.test('refinements by class (X.501 section 12.3.5)', async (t) => {
  const passes = (filter: string, ...classes: string[]): boolean => {
    const { refinement } = must(`{ specificationFilter ${filter} }`);
    return refinement !== undefined && refines(refinement, (name) => classes.includes(name));
  };
  t.ok(passes('item:person', 'top', 'person'));
  t.notOk(passes('item:person', 'top'));
  t.ok(passes('not:item:person', 'top'));
  t.ok(passes('or:{ item:a, item:b }', 'b') && !passes('or:{ item:a, item:b }', 'c'));
  t.ok(passes('and:{ item:a, not:item:b }', 'a') && !passes('and:{ item:a, not:item:b }', 'a', 'b'));
  t.ok(passes('and:{ }') && !passes('or:{ }'));
});
