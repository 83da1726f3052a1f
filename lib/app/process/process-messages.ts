/**
 * What a server process tells the process that started it (demo, start --detach), over Node's IPC channel.
 */

export type ServerMessage =
  | { readonly kind: 'ready' }
  /** It could not start; lines are ready to print. */
  | { readonly kind: 'failed'; readonly lines: readonly string[]; readonly exitCode: number };

/** Sends a message to the parent, where there is one that listens. */
export function tellParent(message: ServerMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(message, undefined, {}, () => resolve());
  });
}

/** Whether a value received from a child is a ServerMessage. */
export function isServerMessage(value: unknown): value is ServerMessage {
  const kind = (value as { kind?: unknown } | null)?.kind;
  return kind === 'ready' || kind === 'failed';
}
