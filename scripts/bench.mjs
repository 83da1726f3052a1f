/** `npm run bench -- NAME [options]`: builds, then runs bench/NAME. Without a name it lists what there is. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled, root, run } from './prepare.mjs';

const folder = join(root, 'bench');
/** A benchmark says how it is run; the other files there serve these. */
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length))
  .filter((name) =>
    new RegExp(`npm run bench -- ${name}(?![\\w-])`).test(readFileSync(join(folder, `${name}.ts`), 'utf8')),
  );
const [name, ...rest] = process.argv.slice(2);
if (name === undefined || name === '--help') {
  console.log(
    `npm run bench -- NAME [options]; NAME is one of: ${names.join(', ')}; --help behind it tells more`,
  );
} else if (!names.includes(name)) {
  console.error(`no benchmark is called ${name}; there are ${names.join(', ')}`);
  process.exit(2);
} else {
  ensureInstalled();
  const { BUILD, ensureBuilt } = await import('./make.mjs');
  await ensureBuilt();
  run(process.execPath, [join(BUILD, 'bench', `${name}.js`), ...rest]);
}
