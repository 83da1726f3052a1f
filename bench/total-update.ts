/**
 * A total update: an empty server takes everything from another one.
 *
 * npm run bench -- total-update [--entries 100000] [--port 17000] [--profile DIR]
 * Counted from when the empty server listens until it is ready. --profile writes a CPU profile of each server.
 */
import * as polyarch from './polyarch.js';
import { costs, inFolder, makeTwo, option, report, statusOf, untilSame } from './two-servers.js';

const entries = Number(option('entries', '100000'));
const profile = option('profile', '');
const node = profile === '' ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];

await inFolder(async (dir, keep) => {
  const [one, two] = await makeTwo(dir, Number(option('port', '17000')), entries);
  const source = keep(await polyarch.start(one.dir, one.port, node));
  const target = keep(await polyarch.start(two.dir, two.port, node));
  const [gave, took] = await costs([source, target], () => untilSame(one, two));
  const held = (await statusOf(two)).domain.entries;
  process.stdout.write(`${entries} entries, ${held} held by the target\n`);
  if (gave !== undefined) report('source', gave, entries);
  if (took !== undefined) report('target', took, entries);
});
