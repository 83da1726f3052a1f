/**
 * `polyarch replication evict` and `replication restore`: a server that is gone no longer counts; an evicted one may return.
 */
import { type Command, defineCommand, jsonOption } from '../command.js';
import { printData } from '../output.js';
import { callServer, type TargetArguments, targetOptions, targetWords } from '../server-target.js';

export const replicationEvict = standingCommand({
  request: 'upkeep-evict',
  example: 'Nothing is kept for server-3 any more',
  told: (server, domains, args) =>
    `${server} is evicted in ${domains}; all servers hear of it. It is refused when it comes back, until: polyarch replication restore ${targetWords(args)} --server ${server}`,
});

export const replicationRestore = standingCommand({
  request: 'upkeep-restore',
  example: 'Let server-3 return',
  told: (server, domains) =>
    `${server} may return in ${domains}. Where history that it needs is forgotten, it takes a copy first: by itself (option initializeWhenBehind), or with polyarch replication initialize --dir DIR (DIR: that of ${server}). Its changes that nobody has are made anew`,
});

/** A command that changes the standing of a server. `told`: what is said when it is done. */
function standingCommand(spec: {
  readonly request: 'upkeep-evict' | 'upkeep-restore';
  readonly example: string;
  readonly told: (server: string, domains: string, args: TargetArguments) => string;
}): Command {
  const word = spec.request === 'upkeep-evict' ? 'evict' : 'restore';
  return defineCommand({
    options: {
      ...targetOptions,
      ...jsonOption,
      server: { type: 'string', demandOption: true, describe: 'Name of the server; see replication members' },
      base: { type: 'string', describe: 'Base DN of the domain; absent: all domains' },
    },
    examples: [[`$0 replication ${word} --dir /var/lib/polyarch --server server-3`, spec.example]],
    async run(args) {
      const result = (await callServer(args, {
        command: spec.request,
        server: args.server,
        ...(args.base === undefined ? {} : { domain: args.base }),
      })) as { domains: readonly string[] };
      printData(result, args.json, () => spec.told(args.server, result.domains.join('; '), args));
      return undefined;
    },
  });
}
