/**
 * The load generator as a function: compiles bench/ldapload.c once (any C compiler) and runs one measurement.
 *
 * A closed loop in C, because a client in Node would be the bottleneck and not the server.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type LoadOperation = 'base' | 'eq' | 'sub' | 'mod' | 'add' | 'del' | 'bind' | 'mix';

export interface LoadRun {
  readonly port: number;
  readonly operation: LoadOperation;
  readonly connections: number;
  /** Requests in flight on each connection. */
  readonly window: number;
  readonly seconds: number;
  readonly baseDn: string;
  readonly bindDn: string;
  readonly password: string;
  /** Entries uid=user.0 .. uid=user.(range-1) exist. */
  readonly range: number;
  /** First number of uid=load.K for add and del. */
  readonly firstLoadNumber?: number;
  /** Answers after which it ends, if that is sooner than `seconds`. */
  readonly count?: number;
}

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly errors: number;
  /** Next free number of uid=load.K. */
  readonly nextLoadNumber: number;
}

let binary: string | undefined;

/** Path of the compiled generator. Throws when there is no C compiler. */
export function buildLoad(): string {
  if (binary !== undefined) return binary;
  const source = 'bench/ldapload.c';
  const target = join('build', 'ldapload');
  if (!existsSync(target) || statSync(target).mtimeMs < statSync(source).mtimeMs) {
    const out = existsSync('build')
      ? target
      : join(mkdtempSync(join(tmpdir(), 'polyarch-bench-')), 'ldapload');
    const done = spawnSync('cc', ['-O2', '-o', out, source], { encoding: 'utf8' });
    if (done.status !== 0)
      throw new Error(`cannot compile ${source}: ${done.stderr ?? 'no C compiler (cc) found'}`);
    binary = out;
    return out;
  }
  binary = target;
  return target;
}

/** Runs one measurement; rejects when the server refuses or falls silent. */
export async function load(run: LoadRun): Promise<LoadResult> {
  const args = [
    '-p',
    String(run.port),
    '-b',
    `ou=people,${run.baseDn}`,
    '-D',
    run.bindDn,
    '-w',
    run.password,
    '-o',
    run.operation,
  ];
  args.push(
    '-c',
    String(run.connections),
    '-W',
    String(run.window),
    '-s',
    String(run.seconds),
    '-r',
    String(run.range),
  );
  args.push('-k', String(run.firstLoadNumber ?? 0));
  if (run.count !== undefined) args.push('-n', String(run.count));
  const child = spawn(buildLoad(), args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error(`ldapload ${run.operation}: ${err.trim()}`);
  const field = (name: string): number => {
    const at = out.indexOf(`${name}=`);
    return at < 0 ? 0 : Number.parseInt(out.slice(at + name.length + 1), 10);
  };
  const perSecond = Number.parseInt(out.slice(out.indexOf(': ') + 2), 10);
  return {
    perSecond,
    p50Us: field('p50'),
    p99Us: field('p99'),
    errors: field('errors'),
    nextLoadNumber: field('lastk'),
  };
}
