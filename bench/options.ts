/** Options of a benchmark's command line: `--name value`. */

/** The value of an option as text. */
export function option(name: string, fallback: string): string {
  const at = process.argv.indexOf(`--${name}`);
  return (at < 0 ? undefined : process.argv[at + 1]) ?? fallback;
}

/** Flags of Node with which a server of ours writes a CPU profile into `folder`; none for ''. */
export function profiling(folder: string): readonly string[] {
  return folder === '' ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`];
}
