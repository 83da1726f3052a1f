/**
 * `polyarch demo`: a throw-away topology on loopback, and what to paste to try it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ChildFailed } from '../../app/process/child-server.js';
import { type RunningDemo, startDemo } from '../../app/process/demo.js';
import { MAX_DEMO_SERVERS, readyServer } from '../../app/process/demo-layout.js';
import { DEFAULT_ADMIN_DN } from '../../config/option-table.js';
import { requireBase } from '../base-dn.js';
import { defineCommand } from '../command.js';
import { note, say } from '../output.js';
import { programName } from '../program-name.js';
import { untilSignal } from '../until-signal.js';
import { requireWhole } from '../whole-number.js';

export const demo = defineCommand({
  options: {
    servers: { type: 'number', default: 3, describe: 'Servers in the topology' },
    dir: {
      type: 'string',
      describe: 'Directory to keep the data in; a temporary one, removed at the end, when absent',
    },
    port: {
      type: 'number',
      default: 1389,
      describe: 'LDAP port of the first server; server k begins 10(k-1) above',
    },
    password: { type: 'string', describe: 'Administrator password; generated when absent' },
    entries: { type: 'number', default: 2000, describe: 'Sample entries' },
    base: { type: 'string', default: 'dc=example,dc=com', describe: 'Base DN' },
    json: { type: 'boolean', default: false, describe: 'Print one line of JSON when ready' },
  },
  examples: [
    ['$0 demo', 'Three servers in two sites; Ctrl-C stops and forgets them'],
    ['$0 demo --dir ./demo --servers 5', 'Five servers, kept in ./demo for the next time'],
    ['$0 start --dir ./demo/server-2', 'Bring back a server of the demo that died'],
  ],
  async run(args) {
    requireBase(args.base, '--base');
    requireWhole(args.servers, 1, MAX_DEMO_SERVERS, '--servers');
    requireWhole(args.port, 1, 65_535 - 10 * args.servers, '--port');
    requireWhole(args.entries, 1, 10_000_000, '--entries');
    const waiting = untilSignal();
    try {
      return await runDemo(args, waiting.signal);
    } finally {
      waiting.done();
    }
  },
});

interface DemoArguments {
  readonly servers: number;
  readonly dir?: string | undefined;
  readonly port: number;
  readonly password?: string | undefined;
  readonly entries: number;
  readonly base: string;
  readonly json: boolean;
}

async function runDemo(args: DemoArguments, signal: Promise<unknown>): Promise<number | undefined> {
  const temporary = args.dir === undefined;
  const dir = args.dir === undefined ? mkdtempSync(join(tmpdir(), 'polyarch-demo-')) : resolve(args.dir);
  let running: RunningDemo;
  try {
    running = await startDemo({ ...args, dir, temporary, password: args.password }, (step) => {
      if (!args.json) note(`${step} ...`);
    });
  } catch (error) {
    if (temporary) rmSync(dir, { recursive: true, force: true });
    if (!(error instanceof ChildFailed)) throw error;
    for (const line of error.lines) note(line);
    return error.exitCode;
  }
  let stopping = false;
  watchDeaths(running, () => stopping);
  if (args.json) say(readyLine(running));
  else showReady(running, dir, temporary);
  await signal;
  stopping = true;
  if (!args.json) note('stopping the servers ...');
  await running.stop();
  return undefined;
}

/** A server that dies is reported and left dead. */
function watchDeaths(running: RunningDemo, isStopping: () => boolean): void {
  for (const { place, child } of running.servers)
    void child.ended.then((how) => {
      if (!isStopping())
        note(
          `${place.name} has ended (${how}); bring it back with: ${programName()} start --dir ${shellWord(place.dir)} --detach`,
        );
    });
}

function readyLine(running: RunningDemo): string {
  return JSON.stringify({
    event: 'ready',
    baseDn: running.baseDn,
    bindDn: DEFAULT_ADMIN_DN,
    servers: running.servers.map(({ place, child }) => readyServer(place, child.process.pid ?? 0)),
  });
}

function showReady(running: RunningDemo, dir: string, temporary: boolean): void {
  const servers = running.servers.map(({ place, child }) => readyServer(place, child.process.pid ?? 0));
  const first = servers[0];
  const last = servers[servers.length - 1];
  if (first === undefined || last === undefined) return;
  const base = shellWord(running.baseDn);
  const bind = `-x -D ${shellWord(DEFAULT_ADMIN_DN)} -w ${shellWord(running.password)}`;
  const person = `uid=user.1,ou=people,${running.baseDn}`;
  say(`
Polyarch demo: ${servers.length} servers that all accept writes.

  Base DN         ${running.baseDn}
  Administrator   ${DEFAULT_ADMIN_DN}
  Password        ${running.password}
  Directory       ${dir}
${servers.map((one) => `  ${one.name.padEnd(15)} ${one.ldap}   ${one.ldaps}   metrics ${one.http}/metrics   process ${one.pid}`).join('\n')}

Read a person from ${first.name}:

  ldapsearch -x -H ${first.ldap} -b ${base} '(uid=user.1)'

Change it on ${last.name}, then read it from ${first.name} again:

  printf 'dn: %s\\nchangetype: modify\\nreplace: title\\ntitle: Director\\n' ${shellWord(person)} | ldapmodify -H ${last.ldap} ${bind}

For the shell:   export DIR=${shellWord(dir)} PW=${shellWord(running.password)}
Replication:     ${programName()} replication status --dir ${servers.map((one) => shellWord(one.dir)).join(' ')}
A server again:  ${programName()} start --dir ${shellWord(last.dir)} --detach     (after kill -9 ${last.pid})
Data:            ${temporary ? 'removed when the demo stops; keep them with --dir DIR (npm start -- --dir DIR)' : 'kept'}
Stop:            Ctrl-C
`);
}

/** A word for a POSIX shell. */
function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:=,@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
