/**
 * The applications of docs/applications.md, in their real form: each runs as a program of Debian with the configuration that the page shows, against one server.
 *
 * Owns which application needs what, and the server that they share; what each does is its script in test/e2e/applications, which prints "ok". One that is not installed,
 * or that needs rights which this process lacks, is skipped with the reason.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import t from 'tap';
import {
  ADMIN,
  adminOn,
  BASE,
  ENV,
  freePorts,
  LIMIT_MS,
  missing,
  missingLibrary,
  PASSWORD,
  run,
  startDemo,
  temporary,
} from './harness.js';

t.setTimeout(LIMIT_MS);

const SCRIPTS = resolve('test/e2e/applications');
const SUPERUSER_PATH = `${process.env.PATH}:/usr/sbin:/sbin`;
process.env.PATH = SUPERUSER_PATH;

/** Why no private mounts can be made here, or false. */
function unprivileged(): string | false {
  const tried = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']);
  return tried.status === 0 ? false : 'private mounts are not allowed here';
}

function notRoot(): string | false {
  return process.getuid?.() === 0 ? false : 'it only runs as root';
}

function missingFile(path: string, name: string): string | false {
  return missing(path) === false ? false : `${name} is not installed`;
}

/** Why go-ldap cannot be tried here at little cost, or false. Compiling its libraries costs half a minute once; then the program takes a second. */
function uncompiled(): string | false {
  const absent = missing('go');
  if (absent !== false || process.env.POLYARCH_DEEP === '1') return absent;
  const cwd = join(SCRIPTS, 'go_ldap');
  const env = { ...process.env, GOPROXY: 'off', GOFLAGS: '-mod=readonly' };
  const tried = spawnSync('go', ['build', '-n', '.'], { cwd, env, encoding: 'utf8' });
  if (tried.status !== 0) return 'go-ldap is not among the Go modules here (POLYARCH_DEEP=1 fetches it)';
  const compiles = tried.stderr.split('\n').filter((line) => line.includes('/compile '));
  return compiles.every((line) => line.includes(' -p main '))
    ? false
    : 'the Go libraries are not compiled (POLYARCH_DEEP=1 does that)';
}

interface Application {
  readonly name: string;
  /** Program and its arguments; the address, name, password, base and CA follow. */
  readonly command: readonly string[];
  readonly absent: string | false;
}

const script = (name: string) => join(SCRIPTS, name);
const shell = (name: string, privately = false) => [
  ...(privately ? ['unshare', '-m'] : []),
  'sh',
  script(name),
];

const APPLICATIONS: readonly Application[] = [
  {
    name: 'SSSD finds users, groups, netgroups and SSH keys (section A)',
    command: shell('sssd.sh', true),
    absent: missing('sssd') || missing('sss_ssh_authorizedkeys') || notRoot() || unprivileged(),
  },
  {
    name: 'nslcd and libnss-ldapd find users and groups',
    command: shell('nslcd.sh', true),
    absent: missing('nslcd') || notRoot() || unprivileged(),
  },
  {
    name: 'JNDI reads, pages, writes and follows the schema as Keycloak and Jenkins do',
    command: ['java', script('Jndi.java')],
    absent: missing('javac') || missingLibrary('java', ['--list-modules'], 'a JDK'),
  },
  {
    name: 'ruby-net-ldap works as GitLab and Discourse use it',
    command: ['ruby', script('net_ldap.rb')],
    absent: missingLibrary('ruby', ['-e', "require 'net/ldap'"], 'ruby-net-ldap'),
  },
  {
    name: 'php-ldap works as Nextcloud uses it',
    command: ['php', script('ldap.php')],
    absent: missingLibrary('php', ['-r', 'exit(function_exists("ldap_exop_passwd") ? 0 : 1);'], 'php-ldap'),
  },
  {
    name: 'go-ldap works as Vault, Grafana, Gitea and Dex use it',
    command: shell('go_ldap.sh'),
    absent: uncompiled(),
  },
  {
    name: "Apache's mod_authnz_ldap authorizes by group, nested group, attribute and filter",
    command: shell('apache.sh'),
    absent:
      missing('curl') ||
      missingFile('/usr/sbin/apache2', 'apache2') ||
      missingFile('/usr/lib/apache2/modules/mod_authnz_ldap.so', 'mod_authnz_ldap'),
  },
  {
    name: 'Postfix finds mailboxes and expands groups',
    command: shell('postfix.sh'),
    absent: missing('postmap') || missingFile('/usr/lib/postfix/postfix-ldap.so', 'postfix-ldap'),
  },
  {
    name: 'Dovecot authenticates by bind and reads user settings',
    command: shell('dovecot.sh'),
    absent:
      missing('doveadm') ||
      missingFile('/usr/lib/dovecot/modules/auth/libauthdb_ldap.so', 'dovecot-ldap') ||
      notRoot(),
  },
  {
    name: 'FreeRADIUS authenticates by bind and authorizes by memberOf',
    command: shell('freeradius.sh'),
    absent:
      missing('freeradius') ||
      missing('radclient') ||
      missingFile('/usr/lib/freeradius/rlm_ldap.so', 'freeradius-ldap'),
  },
  {
    name: "haproxy's ldap-check takes the server for alive",
    command: shell('haproxy.sh'),
    absent: missing('haproxy') || missing('ldapwhoami'),
  },
  { name: 'ldapvi reads and edits entries', command: shell('ldapvi.sh'), absent: missing('ldapvi') },
  { name: 'shelldap walks the tree', command: shell('shelldap.sh'), absent: missing('shelldap') },
];

