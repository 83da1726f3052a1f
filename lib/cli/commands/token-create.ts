/**
 * `polyarch token create`: a token with which one new server may join the topology.
 */
import { callControl } from '../../app/control/control-client.js';
import { existingServer } from '../../app/server-files.js';
import type { MadeToken } from '../../app/topology/topology-office.js';
import { OperatorError } from '../../base/operator-error.js';
import { parseAddress } from '../../topology/address.js';
import { defineCommand, dirOption, jsonOption } from '../command.js';
import { note, printData } from '../output.js';
import { programName } from '../program-name.js';

export const tokenCreate = defineCommand({
  options: {
    ...dirOption,
    ...jsonOption,
    minutes: { type: 'number', default: 60, describe: 'For how long it is good; up to 43200 (30 days)' },
    address: {
      type: 'string',
      array: true,
      default: [],
      describe:
        "Where the new server reaches this one's replication port, as HOST:PORT; absent: the advertised address",
    },
    'ca-key': {
      type: 'boolean',
      default: true,
      describe:
        'Give the new server the key of the topology CA too: it renews its certificate, and can make tokens',
    },
  },
  examples: [
    ['$0 token create --dir /var/lib/polyarch', 'Good for one server, for an hour; it is shown only now'],
    ['$0 token create --minutes 10 --no-ca-key', 'For a server in a place that is less safe'],
  ],
  async run(args) {
    for (const address of args.address)
      if ((parseAddress(address)?.port ?? 0) === 0)
        throw new OperatorError('COMMAND_INVALID', `--address takes HOST:PORT, not "${address}"`);
    const made = (await callControl(existingServer(args.dir), {
      command: 'token-create',
      lifeMs: Math.round(args.minutes * 60_000),
      withAuthorityKey: args['ca-key'],
      addresses: args.address,
    })) as MadeToken;
    printData(made, args.json, () => made.token);
    if (!args.json)
      note(
        `good for one server until ${made.expiresAt}; on that server: ${programName()} join --token TOKEN --dir DIR`,
      );
    return undefined;
  },
});
