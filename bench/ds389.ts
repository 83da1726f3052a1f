/**
 * 389 Directory Server as the peer of a benchmark: a throw-away instance on loopback with the indexes of docs/performance.md and default durability.
 *
 * Debian's `389-ds-base` package, as root (an instance stands in system directories); the benchmark says so and goes on without it where that is not
 * so. `dscreate` wants systemd for its last step, the start: what it made until then is whole, and ns-slapd is started here.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { atEnd, watched } from './clean-up.js';
import { COMPARED_INDEXES } from './compared-indexes.js';
import { untilListening } from './slapd.js';

const NS_SLAPD = '/usr/sbin/ns-slapd';
const DSCREATE = '/usr/sbin/dscreate';
const ADMIN = 'cn=Directory Manager';
/** ldapadd processes that load side by side. */
const LOADERS = 8;

/** Longest that a tool of theirs may take, ms. */
const TOOL_MS = 180_000;
/** Longest that a load may take, ms. */
const LOAD_MS = 3_600_000;
const NAME = 'polyarch-bench-';

/** Places of an instance outside its benchmark directory. */
const PLACES = ['/etc/dirsrv', '/var/lib/dirsrv', '/var/log/dirsrv', '/run/lock/dirsrv', '/run/dirsrv'];

export interface Ds389Instance {
  /** Scratch directory of the benchmark. */
  readonly dir: string;
  readonly name: string;
  readonly port: number;
  readonly baseDn: string;
  readonly password: string;
}

export const DS389_ADMIN = ADMIN;

/** Whether an instance can be made here; otherwise why not, in a clause. */
export function ds389Missing(): string | undefined {
  if (!existsSync(NS_SLAPD) || !existsSync(DSCREATE)) return '389-ds-base is not installed';
  return process.getuid?.() === 0 ? undefined : 'an instance of 389-ds needs root';
}

const configDir = ({ name }: Ds389Instance): string => `/etc/dirsrv/slapd-${name}`;

function answers(instance: Ds389Instance): string {
  return [
    '[general]',
    'config_version = 2',
    'full_machine_name = localhost',
    'start = False',
    'strict_host_checking = False',
    'systemd = False',
    '[slapd]',
    `instance_name = ${instance.name}`,
    `port = ${instance.port}`,
    `secure_port = ${instance.port + 1}`,
    `root_dn = ${ADMIN}`,
    `root_password = ${instance.password}`,
    'self_sign_cert = False',
    '',
  ].join('\n');
}

/** Makes the instance, without data. Throws with what dscreate said. */
export function ds389Setup(instance: Ds389Instance): void {
  removeLeft();
  ds389Remove(instance);
  removals.set(
    instance.name,
    atEnd(() => ds389Remove(instance)),
  );
  mkdirSync(instance.dir, { recursive: true });
  const file = join(instance.dir, 'instance.inf');
  writeFileSync(file, answers(instance));
  const made = spawnSync(DSCREATE, ['from-file', file], { encoding: 'utf8', timeout: TOOL_MS });
  const dse = join(configDir(instance), 'dse.ldif');
  if (!existsSync(dse)) throw new Error(`dscreate failed: ${made.stdout}${made.stderr}`);
  // A hash of many rounds at each bind is not what is measured.
  const text = readFileSync(dse, 'utf8').replace(/^nsslapd-rootpw:.*\n( .*\n)*/m, '');
  writeFileSync(
    dse,
    text.replace(/^dn: cn=config\n/m, `dn: cn=config\nnsslapd-rootpw: {CLEAR}${instance.password}\n`),
  );
  spawnSync('chown', ['-R', 'dirsrv:dirsrv', configDir(instance)]);
}

const pidFile = (name: string): string => `/run/dirsrv/slapd-${name}.pid`;

/** What forgets that an instance must go at the end, by name. */
const removals = new Map<string, () => void>();

/** A name for an instance: it tells whose it is, so that what a killed benchmark left can be found. */
export function ds389Name(number: number): string {
  return `${NAME}${process.pid}-${number}`;
}

/** Takes away all that an instance left. */
export function ds389Remove({ name }: Pick<Ds389Instance, 'name'>): void {
  removals.get(name)?.();
  removals.delete(name);
  for (const place of PLACES) rmSync(join(place, `slapd-${name}`), { recursive: true, force: true });
  for (const ending of ['pid', 'stats']) rmSync(`/run/dirsrv/slapd-${name}.${ending}`, { force: true });
}

