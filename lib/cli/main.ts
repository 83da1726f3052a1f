/**
 * Entry of the polyarch program: hands the command line to run() and sets the exit code.
 *
 * bin/polyarch starts it. A closed pipe on standard output (`polyarch ... | head`) ends the program quietly;
 * one that cannot be written (a full disk) is told in one sentence.
 */
import { systemReason } from '../io/files.js';
import { EXIT_OTHER } from './exit-code.js';
import { note } from './output.js';
import { run } from './run.js';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  note(`polyarch: cannot write to standard output: ${systemReason(error)}`);
  process.exit(EXIT_OTHER);
});

// The code of a command that nothing lets end any more. (No await here: the program in one file is a script.)
process.exitCode = EXIT_OTHER;
const silent = () => note('polyarch: internal error, please report it: the command ended before it was done');
process.once('beforeExit', silent);
run(process.argv.slice(2)).then((code) => {
  process.off('beforeExit', silent);
  process.exitCode = code;
});
