/** YAML documents: values, lines, and syntax faults in one sentence. */
import t from 'tap';
import { OperatorError } from '../../lib/base/operator-error.js';
import { editYaml, parseYaml, readYamlFile } from '../../lib/io/yaml-file.js';

t.test('lines are those of keys, items, or the nearest parent', (t) => {
  const document = parseYaml('a:\n  b: 1\n  c:\n    - x\n    - y\n', 'f');
  t.equal(document.lineOf(['a']), 1);
  t.equal(document.lineOf(['a', 'b']), 2);
  t.equal(document.lineOf(['a', 'c', 1]), 5);
  t.equal(document.lineOf(['a', 'nowhere', 'deep']), 1);
  t.equal(document.lineOf(['zzz']), undefined);
  t.end();
});

t.test('an empty document is an empty map', (t) => {
  t.same(parseYaml('# nothing\n', 'f').value, {});
  t.end();
});

t.test('syntax faults and duplicate keys name their line', (t) => {
  for (const [text, line] of [
    ['a: 1\na: 2\n', 2],
    ['a: [1\nb: 2\n', 2],
  ] as const) {
    let faults: readonly string[] = [];
    try {
      parseYaml(text, 'f.yaml');
    } catch (error) {
      if (error instanceof OperatorError && error.code === 'CONFIG_INVALID') faults = error.faults;
    }
    t.match(faults[0], new RegExp(`^f.yaml:${line}: `), text);
  }
  t.end();
});

t.test('a file that cannot be read is an operator fault', async (t) => {
  await t.rejects(readYamlFile('/nonexistent/polyarch.yaml', 'p'), { code: 'CONFIG_INVALID' });
});

t.test('an edit leaves comments, order and everything else as they are', (t) => {
  const text = '# top\n\nb: 2 # two\na:\n  # about x\n  x: 1 # one\n  y: [1, 2]\n';
  t.equal(editYaml(text, 'f', ['a', 'x'], 7), text.replace('x: 1', 'x: 7'));
  t.equal(editYaml(text, 'f', ['b'], undefined), '# top\n\na:\n  # about x\n  x: 1 # one\n  y: [ 1, 2 ]\n');
  t.equal(editYaml(text, 'f', ['c', 'z'], undefined), text, 'nothing to take away');
  t.match(parseYaml(editYaml(text, 'f', ['c', 'z'], ['p', 'q']), 'f').value, { b: 2, c: { z: ['p', 'q'] } });
  t.equal(editYaml("s: 'x'\n", 'f', ['s'], 'q"\n'), 's: "q\\"\\n"\n');
  t.throws(() => editYaml('a: 1\n', 'f', ['a', 'x'], 1), { code: 'CONFIG_INVALID' }, 'a is no section');
  t.end();
});
