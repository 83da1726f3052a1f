/**
 * `polyarch stop`: asks a running server to finish and waits until its process is gone.
 */
import { callControl } from '../../app/control/control-client.js';
import { untilGone } from '../../app/process/process-end.js';
import { existingServer } from '../../app/server-files.js';
import { OperatorError } from '../../base/operator-error.js';
import { defineCommand, dirOption } from '../command.js';
import { note } from '../output.js';

export const stop = defineCommand({
  options: {
    ...dirOption,
    'timeout-seconds': { type: 'number', default: 30, describe: 'How long to wait for the end' },
  },
  examples: [
    ['$0 stop --dir /var/lib/polyarch', 'Finish the operations in progress, write everything, and end'],
  ],
  async run(args) {
    const files = existingServer(args.dir);
    const { pid } = (await callControl(files, { command: 'stop' })) as { pid: number };
    if (!(await untilGone(pid, args['timeout-seconds'] * 1000)))
      throw new OperatorError(
        'SERVER_RUNNING',
        `the server in ${files.dir} (process ${pid}) did not end within ${args['timeout-seconds']} s; its log says what it waits for`,
      );
    note(`the server in ${files.dir} has stopped`);
    return undefined;
  },
});
