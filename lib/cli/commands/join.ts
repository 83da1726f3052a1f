/**
 * `polyarch join`: makes a server that belongs to a topology, and starts it, with one token.
 */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { callControl } from '../../app/control/control-client.js';
import type { MergeResult } from '../../app/data/merge-entries.js';
import { checkMergeSource, type MergeOrder } from '../../app/data/merge-source.js';
import { ChildFailed } from '../../app/process/child-server.js';
import { existingServer } from '../../app/server-files.js';
import type { SetupOptions } from '../../app/setup-server.js';
import { type JoinProgress, makeJoinedServer, startJoined } from '../../app/topology/join-server.js';
import { counted } from '../../base/counted.js';
import { OperatorError } from '../../base/operator-error.js';
import { systemReason } from '../../io/files.js';
import { formatAddress, parseAddress } from '../../topology/address.js';
import type { ServerRuns } from '../../topology/topology.js';
import { defineCommand, jsonOption } from '../command.js';
import { EXIT_OTHER } from '../exit-code.js';
import { mergeOptions, mergeText } from '../merge-text.js';
import { note, printData } from '../output.js';
import { programName } from '../program-name.js';
import { Progress } from '../progress.js';
import { requireWhole } from '../whole-number.js';
import { listenOn } from './setup.js';

export const join = defineCommand({
  options: {
    token: {
      type: 'string',
      describe: 'The token, as token create shows it; or give --token-file',
    },
    'token-file': { type: 'string', describe: 'File that holds the token (- is standard input)' },
    dir: { type: 'string', demandOption: true, describe: 'Directory to make; it must not hold a server' },
    name: { type: 'string', describe: 'Name of the server; absent: server-ID' },
    id: { type: 'number', describe: 'Replica id; absent: the next that was never used' },
    site: { type: 'string', default: 'default', describe: 'Site of the server' },
    runs: {
      choices: ['directory', 'broker', 'both'] as const,
      default: 'both' as const,
      describe: 'Entries, changes only, or both',
    },
    host: { type: 'string', default: '0.0.0.0', describe: 'Address to listen on' },
    port: {
      type: 'number',
      describe: 'LDAP port; LDAPS on the next, replication on +2, HTTP on +3. Absent: 1389, 1636, 8989, 8443',
    },
    advertise: {
      type: 'string',
      describe:
        'Host name or address by which others reach this server; absent: --host, or the name of the machine',
    },
    start: { type: 'boolean', default: true, describe: 'Start it and wait until it is in sync' },
    timeout: {
      type: 'number',
      default: 60,
      describe: 'Seconds to wait while nothing moves, before the command gives up (the server does not)',
    },
    merge: {
      type: 'string',
      describe:
        'Directory of a stopped server, or an LDIF file, whose data become part of those of the topology once this server is in sync',
    },
    differing: mergeOptions.differing,
    'dry-run': {
      type: 'boolean',
      default: false,
      describe: 'With --merge: join, but only list what the merge would do; polyarch merge does it later',
    },
    ...jsonOption,
  },
  examples: [
    ['$0 join --token polyarch-join-... --dir /var/lib/polyarch', 'Certificate, schema, data, in sync'],
    ['$0 join --token-file token.txt --dir ./three --host 127.0.0.1 --port 3389', 'On ports of its own'],
    [
      '$0 join --token-file token.txt --dir ./new --merge ./old --differing newest',
      'Bring the data of the stopped server in ./old along',
    ],
  ],
  async run(args) {
    const everywhere = listenOn(args.host, args.port);
    const listen = args.runs === 'broker' ? { ...everywhere, ldap: 'none', ldaps: 'none' } : everywhere;
    if (args.id !== undefined) requireWhole(args.id, 1, 65_535, '--id');
    await checkMerge(args);
    const steps = (step: string) => {
      if (!args.json) note(step);
    };
    const made = await makeJoinedServer(
      {
        dir: args.dir,
        token: givenToken(args.token, args['token-file']),
        name: args.name,
        id: args.id,
        site: args.site,
        runs: args.runs,
        listen,
        advertise: advertised(listen, args.advertise),
        hosts: args.advertise === undefined ? [hostname()] : [args.advertise, hostname()],
      },
      steps,
    );
    if (!args.start) {
      printData(
        made,
        args.json,
        () => `made ${made.name} in ${made.dir}; start it with: ${programName()} start --dir ${args.dir}`,
      );
      return undefined;
    }
    steps('starting it, and copying what it lacks');
    const progress = new Progress('rows', args.json);
    let running: { readonly pid: number; readonly entries: number };
    try {
      running = await startJoined(made.dir, args.timeout * 1000, (now) => show(progress, now));
    } catch (error) {
      if (!(error instanceof ChildFailed)) throw error;
      for (const line of error.lines) note(line);
      return error.exitCode;
    }
    const merged = args.merge === undefined ? undefined : await mergeInto(made.dir, args.merge, args, steps);
    printData({ ...made, ...running, ...(merged === undefined ? {} : { merged }) }, args.json, () =>
      [
        `${made.name} (id ${made.id}) belongs to the topology and is in sync: ${counted(running.entries, 'entry', 'entries')}, process ${running.pid}`,
        ...(merged === undefined ? [] : [mergeText(merged)]),
      ].join('\n'),
    );
    return (merged?.refused ?? 0) > 0 ? EXIT_OTHER : undefined;
  },
});

