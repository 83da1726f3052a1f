/**
 * What the end-to-end tests share: the program under test, free ports, a running demo, other programs, and waiting with a deadline.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { readServerConfig } from '../../lib/app/config/read-config.js';
import { callControl } from '../../lib/app/control/control-client.js';
import { verifyOffline } from '../../lib/app/data/verify-store.js';
import type { ServerStatus } from '../../lib/app/monitor/server-status.js';
import type { ReadyServer } from '../../lib/app/process/demo-layout.js';
import { serverFiles } from '../../lib/app/server-files.js';
import { listenOn } from '../../lib/cli/commands/setup.js';
import { setUpOneServer } from '../app/one-server.js';

/** The compiled tree that this test is part of. */
const BUILD = resolve(fileURLToPath(new URL('../..', import.meta.url)));
/** The program under test. */
export const LAUNCHER = resolve('bin/polyarch');
/**
 * Servers and commands of a test live for seconds: a quarter of their processor time would be V8 making code fast that hardly runs any more (scripts/run-tests.mjs).
 * POLYARCH_NODE_FLAGS in the environment has the last word.
 */
const NODE_FLAGS = process.env.POLYARCH_NODE_FLAGS ?? '--interrupt-budget=400000';
export const ENV: NodeJS.ProcessEnv = {
  ...process.env,
  POLYARCH_BUILD: BUILD,
  POLYARCH_NODE_FLAGS: NODE_FLAGS,
};
delete ENV.POLYARCH_PASSWORD;

export const ADMIN = 'cn=Directory Manager';
export const BASE = 'dc=example,dc=com';
export const PASSWORD = 'demo secret';

/** Longest that a file here may take: no claim, it only ends one that hangs. A loaded machine with one slow processor needs many times what an idle one does. */
export const LIMIT_MS = 290_000;
/** Longest that is waited for what must come. As generous, for the same reason; who waits for nothing learns it late. */
export const DEADLINE_MS = 120_000;
/** Longest that a client of a test waits for one answer. */
export const ANSWER_MS = 60_000;

