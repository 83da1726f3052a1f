/**
 * Commands about the topology on a running server: who belongs, tokens, leaving, forgetting.
 */
import { OperatorError } from '../../base/operator-error.js';
import type { RunningServer } from '../server.js';
import { forgetServer, leaveTopology } from '../topology/leave-topology.js';
import type { ControlProgress, ControlRequest } from './control-protocol.js';

/** Least and greatest life of a token, ms. */
const MIN_LIFE_MS = 10_000;
const MAX_LIFE_MS = 30 * 86_400_000;

export type TopologyRequest = Extract<
  ControlRequest,
  { readonly command: 'topology' | `token-${string}` | 'leave' | 'forget' }
>;

/** Answers one of them. */
export async function topologyCommand(
  { topology, topologyOffice: office, config }: RunningServer,
  request: TopologyRequest,
  progress: (progress: ControlProgress) => void,
): Promise<unknown> {
  switch (request.command) {
    case 'topology':
      return { server: config.settings['server.name'], members: topology.members };
    case 'token-list':
      return await office.tokens();
    case 'token-create': {
      const { lifeMs, withAuthorityKey, addresses } = request;
      if (!(lifeMs >= MIN_LIFE_MS && lifeMs <= MAX_LIFE_MS))
        throw new OperatorError('COMMAND_INVALID', 'a token lives for 10 seconds to 30 days');
      return await office.createToken(lifeMs, withAuthorityKey, addresses);
    }
    case 'token-revoke':
      await office.revokeToken(request.id);
      return { revoked: request.id };
    case 'leave':
      return await leaveTopology(office.parts, request.timeoutMs, progress);
    case 'forget':
      return await forgetServer(office.parts, request.server, request.force);
  }
}
