/**
 * Waiting for the operator to stop a command: SIGINT, SIGTERM or SIGHUP.
 */

/** Resolves at the first signal. A second one ends the process at once. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false;
    const on = (signal: NodeJS.Signals) => {
      if (asked && signal !== 'SIGHUP') process.exit(70);
      asked = true;
      resolve(signal);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, on);
  });
}
