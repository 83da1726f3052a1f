/** Peers that a command names: each must be one that this server has. */
import { OperatorError } from '../../base/operator-error.js';

/** Throws OperatorError COMMAND_INVALID, which lists the peers that there are, for a name that is none of theirs. */
export function checkNamedPeers(names: readonly (string | undefined)[], known: Iterable<string>): void {
  const peers = new Set(known);
  for (const name of names)
    if (name !== undefined && !peers.has(name))
      throw new OperatorError(
        'COMMAND_INVALID',
        `this server has no peer ${name}; it has ${[...peers].join(', ') || 'none'}`,
      );
}
