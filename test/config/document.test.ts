/** Faults of a document are shown in its order, with lines. */
import t from 'tap';
import { formatFaults, formatPath } from '../../lib/config/document.js';

t.test('paths read as in a program', (t) => {
  t.equal(formatPath(['servers', 2, 'peers', 0]), 'servers[2].peers[0]');
  t.equal(formatPath([]), '');
  t.end();
});

t.test('faults are sorted by line; without a line or a path they go without', (t) => {
  const lines = new Map([
    ['b', 9],
    ['a', 3],
  ]);
  const document = {
    name: 'f',
    value: {},
    lineOf: (path: readonly (string | number)[]) => lines.get(String(path[0])),
  };
  t.same(
    formatFaults(document, [
      { path: ['b'], message: 'x' },
      { path: ['a', 'c'], message: 'y' },
      { path: [], message: 'z' },
    ]),
    ['f: z', 'f:3: a.c: y', 'f:9: b: x'],
  );
  t.end();
});
