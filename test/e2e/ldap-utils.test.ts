/** Debian's ldap-utils work against a demo without special options but that for SCRAM, and what one server takes the others show. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { fromBase64, toBase64, utf8Decode, utf8Encode } from '../../lib/base/bytes.js';
import { LdapClient } from '../../lib/io/ldap-client.js';
import {
  ADMIN,
  adminOn,
  BASE,
  DEADLINE_MS,
  ENV,
  eventually,
  LIMIT_MS,
  LOOK_PAUSE_MS,
  missing,
  PASSWORD,
  polyarch,
  read,
  run,
  startDemo,
  untilEqual,
} from './harness.js';

t.setTimeout(LIMIT_MS);

const absent = missing('ldapsearch');

t.test('ldap-utils against three servers', { skip: absent, timeout: LIMIT_MS }, async (t) => {
  const demo = await startDemo(t, 60, 3, { POLYARCH_PASSWORDS_SCRAM: 'true' });
  const [one, two, three] = demo.servers;
  if (one === undefined || two === undefined || three === undefined) throw new Error('three servers');
  const person = `uid=user.1,ou=people,${BASE}`;

  t.test('the sample data is on every server', async (t) => {
    for (const server of demo.servers) {
      const found = await run('ldapsearch', [
        '-x',
        '-LLL',
        '-H',
        server.ldap,
        '-b',
        BASE,
        '(objectClass=*)',
        '1.1',
      ]);
      t.equal(found.status, 0, found.stderr);
      t.equal(found.stdout.split('\n').filter((line) => line.startsWith('dn:')).length, 60);
    }
  });

  t.test('a write waits until all have applied it; a read on another server waits for a write', async (t) => {
    const arc = '2.25.106979801653467080826045286574582475051.3';
    const ldif = (value: string) =>
      `dn: ${person}\nchangetype: modify\nreplace: roomNumber\nroomNumber: ${value}\n`;
    const safeRead = `!${arc}.3=${toBase64(utf8Encode('safe-read timeout=60000'))}`;
    const written = await run('ldapmodify', [...adminOn(one), '-e', safeRead], ldif('1'));
    t.equal(written.status, 0, written.stderr);
    const told = /^control: \S+ false (\S+)$/m.exec(written.stdout.replaceAll('\n ', ''))?.[1] ?? '';
    t.equal(utf8Decode(fromBase64(told) ?? new Uint8Array(0)), `reached have=${two.name},${three.name}`);
    t.same(await read(two, person, 'roomNumber'), ['1'], 'without a wait');
    t.same(await read(three, person, 'roomNumber'), ['1']);
    const counts = ['-LLL', ...adminOn(one), '-b', 'cn=assurance,cn=monitor', '(domain-name=*)'];
    t.match((await run('ldapsearch', counts)).stdout, /^assured-sr-acknowledged-updates: 1$/m);
    const next = await run('ldapmodify', [...adminOn(one), '-e', 'postread=entryCSN'], ldif('2'));
    const csn = /^entryCSN: (.*)$/m.exec(next.stdout)?.[1] ?? '';
    const wait = `!${arc}.2=:${csn} timeout=60000`;
    const base = ['-LLL', ...adminOn(two), '-b', person, '-s', 'base'];
    const found = await run('ldapsearch', [...base, '-E', wait, '(objectClass=*)', 'roomNumber']);
    t.match(found.stdout, /^roomNumber: 2$/m, found.stderr);
  });

  t.test('ldapsearch reads the root DSE, the schema and an entry as anybody', async (t) => {
    const root = await run('ldapsearch', ['-x', '-LLL', '-H', one.ldap, '-b', '', '-s', 'base', '*', '+']);
    t.match(root.stdout, /namingContexts: dc=example,dc=com/);
    t.match(root.stdout, /subschemaSubentry: cn=schema/i);
    const schema = await run('ldapsearch', [
      '-x',
      '-LLL',
      '-H',
      one.ldap,
      '-b',
      'cn=schema',
      '-s',
      'base',
      'objectClasses',
    ]);
    t.match(schema.stdout, /inetOrgPerson/);
    const entry = await run('ldapsearch', ['-x', '-LLL', '-H', two.ldap, '-b', BASE, '(uid=user.1)', 'mail']);
    t.match(entry.stdout, /mail: user\.1@example\.com/);
  });

  t.test('ldapadd on one server is seen on the others', async (t) => {
    const ldif = `dn: uid=ada,ou=people,${BASE}\nobjectClass: inetOrgPerson\ncn: Ada Lovelace\nsn: Lovelace\nuserPassword: engine\n`;
    const added = await run('ldapadd', adminOn(one), ldif);
    t.equal(added.status, 0, added.stderr);
    for (const server of [two, three])
      await eventually(
        `ada on ${server.name}`,
        async () => (await read(server, `uid=ada,ou=people,${BASE}`, 'sn'))?.[0],
      );
    const again = await run('ldapadd', adminOn(two), ldif);
    t.equal(again.status, 68, 'entryAlreadyExists on another server');
    const shown = await read(one, `uid=ada,ou=people,${BASE}`, 'uid');
    t.same(shown, ['ada'], 'the RDN value was added');
  });

  t.test('a type and a class added on one server, and an entry that uses them, are on all', async (t) => {
    const badge = `( 1.3.6.1.4.1.99999.1.1 NAME 'badgeNumber' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )`;
    const holder = "( 1.3.6.1.4.1.99999.2.1 NAME 'badgeHolder' SUP top AUXILIARY MUST badgeNumber )";
    const definitions = `dn: cn=schema\nchangetype: modify\nadd: attributeTypes\nattributeTypes: ${badge}\n-\nadd: objectClasses\nobjectClasses: ${holder}\n-\n`;
    const entry = `\ndn: uid=grace,ou=people,${BASE}\nchangetype: add\nobjectClass: inetOrgPerson\nobjectClass: badgeHolder\ncn: Grace\nsn: Hopper\nbadgeNumber: 9\n`;
    const made = await run('ldapmodify', adminOn(one), definitions + entry);
    t.equal(made.status, 0, made.stderr);
    for (const server of [two, three]) {
      const search = (...args: string[]) =>
        run('ldapsearch', ['-x', '-LLL', '-o', 'ldif-wrap=no', '-H', server.ldap, ...args]);
      const found = await eventually(`grace on ${server.name}`, async () => {
        const { stdout } = await search('-b', BASE, '(badgeNumber=9)', 'badgeNumber');
        return stdout.includes('badgeNumber: 9') ? stdout : undefined;
      });
      t.match(found, /uid=grace/);
      const schema = await search('-b', 'cn=schema', '-s', 'base', 'attributeTypes', 'objectClasses');
      t.match(schema.stdout, /'badgeNumber'[\s\S]*'badgeHolder'/);
    }
    const taken = `dn: cn=schema\nchangetype: modify\ndelete: objectClasses\nobjectClasses: ${holder}\n-\n`;
    const refused = await run('ldapmodify', adminOn(three), taken);
    t.equal(refused.status, 53, 'unwillingToPerform: an entry uses it');
    t.match(refused.stderr, /'badgeHolder' would be removed, and entries use it, such as "uid=grace/);
    const file = join(two.dir, 'acme.schema');
    await writeFile(
      file,
      "objectidentifier Acme 1.3.6.1.4.1.99999\nattributetype (Acme:1.2 NAME 'deskNumber'\n  SUP name SINGLE-VALUE)\n",
    );
    const added = await polyarch(['schema', 'add', '--dir', two.dir, '--file', file]);
    t.equal(added.status, 0, added.stderr);
    await eventually('the desk on another server', async () => {
      const { stdout } = await polyarch(['schema', 'list', '--own', '--json', '--dir', three.dir]);
      return stdout.includes('"deskNumber"') && stdout.includes('"badgeHolder"');
    });
  });

  t.test("the tools' controls: sorting, views, dereference, another's rights, no-op", async (t) => {
    const ada = `uid=ada,ou=people,${BASE}`;
    const search = (...args: string[]) =>
      run('ldapsearch', ['-x', '-LLL', '-H', one.ldap, '-b', BASE, ...args]);
    const people = '(|(uid=user.1)(uid=user.2)(uid=user.3))';
    const sorted = await search('-E', '!sss=-uid', people, 'uid');
    t.match(sorted.stdout, /user\.3[\s\S]*user\.2[\s\S]*user\.1[\s\S]*sortResult: \(0\) Success/);
    const view = await search('-E', '!sss=uid', '-E', '!vlv=0/0:user.2', people, 'uid');
    t.match(view.stdout, /uid: user\.2[\s\S]*vlvResult\W*pos=2 count=3 context=/);
    const group = `dn: cn=ladies,${BASE}\nobjectClass: groupOfNames\ncn: ladies\nmember: ${ada}\n`;
    t.equal((await run('ldapadd', adminOn(one), group)).status, 0);
    const found = await search('-E', '!deref=member:sn', '(cn=ladies)', 'cn');
    t.match(found.stdout, /member: <sn=Lovelace>;uid=ada/);
    const chain = await search(`(member:1.2.840.113556.1.4.1941:=${ada})`, '1.1');
    t.match(chain.stdout, /cn=ladies/);
    const acting = await run('ldapwhoami', ['-e', `!authzid=dn:${ada}`, ...adminOn(one)]);
    t.match(acting.stdout, `dn:${ada}`);
    const nothing = await run('ldapdelete', ['-e', '!noop', ...adminOn(one), ada]);
    t.match(nothing.stderr, /16654/);
    t.same(await read(one, ada, 'sn'), ['Lovelace'], 'still there');
    t.equal((await run('ldapdelete', [...adminOn(one), `cn=ladies,${BASE}`])).status, 0);
  });

  t.test('SASL: PLAIN over TLS, EXTERNAL by certificate, SCRAM anywhere', async (t) => {
    const tls = join(one.dir, 'tls');
    const env = { ...ENV, LDAPTLS_CACERT: join(tls, 'ca.crt') };
    const whoAmI = (args: string[], more: NodeJS.ProcessEnv = {}) =>
      run('ldapwhoami', ['-Q', '-H', more.LDAPURI ?? one.ldap, ...args], '', { ...env, ...more });
    const scram = ['-Y', 'SCRAM-SHA-256', '-U', 'ada', '-w'];
    const shownTo = async (args: string[], more: NodeJS.ProcessEnv = {}) => {
      const { stdout, stderr } = await whoAmI(args, more);
      return stdout + stderr;
    };
    if (existsSync('/usr/lib/x86_64-linux-gnu/sasl2/libscram.so')) {
      t.match(await shownTo([...scram, 'engine']), `dn:uid=ada,ou=people,${BASE}`);
      t.match(await shownTo([...scram, 'engine'], { LDAPURI: two.ldap }), `dn:uid=ada,ou=people,${BASE}`);
      t.match(await shownTo([...scram, 'wrong']), /Invalid credentials/);
      const bound = { LDAPSASL_CBINDING: 'tls-endpoint' };
      const plus = ['-ZZ', '-Y', 'SCRAM-SHA-256-PLUS', '-U', 'ada', '-w', 'engine'];
      t.match(await shownTo(plus, bound), `dn:uid=ada,ou=people,${BASE}`, 'bound to the channel');
    }
    const plain = ['-Y', 'PLAIN', '-U', 'ada', '-w', 'engine'];
    t.match((await whoAmI(['-ZZ', ...plain])).stdout, `dn:uid=ada,ou=people,${BASE}`);
    t.match((await whoAmI(['-O', 'none', ...plain])).stderr, /over TLS only/);
    const saltOf = async (ldap: string) => {
      const client = await LdapClient.connect({ host: '127.0.0.1', port: Number(new URL(ldap).port) });
      const { response } = await client.bindSasl('', 'SCRAM-SHA-256', utf8Encode('n,,n=nobody,r=x'));
      client.unbind();
      const first = response.kind === 'bind' ? utf8Decode(response.serverCredentials ?? utf8Encode('')) : '';
      return /,s=(.{24}),i=65536$/.exec(first ?? '')?.[1];
    };
    // They have it by a replicated secret.
    const what = 'all servers invent the same salt for a name that does not exist';
    const salts = await eventually(what, async () => {
      const all = await Promise.all(demo.servers.map(({ ldap }) => saltOf(ldap)));
      return all[0] !== undefined && new Set(all).size === 1 && all;
    });
    t.type(salts[0], 'string');
    if (missing('openssl') !== false) return;
    const [key, request, certificate] = ['key', 'csr', 'crt'].map((end) => join(tls, `ada.${end}`)) as [
      string,
      string,
      string,
    ];
    const openssl = async (...args: string[]) => t.equal((await run('openssl', args)).status, 0);
    await openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', key);
    await openssl(
      'req',
      '-new',
      '-key',
      key,
      '-subj',
      '/DC=com/DC=example/OU=people/UID=ada',
      '-out',
      request,
    );
    await openssl(
      'x509',
      '-req',
      '-in',
      request,
      '-CA',
      join(tls, 'ca.crt'),
      '-CAkey',
      join(tls, 'ca.key'),
      '-set_serial',
      '77',
      '-days',
      '2',
      '-out',
      certificate,
    );
    const shown = await whoAmI(['-ZZ', '-Y', 'EXTERNAL'], { LDAPTLS_CERT: certificate, LDAPTLS_KEY: key });
    t.match(shown.stdout, `dn:uid=ada,ou=people,${BASE}`, shown.stderr);
  });

  t.test('ldapmodify on each server, to the same entry, adds up everywhere', async (t) => {
    await Promise.all(
      demo.servers.map(async (server, at) => {
        const ldif = `dn: ${person}\nchangetype: modify\nadd: description\ndescription: from ${at + 1}\n`;
        const modified = await run('ldapmodify', adminOn(server), ldif);
        t.equal(modified.status, 0, modified.stderr);
      }),
    );
    for (const server of demo.servers)
      await eventually(`three values on ${server.name}`, async () => {
        const values = (await read(server, person, 'description')) ?? [];
        return ['from 1', 'from 2', 'from 3'].every((value) => values.includes(value));
      });
    t.pass('all values are everywhere');
  });

  t.test('a write is refused by the schema with a reason', async (t) => {
    const bad = await run(
      'ldapmodify',
      adminOn(one),
      `dn: ${person}\nchangetype: modify\nadd: nonsense\nnonsense: x\n`,
    );
    t.equal(bad.status, 17, 'undefinedAttributeType');
    t.match(bad.stderr, /nonsense/);
    const gone = await run('ldapmodify', adminOn(one), `dn: ${person}\nchangetype: modify\ndelete: sn\n`);
    t.equal(gone.status, 65, 'objectClassViolation');
    const nowhere = await run(
      'ldapmodify',
      adminOn(one),
      `dn: uid=nobody,ou=people,${BASE}\nchangetype: delete\n`,
    );
    t.equal(nowhere.status, 32);
    t.match(nowhere.stderr, /matched DN: ou=people,dc=example,dc=com/i);
  });

  t.test('ldapmodrdn renames and moves, subtrees too', async (t) => {
    const renamed = await run('ldapmodrdn', [
      '-r',
      ...adminOn(two),
      `uid=ada,ou=people,${BASE}`,
      'uid=lovelace',
    ]);
    t.equal(renamed.status, 0, renamed.stderr);
    await run('ldapadd', adminOn(two), `dn: ou=past,${BASE}\nobjectClass: organizationalUnit\nou: past\n`);
    const moved = await run('ldapmodrdn', [
      '-r',
      '-s',
      `ou=past,${BASE}`,
      ...adminOn(two),
      `ou=people,${BASE}`,
      'ou=persons',
    ]);
    t.equal(moved.status, 0, moved.stderr);
    await eventually(
      'the moved person on server 3',
      async () => (await read(three, `uid=lovelace,ou=persons,ou=past,${BASE}`, 'sn'))?.[0],
    );
    await run('ldapmodrdn', ['-r', '-s', BASE, ...adminOn(three), `ou=persons,ou=past,${BASE}`, 'ou=people']);
    await eventually(
      'the person back on server 1',
      async () => (await read(one, `uid=lovelace,ou=people,${BASE}`, 'sn'))?.[0],
    );
    t.pass('there and back');
  });

  t.test('ldapcompare answers true and false', async (t) => {
    const dn = `uid=lovelace,ou=people,${BASE}`;
    t.equal((await run('ldapcompare', [...adminOn(one), dn, 'sn:LOVELACE'])).status, 6);
    t.equal((await run('ldapcompare', [...adminOn(one), dn, 'sn:Byron'])).status, 5);
  });

  t.test('ldapwhoami, ldappasswd and a bind with the new password elsewhere', async (t) => {
    const dn = `uid=lovelace,ou=people,${BASE}`;
    t.match((await run('ldapwhoami', adminOn(one))).stdout, /dn:cn=Directory Manager/i);
    t.match((await run('ldapwhoami', ['-x', '-H', one.ldap])).stdout, /anonymous/);
    const wrong = await run('ldapwhoami', ['-x', '-H', one.ldap, '-D', dn, '-w', 'wrong']);
    t.equal(wrong.status, 49);
    const set = await run('ldappasswd', [
      '-x',
      '-H',
      one.ldap,
      '-D',
      dn,
      '-w',
      'engine',
      '-a',
      'engine',
      '-s',
      'analytical',
    ]);
    t.equal(set.status, 0, set.stderr);
    await eventually('the new password on server 3', async () => {
      const who = await run('ldapwhoami', ['-x', '-H', three.ldap, '-D', dn, '-w', 'analytical']);
      return who.status === 0 && /dn:uid=lovelace/.test(who.stdout);
    });
    await eventually('the person on server 2', async () => (await read(two, dn, 'sn'))?.[0]);
    const generated = await run('ldappasswd', [...adminOn(two), dn]);
    t.match(generated.stdout, /New password: \S+/);
  });

  t.test('anybody may not write, and nobody reads passwords', async (t) => {
    const denied = await run('ldapmodify', ['-x', '-H', one.ldap], `dn: ${person}\nchangetype: delete\n`);
    t.equal(denied.status, 50);
    const hidden = await run('ldapsearch', [
      '-x',
      '-LLL',
      '-H',
      one.ldap,
      '-b',
      BASE,
      '(uid=lovelace)',
      'userPassword',
    ]);
    t.notMatch(hidden.stdout, /userPassword/i);
  });

  t.test('StartTLS and LDAPS work with the CA that was made', async (t) => {
    const env = { ...process.env, LDAPTLS_CACERT: `${one.dir}/tls/ca.crt` };
    for (const args of [
      ['-ZZ', '-H', one.ldap],
      ['-H', two.ldaps],
    ]) {
      const who = await run('ldapwhoami', ['-x', ...args, '-D', ADMIN, '-w', PASSWORD], '', env);
      t.equal(who.status, 0, who.stderr);
    }
    const untrusted = await run('ldapwhoami', ['-x', '-H', one.ldaps], '', {
      ...process.env,
      LDAPTLS_CACERT: '/dev/null',
    });
    t.not(untrusted.status, 0, 'without the CA it is refused');
  });

  t.test('paged results, limits and controls of ldapsearch', async (t) => {
    const paged = await run('ldapsearch', [
      '-LLL',
      ...adminOn(one),
      '-b',
      BASE,
      '-E',
      'pr=7/noprompt',
      '(objectClass=*)',
      '1.1',
    ]);
    t.equal(paged.status, 0, paged.stderr);
    t.ok(paged.stdout.split('\n').filter((line) => line.startsWith('dn:')).length >= 61);
    const limited = await run('ldapsearch', [
      '-LLL',
      '-z',
      '3',
      ...adminOn(one),
      '-b',
      BASE,
      '(objectClass=*)',
      '1.1',
    ]);
    t.equal(limited.status, 4, 'sizeLimitExceeded');
    const asserted = await run(
      'ldapmodify',
      ['-e', '!assert=(sn=Nobody)', ...adminOn(one)],
      `dn: ${person}\nchangetype: modify\nadd: description\ndescription: no\n`,
    );
    t.equal(asserted.status, 122, 'assertionFailed');
  });

  t.test('ldapdelete, alone and recursive', async (t) => {
    const leaf = await run('ldapdelete', [...adminOn(one), `uid=lovelace,ou=people,${BASE}`]);
    t.equal(leaf.status, 0, leaf.stderr);
    t.equal((await run('ldapdelete', [...adminOn(one), BASE])).status, 66, 'notAllowedOnNonLeaf');
    await run(
      'ldapadd',
      adminOn(one),
      `dn: ou=a,${BASE}\nobjectClass: organizationalUnit\n\ndn: ou=b,ou=a,${BASE}\nobjectClass: organizationalUnit\n`,
    );
    t.equal((await run('ldapdelete', ['-r', ...adminOn(one), `ou=a,${BASE}`])).status, 0);
    await eventually('gone from server 2', async () => (await read(two, `ou=a,${BASE}`, 'ou')) === undefined);
  });

  t.test(
    'a password policy: wrong passwords on two servers lock the account on the third, and say why',
    async (t) => {
      const room = `ou=guarded,${BASE}`;
      const guarded = `uid=guarded,${room}`;
      const ldif = [
        `dn: ${room}\nobjectClass: organizationalUnit\nou: guarded\n`,
        `dn: cn=policy,${room}\nobjectClass: subentry\nobjectClass: pwdPolicy\ncn: policy\nsubtreeSpecification: { }`,
        'pwdAttribute: userPassword\npwdLockout: TRUE\npwdMaxFailure: 2\npwdMustChange: TRUE\n',
        `dn: ${guarded}\nobjectClass: account\nobjectClass: simpleSecurityObject\nuid: guarded\nuserPassword: right\n`,
      ].join('\n');
      t.equal((await run('ldapadd', adminOn(one), ldif)).status, 0);
      const whoami = (server: NonNullable<typeof one>, password: string) =>
        run('ldapwhoami', ['-x', '-e', 'ppolicy', '-H', server.ldap, '-D', guarded, '-w', password]);
      const failures = (count: number) =>
        eventually(`${count} wrong passwords on all servers`, async () => {
          for (const server of demo.servers)
            if (((await read(server, guarded, 'pwdFailureTime')) ?? []).length !== count) return false;
          return true;
        });
      await eventually('the account on all servers', async () => {
        for (const server of demo.servers)
          if (((await read(server, guarded, 'pwdChangedTime')) ?? []).length === 0) return false;
        return true;
      });
      t.equal((await whoami(one, 'wrong')).status, 49);
      await failures(1);
      t.equal((await whoami(two, 'wrong')).status, 49);
      await failures(2);
      const locked = await whoami(three, 'right');
      t.equal(locked.status, 49);
      t.match(`${locked.stdout}${locked.stderr}`, /Account locked/);
      const why = await polyarch(['policy', 'explain', '--json', '--dir', three.dir, '--user', guarded]);
      t.match(JSON.parse(why.stdout), {
        policy: { dn: `cn=policy,${room}`, why: 'subtree' },
        account: { failures: 2, lock: { why: 'failures' } },
        nextBind: 'accountLocked',
      });
      t.equal((await run('ldappasswd', [...adminOn(one), '-s', 'given out', guarded])).status, 0);
      await failures(0);
      await eventually(
        'the reset on all servers',
        async () => (await whoami(two, 'given out')).status !== 49,
      );
      const reset = await whoami(two, 'given out');
      t.match(`${reset.stdout}${reset.stderr}`, /Password must be changed/);
      const own = ['-x', '-H', one.ldap, '-D', guarded, '-w', 'given out', '-s', 'my own', guarded];
      const changed = await run('ldappasswd', own);
      t.equal(changed.status, 0, changed.stderr);
      const free = await whoami(one, 'my own');
      t.equal(free.status, 0, free.stderr);
      t.match(free.stdout, guarded);
    },
  );

  t.test('effective rights: by ldapsearch with the control as text, and by access explain', async (t) => {
    const wish = `!1.3.6.1.4.1.42.2.27.9.5.2=:dn:${person}`;
    const base = ['-LLL', '-o', 'ldif-wrap=no', ...adminOn(one), '-b', person, '-s', 'base', '-E', wish];
    const found = await run('ldapsearch', [...base, '(objectClass=*)', 'userPassword', 'aclRights']);
    t.match(found.stdout, /^aclRights;entryLevel: add:0,delete:0,read:1,write:1,proxy:1$/m, found.stderr);
    t.match(found.stdout, /^aclRights;attributeLevel;userPassword: search:0,read:0,compare:0,write:1,/m);
    const names = ['--user', 'u:user.1', '--entry', person, '--attribute', 'userPassword'];
    const why = await polyarch(['access', 'explain', '--dir', one.dir, ...names]);
    t.match(why.stdout, /userPassword.*write.*users may change their own password/, why.stderr);
  });

  t.test('in the end all replicas are equal, and replication status says so', async (t) => {
    await untilEqual(demo.servers);
    // Equal contents come a moment before each has told the others what it holds.
    await eventually(
      'replication status says so',
      async () => {
        const dirs = demo.servers.map((server) => server.dir);
        const state = await polyarch(['replication', 'status', '--json', '--dir', ...dirs]);
        t.equal(state.status, 0, state.stderr);
        return JSON.parse(state.stdout).inSync === true;
      },
      DEADLINE_MS,
      LOOK_PAUSE_MS,
    );
  });

  t.test('an option changed in cn=config is in force, of this server alone, and stays', async (t) => {
    const change = (value: string) =>
      run(
        'ldapmodify',
        adminOn(one),
        `dn: cn=limits,cn=config\nchangetype: modify\nreplace: polyarch-cfg-limits-search-entries\npolyarch-cfg-limits-search-entries: ${value}\n`,
      );
    const refused = await change('-3');
    t.equal(refused.status, 19, refused.stderr);
    t.match(refused.stderr.replaceAll('\n ', ''), /limits\.searchEntries: -3 is not within/);
    const changed = await change('3');
    t.equal(changed.status, 0, changed.stderr);
    const people = (server: typeof one) =>
      run('ldapsearch', ['-x', '-LLL', '-H', server.ldap, '-b', BASE, '(objectClass=*)', '1.1']);
    t.equal((await people(one)).status, 4, 'sizeLimitExceeded');
    t.equal((await people(two)).status, 0, 'the other server has its own');
    const get = await polyarch(['config', 'get', 'limits.searchEntries', '--json', '--dir', one.dir]);
    t.match(JSON.parse(get.stdout), [{ values: ['3'], source: 'file', live: true }], get.stderr);
  });

  t.test('SIGTERM stops the demo cleanly', async (t) => {
    t.equal(await demo.stop(), 0);
    for (const server of demo.servers) t.throws(() => process.kill(server.pid, 0), `${server.name} is gone`);
    const verified = await polyarch(['verify', '--dir', one.dir]);
    t.equal(verified.status, 0, verified.stderr + verified.stdout);
    const args = ['config', 'set', 'limits.searchSeconds=9', 'cache.entryMiB=64', '--json', '--dir', one.dir];
    const set = await polyarch(args);
    t.match(JSON.parse(set.stdout), { atNextStart: ['limits.searchSeconds', 'cache.entryMiB'] }, set.stderr);
    const again = await polyarch(['start', '--detach', '--dir', one.dir]);
    t.equal(again.status, 0, again.stderr);
    t.teardown(() => polyarch(['stop', '--dir', one.dir]));
    const shown = await run('ldapsearch', [
      ...adminOn(one),
      '-LLL',
      '-b',
      'cn=limits,cn=config',
      '-s',
      'base',
    ]);
    t.match(
      shown.stdout,
      /search-entries: 3\n.*search-seconds: 9\n/,
      'what was changed counts after a restart',
    );
  });
});
