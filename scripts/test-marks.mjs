/** What test-batch.mjs writes and run-tests.mjs reads. */

/** Begins the line, of JSON, that follows the output of a file: its name, its counts, milliseconds, and what it left open. */
export const FILE_MARK = '# file: ';

/** Counts of tap that are added up. */
export const COUNTS = ['pass', 'fail', 'skip', 'todo'];

/** Longest that a file may take, seconds. No claim: it only ends a file that hangs. A loaded machine with one slow processor needs many times what an idle one with two does. */
export const FILE_SECONDS = 300;
