/** Claims about the directory of a demo. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startDemo } from '../../lib/app/process/demo.js';

t.test('a damaged demo.json is a fault of the directory, told with its name', async (t) => {
  const dir = t.testdir();
  const options = { dir, temporary: false, servers: 1, port: 1, entries: 0, base: 'dc=x', password: 'x' };
  for (const text of [
    '',
    '{"servers":3',
    '[]',
    'null',
    '{}',
    '{"servers":"3","port":1,"base":"dc=x","password":"x"}',
  ]) {
    writeFileSync(join(dir, 'demo.json'), text);
    await t.rejects(
      startDemo(options, () => undefined),
      { code: 'CONFIG_INVALID', message: /demo\.json is damaged/ },
      text,
    );
  }
});
