/**
 * Runs several command lines in one process, one after the other, for tests of what they say: the argument is a JSON list of lists of words, standard output gets a JSON list of
 * what each answered. Owns no claims; what the launcher adds needs a process for each (run.test.ts has some).
 */
import { run } from '../../lib/cli/run.js';

type Write = typeof process.stdout.write;

interface Answered {
  status: number | null;
  stdout: string;
  stderr: string;
}

const answered: Answered[] = [];
const real = process.stdout.write.bind(process.stdout);
for (const words of JSON.parse(process.argv[2] ?? '[]') as string[][]) {
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    process[name].write = ((text: string | Uint8Array, ...more: unknown[]) => {
      said[name] += typeof text === 'string' ? text : Buffer.from(text).toString();
      for (const done of more) if (typeof done === 'function') done();
      return true;
    }) as Write;
  answered.push({ status: await run(words), ...said });
}
real(JSON.stringify(answered));
