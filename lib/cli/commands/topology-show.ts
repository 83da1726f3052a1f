/**
 * `polyarch topology show`: the servers of the topology, as a running server knows them.
 */
import { callControl } from '../../app/control-client.js';
import { existingServer } from '../../app/server-files.js';
import type { TopologyMember } from '../../topology/member-list.js';
import { defineCommand, dirOption, jsonOption } from '../command.js';
import { printData, table } from '../output.js';

export const topologyShow = defineCommand({
  options: { ...dirOption, ...jsonOption },
  examples: [['$0 topology show --dir /var/lib/polyarch', 'The same on every server']],
  async run(args) {
    const data = (await callControl(existingServer(args.dir), { command: 'topology' })) as {
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
