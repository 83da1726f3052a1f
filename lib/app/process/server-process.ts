/**
 * A server as a process: signals, the process id file, the parent that waits, and what happens on an error nobody caught.
 *
 * SIGTERM and SIGINT stop it (exit 0 when it ended within STOP_MS); a second one ends it at once. SIGHUP reads certificates and configuration again. Commands over the control socket are
 * server-commands.ts.
 */
import { OperatorError } from '../../base/operator-error.js';
import type { OptionKey, Settings } from '../../config/option-table.js';
import { makeLog } from '../../io/pino-log.js';
import type { Log } from '../../port/log.js';
import { type ConfigChange, LiveConfiguration } from '../config/live-configuration.js';
import { readConfigAndSources } from '../config/read-config.js';
import { configCommands } from '../control/config-commands.js';
import { listenControl } from '../control/control-server.js';
import { remoteCommands } from '../control/remote-commands.js';
import { serverCommands } from '../control/server-commands.js';
import { type RunningServer, startServer } from '../server.js';
import { prepareSocketDirectory } from '../server-files.js';
import { removeProcessFile, writeProcessFile } from './process-file.js';
import { tellParent } from './process-messages.js';

/** Milliseconds that a clean stop may take. */
const STOP_MS = 10_000;
const EXIT_INTERNAL = 70;

export type ParentMode = 'supervised' | 'detached' | undefined;

/** Runs the server in `dir` until it is stopped and ends the process; answers only an exit code of a start that failed. `describe`: an error as lines to print and an exit code. */
export async function runServerProcess(
  dir: string,
  flags: ReadonlyMap<OptionKey, string>,
  parent: ParentMode,
  describe: (error: unknown) => { readonly lines: readonly string[]; readonly exitCode: number },
): Promise<number> {
  process.umask(0o077);
  const stopAsked = stopSignal(parent);
  let server: RunningServer;
  let log: Log;
  let control: { close(): Promise<void> };
  let configuration: LiveConfiguration;
  try {
    const given = await readConfigAndSources(dir, flags);
    const { config } = given;
    const own = makeLog({ level: config.settings['log.level'], name: config.settings['server.name'] });
    log = own;
    catchStrays(log);
    server = await startServer(config, log);
    prepareSocketDirectory(config.files);
    const { configure } = server;
    const follow = (settings: Settings) => {
      own.setLevel(settings['log.level']);
      configure(settings);
    };
    configuration = new LiveConfiguration(given, () => readConfigAndSources(dir, flags), follow, log);
    server.serveConfiguration(configuration);
    const others = serverCommands(server, () => stopAsked.ask('the stop command'));
    const commands = configCommands(configuration, config.files, others);
    control = await listenControl(config.files.socket, commands);
    server.serveAdministration(remoteCommands(commands, log));
    writeProcessFile(config.files.pid);
    const { id, version, addresses } = server.status();
    // Commands find it from here on, not only clients.
    log.info({ id, version, ...addresses }, 'ready');
  } catch (error) {
    if (parent === undefined) throw error;
    const { lines, exitCode } = describe(error);
    await tellParent({ kind: 'failed', lines, exitCode });
    process.exit(exitCode);
  }
  process.on('SIGHUP', () => {
    readAgain(server, configuration, log).catch((error: unknown) =>
      log.error({ error: String(error) }, 'the certificates could not be read again'),
    );
  });
  await tellParent({ kind: 'ready' });
  if (parent === 'detached' && process.connected) process.disconnect();
  const reason = await stopAsked.asked;
  log.info({ reason }, 'stopping');
  const late = setTimeout(() => {
    log.error({ afterMs: STOP_MS }, 'the server did not stop in time');
    process.exit(EXIT_INTERNAL);
  }, STOP_MS);
  await server.stop();
  await control.close();
  removeProcessFile(server.config.files.pid);
  clearTimeout(late);
  log.info({}, 'stopped');
  // Nothing is left to wait for: what the runtime still holds (worker threads that end, timers) does not matter any more.
  process.exit(0);
}

/** Has the server take over what its files say now; a configuration with faults stays as it was. Rejects with OperatorError TLS_INVALID. */
async function readAgain(
  server: Pick<RunningServer, 'reloadCertificates'>,
  configuration: LiveConfiguration,
  log: Log,
): Promise<void> {
  let changed: ConfigChange | undefined;
  try {
    changed = await configuration.takeOver();
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    log.error({ code: error.code, faults: error.faults }, `${error.message}; the options stay as they were`);
  }
  await server.reloadCertificates();
  if (changed === undefined) return;
  const { reloaded, atNextStart } = changed;
  log.info(
    { kind: 'reloaded', options: reloaded, atNextStart },
    'configuration and certificates were read again',
  );
}

/** A promise that signals, the end of a supervising parent, or a command resolve; a second signal ends the process. */
function stopSignal(parent: ParentMode): { readonly asked: Promise<string>; ask(reason: string): void } {
  let resolve: (reason: string) => void = () => {};
  const asked = new Promise<string>((done) => {
    resolve = done;
  });
  let signals = 0;
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      signals += 1;
      if (signals > 1) process.exit(EXIT_INTERNAL);
      resolve(signal);
    });
  if (parent === 'supervised') process.on('disconnect', () => resolve('the supervising process is gone'));
  return { asked, ask: resolve };
}

/** What nobody caught is our bug: say so and end; what was acknowledged is on disk. */
function catchStrays(log: Log): void {
  const end = (kind: string) => (error: unknown) => {
    log.error(
      { error: error instanceof Error ? (error.stack ?? error.message) : String(error) },
      `${kind}: please report it; ending`,
    );
    process.exit(EXIT_INTERNAL);
  };
  process.on('uncaughtException', end('an error that nobody handled'));
  process.on('unhandledRejection', end('a rejection that nobody handled'));
}
