/** `npm run bench -- NAME [options]`: builds, then runs bench/NAME. Without a name it lists what there is. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled, root, run } from './prepare.mjs';

ensureInstalled();
const { ensureBuilt } = await import('./make.mjs');
await ensureBuilt();
const [name, ...rest] = process.argv.slice(2);
const file = join(root, 'build', 'bench', `${name}.js`);
if (name === undefined || !existsSync(file)) {
  const runnable = readdirSync(join(root, 'bench')).filter((entry) => entry.endsWith('.ts'));
  console.error(
    `npm run bench -- NAME; NAME is one of: ${runnable.map((entry) => entry.slice(0, -3)).join(', ')}`,
  );
  process.exit(name === undefined ? 0 : 89);
}
run(process.execPath, [file, ...rest]);