interface MergeArguments {
  readonly merge?: string | undefined;
  readonly differing: MergeOrder['differing'];
  readonly 'dry-run': boolean;
}

/** What cannot be merged is told before the token is used. */
async function checkMerge(
  args: MergeArguments & { readonly start: boolean; readonly runs: ServerRuns },
): Promise<void> {
  if (args.merge === undefined) {
    if (args['dry-run'])
      throw new OperatorError('COMMAND_INVALID', '--dry-run is about a merge; say of what with --merge');
    return;
  }
  if (!args.start || args.runs === 'broker')
    throw new OperatorError(
      'COMMAND_INVALID',
      '--merge needs a server that holds entries and is started: leave --no-start and --runs broker out',
    );
  await checkMergeSource(resolve(args.merge));
}

async function mergeInto(
  dir: string,
  from: string,
  args: MergeArguments,
  steps: (step: string) => void,
): Promise<MergeResult> {
  steps(`merging the data of ${from}`);
  const order: MergeOrder = { from: resolve(from), differing: args.differing, dryRun: args['dry-run'] };
  return (await callControl(existingServer(dir), { command: 'merge', ...order })) as MergeResult;
}

function show(progress: Progress, { rows, entries, trouble }: JoinProgress): void {
  progress.trouble(trouble);
  progress.update(rows, entries === undefined || rows > entries ? undefined : rows / Math.max(1, entries));
}

function givenToken(token: string | undefined, file: string | undefined): string {
  if (token !== undefined) return token;
  if (file === undefined)
    throw new OperatorError(
      'COMMAND_INVALID',
      'give the token with --token or --token-file; it comes from: polyarch token create, on a server of the topology',
    );
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new OperatorError(
      'COMMAND_INVALID',
      `cannot read the token in ${file}: ${systemReason(error)}`,
      [],
      {
        cause: error,
      },
    );
  }
}

/** Addresses that others use: those listened on, under the host name that leads here. */
function advertised(listen: SetupOptions['listen'], host: string | undefined): SetupOptions['advertise'] {
  const out: Partial<Record<'ldap' | 'ldaps' | 'replication' | 'http', string>> = {};
  for (const kind of ['ldap', 'ldaps', 'replication', 'http'] as const) {
    const address = parseAddress(listen[kind]);
    if (address === undefined) continue;
    const isAny = address.host === '0.0.0.0' || address.host === '::';
    out[kind] = formatAddress({ host: host ?? (isAny ? hostname() : address.host), port: address.port });
  }
  return out;
}
