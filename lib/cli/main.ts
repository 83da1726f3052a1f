/**
 * Entry of the polyarch program: hands the command line to run() and sets the exit code.
 *
 * bin/polyarch starts it. A closed pipe on standard output (`polyarch ... | head`) ends the program quietly.
 */
import { run } from './run.js';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await run(process.argv.slice(2));
