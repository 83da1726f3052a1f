/**
 * What a long run of adds leaves in a server's memory: it has to level off, also where a subscriber reads nothing.
 *
 * npm run bench -- memory [--adds 300000] [--entries 5000] [--subscriber none|stopped] [--connections 64] [--window 1] [--port 17100]
 * Prints, after each 50,000 adds, what is resident: the process's own memory and pages of files (Node's program and LevelDB's tables, which the system takes back when it needs room).
 * `stopped`: a second server follows it and is stopped by a signal, its connections open.
 */
import { must } from '../lib/base/assert.js';
import { buildLoad, load } from './load.js';
import * as polyarch from './polyarch.js';
import { memoryOf, processorUs } from './process-figures.js';
import { BASE_DN, inFolder, makeTwo, option, PASSWORD, untilSame } from './two-servers.js';

const STEP = 50_000;
/** Seconds of one run of the load. */
const SECONDS = 2;

const adds = Number(option('adds', '300000'));
const entries = Number(option('entries', '5000'));
const stopped = option('subscriber', 'none') === 'stopped';
const connections = Number(option('connections', '64'));
const window = Number(option('window', '1'));

function row(pid: number, done: number, cost: string): void {
  const memory = memoryOf(pid);
  const parts =
    memory === undefined ? '?' : `${memory.residentMiB} (own ${memory.ownMiB}, files ${memory.filesMiB})`;
  process.stdout.write(`${String(done).padStart(9)} adds${cost.padStart(28)}   resident, MiB: ${parts}\n`);
}

/** Adds until `adds` are done; a row after each STEP of them. */
async function addAll(pid: number, port: number): Promise<void> {
  let done = 0;
  let told = { done: 0, us: processorUs([pid]), ms: performance.now() };
  while (done < adds) {
    const { nextLoadNumber, errors } = await load({
      port,
      operation: 'add',
      connections,
      window,
      seconds: SECONDS,
      bindDn: polyarch.ADMIN_DN,
      password: PASSWORD,
      baseDn: BASE_DN,
      range: entries,
      firstLoadNumber: done,
    });
    if (errors > 0) throw new Error(`${errors} adds were refused`);
    done = nextLoadNumber;
    if (done < adds && Math.floor(done / STEP) === Math.floor(told.done / STEP)) continue;
    const [us, ms, count] = [processorUs([pid]), performance.now(), done - told.done];
    row(
      pid,
      done,
      `${Math.round((count * 1000) / (ms - told.ms))}/s, ${Math.round((us - told.us) / count)} us each`,
    );
    told = { done, us, ms };
  }
}

await inFolder(async (dir, keep) => {
  buildLoad();
  const [one, two] = await makeTwo(dir, Number(option('port', '17100')), entries);
  const server = keep(await polyarch.start(one.dir, one.port));
  if (stopped) {
    const subscriber = keep(await polyarch.start(two.dir, two.port));
    await untilSame(one, two);
    subscriber.kill('SIGSTOP');
  }
  const pid = must(server.pid, 'it runs');
  row(pid, 0, stopped ? 'a subscriber is stopped' : 'no subscriber');
  await addAll(pid, one.port);
});
