/**
 * What the end-to-end tests share: the program under test, free ports, a running demo, other programs, and waiting with a deadline.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import type { ReadyServer } from '../../lib/app/demo-layout.js';

/** The compiled tree that this test is part of. */
const BUILD = resolve(fileURLToPath(new URL('../..', import.meta.url)));
/** The program under test. */
export const LAUNCHER = resolve('bin/polyarch');
export const ENV: NodeJS.ProcessEnv = { ...process.env, POLYARCH_BUILD: BUILD };
delete ENV.POLYARCH_PASSWORD;

export const ADMIN = 'cn=Directory Manager';
export const BASE = 'dc=example,dc=com';
export const PASSWORD = 'demo secret';

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

/** First of `count` ports from which on all are free now. */
export async function freePorts(count: number): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const first = 20_000 + ((process.pid * 131 + tries * 977) % 12_000);
    const free = await Promise.all(Array.from({ length: count }, (_, at) => isFree(first + at)));
    if (free.every(Boolean)) return first;
  }
  throw new Error('no free ports');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen({ host: '127.0.0.1', port }, () => server.close(() => done(true)));
  });
}

/** Waits until `look` answers something other than undefined or false; throws after the deadline with what was awaited. `pauseMs`: between looks that cost something. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  deadlineMs = 20_000,
  pauseMs = 10,
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

/** Waits until servers hold the same, and answers that. They are read one after another: where two differ, the rest need not be read. */
export async function untilEqual(servers: readonly ReadyServer[], deadlineMs = 40_000): Promise<string> {
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

const SETUP_SECRET = { ...ENV, POLYARCH_PASSWORD: 'secret' };

/** A server's directory with `entries` sample entries, on free ports. */
export async function makeServer(
  t: Parameters<typeof temporary>[0],
  entries = 5,
): Promise<{ dir: string; port: number }> {
  const dir = `${temporary(t)}/server`;
  const port = await freePorts(4);
  const made = await polyarch(
    [
      'setup',
      '--dir',
      dir,
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '--sample-entries',
      String(entries),
    ],
    '',
    SETUP_SECRET,
  );
  t.equal(made.status, 0, made.stderr);
  return { dir, port };
}
