/** What keeps a process alive: a turn that was given up does, a timer does not. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import t from 'tap';

const clock = new URL('../../lib/io/system-clock.js', import.meta.url).href;

/** What a process prints whose only work is `wait`. */
async function printed(wait: string): Promise<string> {
  const program = `const m = await import('${clock}'); void (${wait}).then(() => console.log('went on'))`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
  return stdout;
}

t.test('work that gives up its turn goes on, timers alone let the process end', async (t) => {
  t.equal(await printed('m.nextTurn()'), 'went on\n');
  t.equal(await printed('new Promise((done) => m.systemClock.after(3_600_000, done))'), '');
});