t.test('applications against one server', { skip: missing('ldapadd'), timeout: LIMIT_MS }, async (t) => {
  const demo = await startDemo(t, 25, 1);
  const server = demo.servers[0];
  if (server === undefined) throw new Error('one server');
  const added = await run('ldapadd', adminOn(server), readFileSync(script('people.ldif'), 'utf8'));
  t.equal(added.status, 0, added.stderr);
  const dir = temporary(t);
  // Programs that drop their rights read their configuration too.
  chmodSync(dir, 0o755);
  const ca = join(dir, 'ca.crt');
  copyFileSync(join(server.dir, 'tls/ca.crt'), ca);

  t.test('sudo and autofs find their entries by the filters that SSSD sends', async (t) => {
    for (const [filter, dn] of [
      [
        '(&(objectClass=sudoRole)(entryUSN>=1)(|(!(sudoHost=*))(sudoHost=ALL)(sudoHost=*\\5C*)(sudoHost=*?*)(sudoHost=*\\2A*)(sudoHost=*[*]*)))',
        `cn=analysts-apt,ou=sudo,${BASE}`,
      ],
      [
        '(&(automountMapName=auto.home)(objectClass=automountMap))',
        `automountMapName=auto.home,ou=automount,${BASE}`,
      ],
      [
        '(&(automountKey=ada)(objectClass=automount))',
        `automountKey=ada,automountMapName=auto.home,ou=automount,${BASE}`,
      ],
    ] as const) {
      const found = await run('ldapsearch', [
        '-LLL',
        '-o',
        'ldif-wrap=no',
        '-x',
        '-H',
        server.ldap,
        '-b',
        BASE,
        filter,
        '1.1',
      ]);
      t.equal(found.stdout.trim(), `dn: ${dn}`, found.stderr);
    }
  });

  for (const { name, command, absent } of APPLICATIONS) {
    t.test(name, { skip: absent }, async (t) => {
      const own = join(dir, String(t.counts.total) + name.replace(/[^A-Za-z]/g, '').slice(0, 12));
      mkdirSync(own);
      const env = {
        ...ENV,
        PATH: SUPERUSER_PATH,
        URL: server.ldap,
        BASE,
        ADMIN,
        PASSWORD,
        CA: ca,
        DIR: own,
        PORT_FREE: String(await freePorts(1)),
      };
      const [program, ...args] = command as readonly [string, ...string[]];
      const done = await run(program, [...args, server.ldap, ADMIN, PASSWORD, BASE, ca], '', env);
      t.equal(done.stdout.trim().split('\n').at(-1), 'ok', `${done.stdout}${done.stderr}`);
      t.equal(done.status, 0);
    });
  }
});
