/**
 * `polyarch topology show`: the servers of the topology, as a running server knows them.
 */
import type { TopologyMember } from '../../topology/member-list.js';
import { defineCommand, jsonOption } from '../command.js';
import { printData, table } from '../output.js';
import { callServer, targetOptions } from '../server-target.js';

export const topologyShow = defineCommand({
  options: { ...targetOptions, ...jsonOption },
  examples: [['$0 topology show --dir /var/lib/polyarch', 'The same on every server']],
  async run(args) {
    const data = (await callServer(args, { command: 'topology' })) as {
      server: string;
      members: TopologyMember[];
    };
    printData(data, args.json, () =>
      table(
        ['server', 'id', 'site', 'runs', 'replication', 'LDAP', 'since', 'state'],
        data.members.map((member) => [
          member.name,
          member.id,
          member.site,
          member.runs,
          member.replication,
          member.ldap,
          new Date(member.sinceMs).toISOString(),
          member.standing === 'left'
            ? `left ${new Date(member.atMs).toISOString()}`
            : member.name === data.server
              ? 'this one'
              : member.joined
                ? 'joined by token'
                : 'configured',
        ]),
      ),
    );
    return undefined;
  },
});
