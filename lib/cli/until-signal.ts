/**
 * Waiting for the operator to stop a command: SIGINT, SIGTERM or SIGHUP.
 */

export interface SignalWait {
  /** Resolves at the first signal. */
  readonly signal: Promise<NodeJS.Signals>;
  /** Ends the waiting: it holds the process no longer. */
  done(): void;
}

/** Begins to wait. A second SIGINT or SIGTERM ends the process at once. */
export function untilSignal(): SignalWait {
  // A waiting promise alone does not keep the process: without children left to watch it would end.
  const alive = setInterval(() => {}, 2 ** 30);
  const signal = new Promise<NodeJS.Signals>((resolve) => {
    let asked = false;
    const on = (name: NodeJS.Signals) => {
      if (asked && name !== 'SIGHUP') process.exit(70);
      asked = true;
      resolve(name);
    };
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, on);
  });
  return { signal, done: () => clearInterval(alive) };
}
