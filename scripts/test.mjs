/**
 * `npm test`: installs what is missing, builds (types), lints, then runs tidy and all tests. Arguments are test files or folders, as in
 * `npm test -- test/csn`.
 */
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, root, run } from './prepare.mjs';

ensureInstalled();
ensureBuilt();
const bin = (name) => join(root, 'node_modules', '.bin', name);
run(bin('biome'), ['check', '--error-on-warnings']);
const chosen = process.argv.slice(2).map((path) => {
  const file = path.startsWith('build/') ? path : `build/${path}`;
  return file.endsWith('.ts')
    ? file.replace(/\.ts$/, '.js')
    : file.endsWith('.js')
      ? file
      : `${file.replace(/\/$/, '')}/**/*.test.js`;
});
run(bin('tap'), ['run', '--reporter=terse', ...chosen]);
