/**
 * `polyarch leave`: takes a running server out of its topology, or, with --forget, another one that is gone.
 */
import { callControl } from '../../app/control/control-client.js';
import { untilGone } from '../../app/process/process-end.js';
import { existingServer } from '../../app/server-files.js';
import { defineCommand, dirOption, jsonOption } from '../command.js';
import { note, printData } from '../output.js';

const STOP_MS = 15_000;

export const leave = defineCommand({
  options: {
    ...dirOption,
    ...jsonOption,
    forget: {
      type: 'string',
      describe: 'Name of another server, which is gone for good: this one stays, and all forget that one',
    },
    force: { type: 'boolean', default: false, describe: 'With --forget: even one that is connected now' },
    timeout: {
      type: 'number',
      default: 60,
      describe: 'Seconds to wait until another server holds all changes of this one',
    },
  },
  examples: [
    [
      '$0 leave --dir /var/lib/polyarch',
      'Its changes are with the others before it goes; then it is stopped',
    ],
    [
      '$0 leave --dir /var/lib/polyarch --forget server-3',
      'server-3 is dead: nothing is kept for it any more',
    ],
  ],
  async run(args) {
    const files = existingServer(args.dir);
    if (args.forget !== undefined) {
      const done = await callControl(files, { command: 'forget', server: args.forget, force: args.force });
      printData(
        done,
        args.json,
        () =>
          `${args.forget} is out of the topology; all servers hear of it, and refuse it should it come back`,
      );
      return undefined;
    }
    let told = '';
    const done = (await callControl(
      files,
      { command: 'leave', timeoutMs: args.timeout * 1000 },
      ({ what }) => {
        if (!args.json && what !== told) note(what);
        told = what;
      },
    )) as { name: string };
    const { pid } = (await callControl(files, { command: 'stop' })) as { pid: number };
    const stopped = await untilGone(pid, STOP_MS);
    printData(
      { ...done, stopped },
      args.json,
      () =>
        `${done.name} has left the topology and ${stopped ? 'is stopped' : `is stopping (process ${pid})`}; its data stay in ${files.dir}`,
    );
    return undefined;
  },
});
