/**
 * The commands' end of the control socket.
 */
import { connect } from 'node:net';
import { OperatorError } from '../../base/operator-error.js';
import type { ServerFiles } from '../server-files.js';
import {
  type ControlLine,
  type ControlProgress,
  type ControlRequest,
  errorOf,
  MAX_CONTROL_LINE,
} from './control-protocol.js';

/**
 * Runs one request on the server of `files` and answers its result. Throws OperatorError SERVER_NOT_RUNNING when nobody listens, CONNECT_FAILED when the
 * server ends before it has answered, else what it threw.
 */
export function callControl(
  files: ServerFiles,
  request: ControlRequest,
  onProgress: (progress: ControlProgress) => void = () => {},
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = connect(files.socket);
    let text = '';
    let done = false;
    const finish = (act: () => void) => {
      if (done) return;
      done = true;
      socket.destroy();
      act();
    };
    const read = (line: string) => {
      const reply = JSON.parse(line) as ControlLine;
      if (reply.kind === 'progress') onProgress(reply.progress);
      else if (reply.kind === 'result') finish(() => resolve(reply.result));
      else finish(() => reject(errorOf(reply.error)));
    };
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > MAX_CONTROL_LINE)
        return finish(() => reject(new Error('the server answered too much')));
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        read(text.slice(0, end));
        text = text.slice(end + 1);
      }
    });
    socket.on('error', (error: NodeJS.ErrnoException) => finish(() => reject(connectFailure(files, error))));
    socket.on('close', () => finish(() => reject(connectionLost(files))));
  });
}

/** Whether a server answers on the control socket. */
export async function isRunning(files: ServerFiles): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(files.socket);
    const finish = (running: boolean) => {
      socket.destroy();
      resolve(running);
    };
    socket.on('connect', () => finish(true));
    socket.on('error', () => finish(false));
  });
}

function connectionLost(files: ServerFiles): OperatorError {
  return new OperatorError(
    'CONNECT_FAILED',
    `the server in ${files.dir} ended the connection before it answered; what was asked for may be done, in part or not at all`,
  );
}

function connectFailure(files: ServerFiles, error: NodeJS.ErrnoException): Error {
  if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED')
    return new OperatorError(
      'SERVER_NOT_RUNNING',
      `the server in ${files.dir} does not run; start it with: polyarch start --dir ${files.dir}`,
      [],
      { cause: error },
    );
  return new OperatorError(
    'CONNECT_FAILED',
    `cannot reach the server in ${files.dir}: ${error.message}`,
    [],
    {
      cause: error,
    },
  );
}
