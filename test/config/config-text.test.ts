/** The file that setup writes: groups once, help as comments, values that YAML reads back (server-config.test.ts reads them). */
import t from 'tap';
import { configText } from '../../lib/config/config-text.js';

t.test('groups stand together, each option under its help', (t) => {
  const text = configText({
    'server.id': 1,
    'server.name': 'a',
    domains: ['dc=x'],
    peers: { b: 'h:1' },
    indexes: { uid: ['equality'] },
  });
  const lines = text.split('\n').filter((line) => !line.trim().startsWith('#'));
  t.same(lines, [
    '',
    'server:',
    '  id: 1',
    '  name: "a"',
    '',
    'domains:',
    '  - "dc=x"',
    '',
    'peers:',
    '  "b": "h:1"',
    '',
    'indexes:',
    '  "uid": ["equality"]',
    '',
  ]);
  t.ok(text.split('\n').every((line) => line.length <= 112));
  t.end();
});

t.test('an empty map is written as one', (t) => {
  t.match(configText({ peers: {} }), /^peers: \{\}$/m);
  t.end();
});
