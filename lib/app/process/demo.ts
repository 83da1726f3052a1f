/**
 * The demo: a throw-away topology on loopback, each server a process of its own.
 *
 * Owns making the directories, starting the processes, waiting until all replicas are in sync, telling of a server that died, and stopping all.
 * An existing demo directory keeps its data.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { OperatorError } from '../../base/operator-error.js';
import { unwritable } from '../../io/files.js';
import { callControl } from '../control/control-client.js';
import { generatedPassword } from '../generated-password.js';
import { inSync } from '../monitor/in-sync.js';
import type { ServerStatus } from '../monitor/server-status.js';
import { serverFiles } from '../server-files.js';
import { setupServer } from '../setup-server.js';
import { type ChildServer, startChildServer } from './child-server.js';
import { type DemoServerPlace, demoAddresses, demoLayout } from './demo-layout.js';
import { requireFree } from './free-port.js';
import { isAlive, untilGone } from './process-end.js';

export interface DemoOptions {
  readonly servers: number;
  readonly port: number;
  readonly dir: string;
  /** The directory is removed when the demo stops. */
  readonly temporary: boolean;
  readonly password: string | undefined;
  readonly entries: number;
  readonly base: string;
  /** Arguments that every server's `start` is given. */
  readonly startArguments?: readonly string[];
}

/** What a demo directory says of itself. */
interface DemoRecord {
  readonly servers: number;
  readonly port: number;
  readonly base: string;
  readonly password: string;
}

export interface RunningDemo {
  readonly baseDn: string;
  readonly password: string;
  readonly servers: readonly { readonly place: DemoServerPlace; readonly child: ChildServer }[];
  /** Stops every server that runs in the demo's directories, those started again by hand included. */
  stop(): Promise<void>;
}

/** Milliseconds to wait until all servers are ready and in sync. */
const SYNC_MS = 120_000;
const STOP_MS = 15_000;
const LOOK_MS = 20;

/** Makes or reopens the demo and starts it; `say` is told the steps. Rejects with an OperatorError or ChildFailed, with nothing left running. */
export async function startDemo(options: DemoOptions, say: (step: string) => void): Promise<RunningDemo> {
  const known = readRecord(options.dir);
  const record = known === undefined ? newRecord(options) : checkRecord(known, options);
  const places = demoLayout(options.dir, record.servers, record.port);
  await requireFree(
    places.flatMap((place) => Object.values(demoAddresses(place))),
    'give the demo other ports with --port PORT (npm start -- --port PORT)',
  );
  if (known === undefined) {
    say(`making ${record.servers} servers with ${options.entries} entries in ${options.dir}`);
    await makeServers(places, record, options);
  }
  say('starting the servers');
  const servers = places.map((place) => ({
    place,
    child: startChildServer(place.dir, 'supervised', options.startArguments),
  }));
  const demo: RunningDemo = {
    baseDn: record.base,
    password: record.password,
    servers,
    stop: () => stopDemo(servers, options),
  };
  try {
    await Promise.all(servers.map(({ child }) => child.ready));
    say('waiting until all replicas are in sync');
    await untilInSync(places);
  } catch (error) {
    await demo.stop();
    throw error;
  }
  return demo;
}

function recordFile(dir: string): string {
  return join(dir, 'demo.json');
}

function readRecord(dir: string): DemoRecord | undefined {
  const file = recordFile(dir);
  if (!existsSync(file)) return undefined;
  try {
    const record: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (isRecord(record)) return record;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new OperatorError(
    'CONFIG_INVALID',
    `${file} is damaged: it should tell how the demo was made (servers, port, base, password); start each server by "start --dir", or make a new demo with another --dir`,
  );
}

function isRecord(value: unknown): value is DemoRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { servers, port, base, password } = value as Record<string, unknown>;
  return (
    Number.isInteger(servers) &&
    Number.isInteger(port) &&
    typeof base === 'string' &&
    typeof password === 'string'
  );
}

function newRecord(options: DemoOptions): DemoRecord {
  return {
    servers: options.servers,
    port: options.port,
    base: options.base,
    password: options.password ?? generatedPassword(12),
  };
}

/** An existing demo goes on as it was made; what was asked for otherwise is refused rather than ignored. */
function checkRecord(known: DemoRecord, options: DemoOptions): DemoRecord {
  const faults: string[] = [];
  if (known.servers !== options.servers)
    faults.push(`it has ${known.servers} servers, not ${options.servers}`);
  if (known.port !== options.port) faults.push(`its ports begin at ${known.port}, not at ${options.port}`);
  if (known.base !== options.base) faults.push(`its base DN is ${known.base}, not ${options.base}`);
  if (options.password !== undefined && options.password !== known.password)
    faults.push('it has another password');
  if (faults.length > 0)
    throw new OperatorError(
      'DATA_DIR_NOT_EMPTY',
      `${options.dir} holds a demo that was made with other options; give the same ones or another --dir`,
      faults,
    );
  return known;
}

async function makeServers(
  places: readonly DemoServerPlace[],
  record: DemoRecord,
  options: DemoOptions,
): Promise<void> {
  try {
    mkdirSync(options.dir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unwritable(options.dir, error);
  }
  const first = places[0];
  for (const place of places) {
    const addresses = demoAddresses(place);
    await setupServer({
      dir: place.dir,
      id: place.id,
      name: place.name,
      site: place.site,
      domains: [record.base],
      password: record.password,
      listen: addresses,
      advertise: {},
      peers: new Map(
        places
          .filter((other) => other !== place)
          .map((other) => [other.name, demoAddresses(other).replication]),
      ),
      caFrom: place === first || first === undefined ? undefined : first.dir,
      empty: place !== first,
      sampleEntries: place === first ? options.entries : 0,
      hosts: [],
    });
  }
  // Written last: a demo that was cut while it was made has no record and its directory is refused by setup.
  writeFileSync(recordFile(options.dir), `${JSON.stringify(record)}\n`, { mode: 0o600 });
}

async function untilInSync(places: readonly DemoServerPlace[]): Promise<void> {
  const deadline = performance.now() + SYNC_MS;
  for (;;) {
    const states = await Promise.all(
      places.map(
        (place) => callControl(serverFiles(place.dir), { command: 'status' }) as Promise<ServerStatus>,
      ),
    );
    if (inSync(states)) return;
    if (performance.now() > deadline)
      throw new OperatorError(
        'CONNECT_FAILED',
        `the servers did not come in sync within ${SYNC_MS / 1000} s; their logs are ${places.map((place) => serverFiles(place.dir).log).join(', ')}`,
      );
    await delay(LOOK_MS);
  }
}

async function stopDemo(
  servers: readonly { place: DemoServerPlace; child: ChildServer }[],
  options: DemoOptions,
): Promise<void> {
  await Promise.all(
    servers.map(async ({ place, child }) => {
      // The process that answers now need not be the one that the demo started.
      const answer = await callControl(serverFiles(place.dir), { command: 'stop' }).catch(() => undefined);
      const pid = (answer as { pid: number } | undefined)?.pid;
      if (pid !== undefined && !(await untilGone(pid, STOP_MS))) process.kill(pid, 'SIGKILL');
      const own = child.process.pid;
      if (
        own === undefined ||
        child.process.exitCode !== null ||
        child.process.signalCode !== null ||
        !isAlive(own)
      )
        return;
      child.process.kill('SIGTERM');
      const ended = await Promise.race([child.ended.then(() => true), delay(STOP_MS, false, { ref: false })]);
      if (!ended) child.process.kill('SIGKILL');
    }),
  );
  if (options.temporary) rmSync(options.dir, { recursive: true, force: true });
}