export interface Done {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end without blocking this process. */
export function run(
  program: string,
  args: readonly string[],
  input = '',
  env: NodeJS.ProcessEnv = ENV,
): Promise<Done> {
  return new Promise((done, failed) => {
    const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', failed);
    child.on('close', (status) => done({ status, stdout, stderr }));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

/** Runs our program to its end. */
export function polyarch(args: readonly string[], input = '', env: NodeJS.ProcessEnv = ENV): Promise<Done> {
  return run(LAUNCHER, args, input, env);
}

/** Starts our program and leaves it running. */
export function launch(args: readonly string[], env: NodeJS.ProcessEnv = ENV): ChildProcess {
  return spawn(LAUNCHER, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Why a program cannot be used here, or false. */
export function missing(program: string): string | false {
  const found = isAbsolute(program)
    ? existsSync(program)
    : (process.env.PATH ?? '').split(':').some((dir) => existsSync(join(dir, program)));
  return found ? false : `${program} is not installed`;
}

/** Why a library of an interpreter cannot be used here, or false. */
export function missingLibrary(program: string, args: readonly string[], name: string): string | false {
  const absent = missing(program);
  if (absent !== false) return absent;
  return spawnSync(program, args).status === 0 ? false : `${name} is not installed`;
}

/** A directory that is removed at the end of the test. */
export function temporary(t: Test): string {
  const dir = mkdtempSync(join(tmpdir(), 'polyarch-e2e-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Ports are given out in tens; the last of a ten is held by the test that has the others. */
const TEN = 10;
const FIRST_PORT = 20_000;
const TENS = 1200;

/**
 * First of `count` ports from which on all are free now; every tenth is not for use. They stay this process's until it ends: servers that are stopped for a while, or start
 * later, find theirs free whatever other tests run.
 */
export async function freePorts(count: number): Promise<number> {
  const tens = Math.ceil(count / TEN);
  for (let tries = 0; tries < 200; tries++) {
    const first = FIRST_PORT + TEN * ((process.pid * 13 + tries * 97) % TENS);
    const ports = Array.from({ length: tens * TEN }, (_, at) => first + at);
    const held = await Promise.all(ports.map(hold));
    const free = held.every((server) => server !== undefined);
    for (const [at, server] of held.entries()) if (!free || at % TEN !== TEN - 1) await release(server);
    if (free) return first;
  }
  throw new Error('no free ports');
}

/** Listens on a port without keeping the process alive; undefined when it is taken. */
function hold(port: number): Promise<Server | undefined> {
  return new Promise((done) => {
    const server = createServer().unref();
    server.once('error', () => done(undefined));
    server.listen({ host: '127.0.0.1', port }, () => done(server));
  });
}

function release(server: Server | undefined): Promise<void> {
  return new Promise((done) => {
    if (server === undefined) done();
    else server.close(() => done());
  });
}

/** Waits until `look` answers something other than undefined or false; throws after the deadline with what was awaited. `pauseMs`: between looks that cost something. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  deadlineMs = DEADLINE_MS,
  pauseMs = 15,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await delay(pauseMs);
  }
}

export interface Demo {
  readonly process: ChildProcess;
  readonly dir: string;
  readonly servers: readonly ReadyServer[];
  /** What it wrote to standard error so far. */
  notes(): string;
  /** Stops it and answers its exit code. */
  stop(): Promise<number | null>;
}

/** The parsed `ready` line of a demo, and everything printed before it. */
export function readyOf(
  child: ChildProcess,
): Promise<{ servers: ReadyServer[]; baseDn: string; bindDn: string }> {
  return new Promise((done, failed) => {
    let text = '';
    let errors = '';
    child.stderr?.setEncoding('utf8').on('data', (more: string) => {
      errors += more;
    });
    child.stdout?.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      const end = text.indexOf('\n');
      if (end >= 0) done(JSON.parse(text.slice(0, end)));
    });
    child.on('close', (code) => failed(new Error(`the demo ended with ${code}: ${errors}`)));
  });
}

/** A demo of three servers with the sample data; stopped at the end of the test. */
export async function startDemo(
  t: Test,
  entries = 60,
  servers = 3,
  options: NodeJS.ProcessEnv = {},
): Promise<Demo> {
  const dir = temporary(t);
  const port = await freePorts(10 * servers);
  const args = ['demo', '--json', '--dir', dir, '--port', String(port), '--password', PASSWORD];
  const child = launch([...args, '--entries', String(entries), '--servers', String(servers)], {
    ...ENV,
    ...options,
  });
  let notes = '';
  child.stderr?.on('data', (text) => {
    notes += text;
  });
  const ended = new Promise<number | null>((done) => {
    child.on('close', (code) => done(code));
  });
  const stop = async () => {
    if (child.exitCode === null) child.kill('SIGTERM');
    return await ended;
  };
  t.teardown(stop);
  const ready = await readyOf(child);
  return { process: child, dir, servers: ready.servers, notes: () => notes, stop };
}

/** Options of ldap-utils for the administrator on one server. */
export function adminOn(server: ReadyServer): string[] {
  return ['-x', '-H', server.ldap, '-D', ADMIN, '-w', PASSWORD];
}

/** Values of one attribute of one entry on a server, by ldapsearch; undefined when the entry is not there. */
export async function read(
  server: ReadyServer,
  dn: string,
  attribute: string,
): Promise<string[] | undefined> {
  const args = [
    '-LLL',
    '-o',
    'ldif-wrap=no',
    ...adminOn(server),
    '-b',
    dn,
    '-s',
    'base',
    '(objectClass=*)',
    attribute,
  ];
  const { status, stdout } = await run('ldapsearch', args);
  if (status !== 0) return undefined;
  const prefix = `${attribute}: `.toLowerCase();
  return stdout
    .split('\n')
    .filter((line) => line.toLowerCase().startsWith(prefix))
    .map((line) => line.slice(prefix.length));
}

/** Every entry of a server as sorted LDIF, stamps included: equal texts are equal replicas. */
export async function contents(server: ReadyServer): Promise<string> {
  const args = ['-LLL', '-o', 'ldif-wrap=no', ...adminOn(server), '-b', BASE, '(objectClass=*)', '*', '+'];
  const { status, stdout, stderr } = await run('ldapsearch', args);
  if (status !== 0) throw new Error(`ldapsearch: ${stderr}`);
  return stdout
    .split('\n\n')
    .map((entry) => {
      // entryUSN counts what this server applied: each has its own.
      const [dn, ...rest] = entry
        .trim()
        .split('\n')
        .filter((line) => !line.startsWith('entryUSN: '));
      return [dn, ...rest.sort()].join('\n');
    })
    .sort()
    .join('\n\n');
}

/** Looks that start programs or read all entries: not so often that they slow down what they wait for. */
export const LOOK_PAUSE_MS = 150;

/**
 * Waits until servers have applied the same changes and hold the same entries; answers the entries. They are read one after another: where two differ, the rest need not
 * be read.
 */
export async function untilEqual(servers: readonly ReadyServer[], deadlineMs = DEADLINE_MS): Promise<string> {
  await untilSettled(servers);
  return await eventually(
    'equal contents on all servers',
    async () => {
      let first: string | undefined;
      for (const server of servers) {
        const one = await contents(server).catch(() => undefined);
        first ??= one;
        if (one === undefined || one !== first) return false;
      }
      return first;
    },
    deadlineMs,
    LOOK_PAUSE_MS,
  );
}

/** What a server says of itself, asked over its control socket: a command costs a process. */
export async function statusOf({ dir }: Pick<ReadyServer, 'dir'>): Promise<ServerStatus> {
  return (await callControl(serverFiles(dir), { command: 'status' })) as ServerStatus;
}

/**
 * Waits until servers have applied the same changes of the data. Those that lost everything show in no entry, so equal contents do not tell that they are there. Cheaper than to
 * compare entries, too.
 */
export async function untilSettled(servers: readonly ReadyServer[]): Promise<void> {
  await eventually(
    'the same changes everywhere',
    async () => {
      const states = await Promise.all(
        servers.map(async (server) => (await statusOf(server).catch(() => undefined))?.domains[0]?.applied),
      );
      return states.every((state) => state !== undefined && state === states[0]);
    },
    DEADLINE_MS,
    LOOK_PAUSE_MS,
  );
}

/** What `polyarch verify` finds in a stopped server's data, without a process for it: one line a fault. */
export async function faultsOf({ name, dir }: Pick<ReadyServer, 'name' | 'dir'>): Promise<string[]> {
  const reports = await verifyOffline(await readServerConfig(dir));
  return reports.flatMap(({ baseDn, faults }) => faults.map((fault) => `${name}: ${baseDn}: ${fault}`));
}

/** A server's directory with `entries` sample entries, on free ports; its password is "secret". */
export async function makeServer(
  t: Parameters<typeof temporary>[0],
  entries = 5,
): Promise<{ dir: string; port: number }> {
  const dir = `${temporary(t)}/server`;
  const port = await freePorts(4);
  const listen = listenOn('127.0.0.1', port);
  await setUpOneServer({ dir, domains: [BASE], listen, empty: false, sampleEntries: entries });
  return { dir, port };
}