/** Takes away the instances of benchmarks that were killed, and their servers. */
function removeLeft(): void {
  const [place = ''] = PLACES;
  for (const entry of existsSync(place) ? readdirSync(place) : []) {
    const name = entry.replace(/^slapd-/, '');
    const owner = Number(/^polyarch-bench-(\d+)/.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(owner) || existsSync(`/proc/${owner}`)) continue;
    const server = existsSync(pidFile(name)) ? Number(readFileSync(pidFile(name), 'utf8')) : Number.NaN;
    if (server > 0 && readFileSync(`/proc/${server}/cmdline`, 'utf8').includes(name))
      process.kill(server, 'SIGKILL');
    ds389Remove({ name });
  }
}

/** Starts the instance in the foreground of a child process. */
export async function ds389Start(instance: Ds389Instance): Promise<ChildProcess> {
  const pid = pidFile(instance.name);
  const args = ['-D', configDir(instance), '-i', pid, '-d', '0'];
  const child = watched(spawn(NS_SLAPD, args, { stdio: 'ignore' }));
  await untilListening(instance.port, 60_000);
  return child;
}

const indexDn = (attribute: string): string =>
  `cn=${attribute},cn=index,cn=userroot,cn=ldbm database,cn=plugins,cn=config`;

/** The backend comes with indexes of its own: those of the benchmark instead. */
function indexChanges(): string {
  // That of objectClass is built in.
  const wanted = COMPARED_INDEXES.filter(([attribute]) => attribute !== 'objectClass');
  const changes = wanted.map(([attribute, kinds]) => {
    const types = kinds.map((kind) => `nsIndexType: ${kind}`).join('\n');
    return `dn: ${indexDn(attribute)}\nchangetype: modify\nreplace: nsIndexType\n${types}\n`;
  });
  const spare = ['givenName', 'telephoneNumber'].map(
    (attribute) => `dn: ${indexDn(attribute)}\nchangetype: delete\n`,
  );
  return [...changes, ...spare].join('\n');
}

/** The entry of their configuration that a suffix hangs from. */
export function ds389Mapping(baseDn: string): string {
  const escaped = baseDn.replace(/[=,]/g, (character) => (character === '=' ? '\\3D' : '\\2C'));
  return `cn=${escaped},cn=mapping tree,cn=config`;
}

function backendEntries(baseDn: string): string {
  return [
    'dn: cn=userroot,cn=ldbm database,cn=plugins,cn=config\nobjectClass: extensibleObject\n',
    `objectClass: nsBackendInstance\nnsslapd-suffix: ${baseDn}\ncn: userroot\n\n`,
    `dn: ${ds389Mapping(baseDn)}\nobjectClass: extensibleObject\nobjectClass: nsMappingTree\n`,
    `cn: ${baseDn}\nnsslapd-state: backend\nnsslapd-backend: userroot\n\n`,
  ].join('');
}

/** Adds or changes entries of the running instance; rejects with what the tool said. */
export async function ds389Write({ port, password }: Ds389Instance, ldif: string): Promise<void> {
  const child = spawn('ldapadd', ['-x', '-H', `ldap://127.0.0.1:${port}`, '-D', ADMIN, '-w', password], {
    stdio: ['pipe', 'ignore', 'pipe'],
    timeout: LOAD_MS,
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  child.stdin.end(ldif);
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error(`ldapadd into 389-ds: ${said}`);
}

/** Backend and indexes, without entries. */
export async function ds389Backend(instance: Ds389Instance): Promise<void> {
  await ds389Write(instance, backendEntries(instance.baseDn));
  await ds389Write(instance, indexChanges());
}

/**
 * Backend, indexes and the entries of `ldifFile`, over LDAP (ldif2db mostly waits). The first entries of the file, one above the other, come before the
 * people below them. Answers the seconds that the people took.
 */
export async function ds389Load(instance: Ds389Instance, ldifFile: string): Promise<number> {
  await ds389Backend(instance);
  const entries = readFileSync(ldifFile, 'utf8')
    .split(/\n\n+/)
    .filter((text) => text.startsWith('dn:') || text.includes('\ndn:'));
  const people = entries.findIndex((text) => text.includes('dn: uid='));
  await ds389Write(instance, entries.slice(0, people).join('\n\n'));
  const start = process.hrtime.bigint();
  const share = Math.ceil((entries.length - people) / LOADERS);
  const parts = Array.from({ length: LOADERS }, (_, i) =>
    entries.slice(people + i * share, people + (i + 1) * share),
  );
  await Promise.all(
    parts.filter((part) => part.length > 0).map((part) => ds389Write(instance, part.join('\n\n'))),
  );
  return Number(process.hrtime.bigint() - start) / 1e9;
}
