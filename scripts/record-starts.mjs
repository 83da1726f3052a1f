/**
 * Records what V8 compiles when the program starts, for the starts to come (lib/cli/load-program.ts): one short life of a server, from its set-up over an import to its stop, in a
 * folder that is removed again. Each command adds to what those before it recorded.
 *
 * A record is for the flags of Node that the launcher gives; `nodeFlags` are those of POLYARCH_NODE_FLAGS beside them.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './prepare.mjs';

const BASE = 'dc=example,dc=com';
/** Ports that nothing else has. */
const ANY_PORT = '127.0.0.1:0';
/** Some of each kind of row, and long enough for all that an import does to its entries. */
const PEOPLE = 50;
const START_MS = 30_000;

/** Makes the records. Rejects with what the command that failed said. */
export async function recordStarts(build, nodeFlags) {
  const folder = mkdtempSync(join(tmpdir(), 'polyarch-record-'));
  let server;
  try {
    const dir = join(folder, 'server');
    const file = join(folder, 'people.ldif');
    writeFileSync(file, people());
    const env = environment(build, nodeFlags);
    await command(env, ['setup', '--dir', dir, '--base', BASE]);
    await command(env, ['import-ldif', '--dir', dir, '--file', file]);
    await command(env, ['verify', '--dir', dir]);
    await command(env, ['export-ldif', '--dir', dir, '--file', join(folder, 'out.ldif')]);
    server = begin(env, ['start', '--dir', dir]);
    await server.said('"msg":"ready"');
    await command(env, ['status', '--dir', dir]);
    await command(env, ['stop', '--dir', dir]);
    await server.ended;
  } finally {
    server?.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

function environment(build, nodeFlags) {
  // Options of whoever builds are not for this server.
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('POLYARCH_'));
  return {
    ...Object.fromEntries(own),
    POLYARCH_BUILD: build,
    POLYARCH_NODE_FLAGS: nodeFlags,
    POLYARCH_RECORD: '1',
    POLYARCH_PASSWORD: 'of no server that stays',
    POLYARCH_LISTEN_LDAP: ANY_PORT,
    POLYARCH_LISTEN_LDAPS: ANY_PORT,
    POLYARCH_LISTEN_REPLICATION: ANY_PORT,
    POLYARCH_LISTEN_HTTP: 'none',
  };
}

/** Runs a command to its end. */
async function command(env, args) {
  await begin(env, args).ended;
}

/** Starts a command: `ended` resolves when it went well, `said` when it has written `words`. */
function begin(env, args) {
  const child = spawn(join(root, 'bin', 'polyarch'), args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
      child.emit('said');
    });
  const timer = setTimeout(() => child.kill('SIGKILL'), START_MS);
  const ended = once(child, 'close').then(([code]) => {
    clearTimeout(timer);
    if (code !== 0) throw new Error(`polyarch ${args[0]}: ${output}`);
  });
  const said = async (words) => {
    while (!output.includes(words))
      await Promise.race([once(child, 'said'), ended.then(() => fail(args[0]))]);
  };
  return { ended, said, kill: () => child.kill('SIGKILL') };
}

function fail(name) {
  throw new Error(`polyarch ${name} ended too early`);
}

function people() {
  const entries = [`dn: ${BASE}\nobjectClass: domain\ndc: example\n`];
  for (let n = 0; n < PEOPLE; n++)
    entries.push(
      [
        `dn: uid=user.${n},${BASE}`,
        'objectClass: inetOrgPerson',
        `uid: user.${n}`,
        `cn: Given Family ${n}`,
        'sn:: RmFtaWx5',
        `mail: user.${n}@example.com`,
        `telephoneNumber: +49 30 ${n}`,
        '',
      ].join('\n'),
    );
  return entries.join('\n');
}
