/** python-ldap, ldap3, Net::LDAP, ldapjs and ldapts work against a server without special options. */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import ldapjs from 'ldapjs';
import { Client } from 'ldapts';
import t from 'tap';
import { LdapClient } from '../../lib/io/ldap-client.js';
import { PYTHON } from '../python.js';
import {
  ADMIN,
  BASE,
  DEADLINE_MS,
  ENV,
  eventually,
  LAUNCHER,
  LIMIT_MS,
  missingLibrary,
  PASSWORD,
  polyarch,
  run,
  startDemo,
} from './harness.js';

t.setTimeout(LIMIT_MS);

const PYTHON_LDAP = `
import sys, ldap, ldap.modlist
url, dn, pw, base = sys.argv[1:]
c = ldap.initialize(url)
c.simple_bind_s(dn, pw)
entry = 'uid=py,ou=people,' + base
c.add_s(entry, ldap.modlist.addModlist({'objectClass': [b'inetOrgPerson'], 'cn': [b'Py'], 'sn': ['Größe'.encode()], 'uid': [b'py']}))
c.modify_s(entry, [(ldap.MOD_ADD, 'mail', [b'py@example.com']), (ldap.MOD_REPLACE, 'cn', [b'Python'])])
assert c.compare_s(entry, 'mail', b'PY@example.com') is True
found = c.search_s(base, ldap.SCOPE_SUBTREE, '(&(sn=GRÖSSE)(uid=py))', ['sn', 'mail'])
assert len(found) == 1 and found[0][0].lower().startswith('uid=py'), found
found = c.search_s(base, ldap.SCOPE_SUBTREE, '(sn=größe)', ['sn', 'mail'])
assert found[0][1]['sn'] == ['Größe'.encode()], found
page = ldap.controls.SimplePagedResultsControl(True, size=5, cookie='')
total = 0
while True:
    mid = c.search_ext(base, ldap.SCOPE_SUBTREE, '(objectClass=*)', ['1.1'], serverctrls=[page])
    _, data, _, controls = c.result3(mid)
    total += len(data)
    page.cookie = controls[0].cookie
    if not page.cookie: break
assert total >= 20, total
c.rename_s(entry, 'uid=python', delold=1)
c.passwd_s('uid=python,ou=people,' + base, None, 'snake')
u = ldap.initialize(url)
u.simple_bind_s('uid=python,ou=people,' + base, 'snake')
assert u.whoami_s() == 'dn:uid=python,ou=people,' + base, u.whoami_s()
c.delete_s('uid=python,ou=people,' + base)
try:
    c.search_s(entry, ldap.SCOPE_BASE)
    assert False
except ldap.NO_SUCH_OBJECT:
    pass
print('ok')
`;

const PYTHON_POLICY = `
import sys, time, ldap, ldap.modlist
from ldap.controls.ppolicy import PasswordPolicyControl, PasswordPolicyError
url, dn, pw, base = sys.argv[1:]
c = ldap.initialize(url)
c.simple_bind_s(dn, pw)
room = 'ou=policy,' + base
user = 'uid=py,' + room
def add(dn, **attributes):
    c.add_s(dn, ldap.modlist.addModlist({k: [v.encode() for v in vs] for k, vs in attributes.items()}))
add(room, objectClass=['organizationalUnit'])
add('cn=policy,' + room, objectClass=['subentry', 'pwdPolicy'], subtreeSpecification=['{ }'], pwdAttribute=['userPassword'],
    pwdMinLength=['6'], pwdCheckQuality=['2'], pwdMaxAge=['3600'], pwdExpireWarning=['3600'], pwdLockout=['TRUE'], pwdMaxFailure=['2'])
add(user, objectClass=['account', 'simpleSecurityObject'], userPassword=['first one'])
u = ldap.initialize(url)
def told(call, *args):
    try:
        _, _, _, controls = u.result3(call(*args, serverctrls=[PasswordPolicyControl()]))
        return 'success', controls[0]
    except ldap.LDAPError as error:
        control = PasswordPolicyControl()
        for oid, _, value in error.args[0]['ctrls']:
            assert oid == control.controlType, oid
            control.decodeControlValue(value)
        return type(error).__name__, control
def named(control):
    return control.error if control.error is None else PasswordPolicyError.namedValues.getName(control.error)
result, control = told(u.simple_bind, user, 'first one')
assert result == 'success' and 3000 < control.timeBeforeExpiration <= 3600, (result, control.timeBeforeExpiration)
result, control = told(u.passwd, user, 'first one', 'short')
assert (result, named(control)) == ('CONSTRAINT_VIOLATION', 'passwordTooShort'), (result, named(control))
for i in range(2): told(u.simple_bind, user, 'wrong')
deadline = time.monotonic() + 60
while not c.search_s(user, ldap.SCOPE_BASE, attrlist=['pwdAccountLockedTime'])[0][1]: assert time.monotonic() < deadline
result, control = told(u.simple_bind, user, 'first one')
assert (result, named(control)) == ('INVALID_CREDENTIALS', 'accountLocked'), (result, named(control))
wish = ldap.controls.RequestControl('1.3.6.1.4.1.42.2.27.9.5.2', True, b'dn:' + user.encode())
_, found = c.search_ext_s(user, ldap.SCOPE_BASE, attrlist=['userPassword', 'aclRights'], serverctrls=[wish])[0]
assert found['aclRights;entryLevel'] == [b'add:0,delete:0,read:1,write:1,proxy:1'], found
assert b'read:0' in found['aclRights;attributeLevel;userPassword'][0], found
for gone in (user, 'cn=policy,' + room, room): c.delete_s(gone)
print('ok')
`;

/** A client that opens lost sessions anew outlives a restart: the server closes them without the notice \`unavailable\`, after which it would give up. */
const RECONNECT = `
import subprocess, sys, ldap, ldap.ldapobject
url, dn, pw, base, command, dir = sys.argv[1:]
path = dir + '/ldapi'
c = ldap.ldapobject.ReconnectLDAPObject(url, retry_max=240, retry_delay=0.5)
c.simple_bind_s(dn, pw)
for words in (['stop'], ['start', '--detach']):
    subprocess.run([command, *words, '--dir', dir], check=True, stdout=subprocess.DEVNULL)
assert len(c.search_s(base, ldap.SCOPE_BASE)) == 1
assert c.whoami_s() == 'dn:' + dn, c.whoami_s()
local = ldap.initialize('ldapi://' + path.replace('/', '%2F'))
local.simple_bind_s(dn, pw)
assert local.whoami_s() == 'dn:' + dn, local.whoami_s()
print('ok', c._reconnects_done)
`;

const LDAP3 = `
import sys
from ldap3 import Server, Connection, ALL, MODIFY_ADD, SUBTREE
url, dn, pw, base = sys.argv[1:]
s = Server(url, get_info=ALL)
c = Connection(s, dn, pw, auto_bind=True)
assert base in s.info.naming_contexts, s.info.naming_contexts
assert 'inetOrgPerson' in s.schema.object_classes
entry = 'uid=three,ou=people,' + base
assert c.add(entry, 'inetOrgPerson', {'cn': 'Three', 'sn': 'Three'}), c.result
assert c.modify(entry, {'title': [(MODIFY_ADD, ['Dr'])]}), c.result
assert c.search(base, '(uid=three)', SUBTREE, attributes=['*', '+']), c.result
e = c.entries[0]
assert e.title.value == 'Dr' and e.entryUUID.value, e
assert c.compare(entry, 'title', 'dr')
n = sum(1 for _ in c.extend.standard.paged_search(base, '(objectClass=person)', SUBTREE, attributes=['uid'], paged_size=4, generator=True))
assert n >= 15, n
assert c.extend.standard.who_am_i() == 'dn:' + dn, c.extend.standard.who_am_i()
assert c.extend.standard.modify_password(entry, None, 'drei'), c.result
assert Connection(s, entry, 'drei').bind()
assert not Connection(s, entry, 'vier').bind()
assert c.delete(entry), c.result
print('ok')
`;

const NET_LDAP = `
use strict; use Net::LDAP; use Net::LDAP::Control::Paged; use Net::LDAP::Constant qw(LDAP_CONTROL_PAGED);
my ($url, $dn, $pw, $base) = @ARGV;
my $l = Net::LDAP->new($url) or die "connect: $@";
sub ok { my $m = shift; die $m->error . ' ' . $m->code if $m->code; $m }
ok($l->bind($dn, password => $pw));
my $e = "uid=perl,ou=people,$base";
ok($l->add($e, attrs => [objectClass => ['inetOrgPerson'], cn => 'Perl', sn => 'Camel']));
ok($l->modify($e, add => { mail => 'perl@example.com' }, replace => { sn => 'Dromedary' }));
my $r = ok($l->search(base => $base, filter => '(mail=perl*)'));
die 'count ' . $r->count unless $r->count == 1 && $r->entry(0)->get_value('sn') eq 'Dromedary';
my $page = Net::LDAP::Control::Paged->new(size => 6); my $n = 0;
while (1) {
  my $s = ok($l->search(base => $base, filter => '(objectClass=*)', control => [$page]));
  $n += $s->count;
  my ($resp) = $s->control(LDAP_CONTROL_PAGED) or last;
  my $c = $resp->cookie; last unless defined $c && length $c; $page->cookie($c);
}
die "paged $n" unless $n >= 20;
ok($l->moddn($e, newrdn => 'uid=raku', deleteoldrdn => 1));
my $c = $l->compare("uid=raku,ou=people,$base", attr => 'sn', value => 'dromedary'); die 'compare' unless $c->code == 6;
ok($l->delete("uid=raku,ou=people,$base"));
$l->unbind; print "ok\\n";
`;

t.test('client libraries against one server', { timeout: LIMIT_MS }, async (t) => {
  const demo = await startDemo(t, 25, 1);
  const server = demo.servers[0];
  if (server === undefined) throw new Error('one server');
  const args = [server.ldap, ADMIN, PASSWORD, BASE];

  const python = missingLibrary(PYTHON, ['-c', 'import ldap'], 'python-ldap');
  t.test('python-ldap', { skip: python }, async (t) => {
    const done = await run(PYTHON, ['-c', PYTHON_LDAP, ...args]);
    t.equal(done.stdout.trim(), 'ok', done.stderr);
  });

  const pyasn1 = python || missingLibrary(PYTHON, ['-c', 'import ldap.controls.ppolicy'], 'pyasn1');
  t.test('python-ldap: password policy and effective rights controls', { skip: pyasn1 }, async (t) => {
    const done = await run(PYTHON, ['-c', PYTHON_POLICY, ...args]);
    t.equal(done.stdout.trim(), 'ok', done.stderr);
  });

  const ldap3 = missingLibrary(PYTHON, ['-c', 'import ldap3'], 'ldap3');
  t.test('ldap3', { skip: ldap3 }, async (t) => {
    const done = await run(PYTHON, ['-c', LDAP3, ...args]);
    t.equal(done.stdout.trim(), 'ok', done.stderr);
  });

  const netLdap = missingLibrary('perl', ['-MNet::LDAP', '-e', '1'], 'Net::LDAP');
  t.test("Perl's Net::LDAP", { skip: netLdap }, async (t) => {
    const done = await run('perl', ['-e', NET_LDAP, ...args]);
    t.equal(done.stdout.trim(), 'ok', done.stderr);
  });

  t.test('ldapts', async (t) => {
    const client = new Client({ url: server.ldap });
    await client.bind(ADMIN, PASSWORD);
    const dn = `uid=ts,ou=people,${BASE}`;
    await client.add(dn, { objectClass: 'inetOrgPerson', cn: 'Ts', sn: 'Script' });
    const { searchEntries } = await client.search(BASE, {
      filter: '(uid=ts)',
      attributes: ['sn', 'entryUUID'],
    });
    t.equal(searchEntries[0]?.sn, 'Script');
    t.match(searchEntries[0]?.entryUUID, /^[0-9a-f-]{36}$/);
    const paged = await client.search(BASE, { paged: { pageSize: 4 }, attributes: ['1.1'] });
    t.ok(paged.searchEntries.length >= 25);
    t.equal(await client.compare(dn, 'sn', 'script'), true);
    await client.modifyDN(dn, `uid=ts2,ou=people,${BASE}`);
    await client.del(`uid=ts2,ou=people,${BASE}`);
    await t.rejects(client.search(dn, { scope: 'base' }), { code: 32 });
    await client.unbind();
  });

  t.test('ldapjs', async (t) => {
    const client = ldapjs.createClient({ url: server.ldap });
    client.on('error', () => {});
    const call = (act: (done: (error: Error | null) => void) => void) =>
      new Promise<void>((resolve, reject) => act((error) => (error ? reject(error) : resolve())));
    await call((done) => client.bind(ADMIN, PASSWORD, done));
    const dn = `uid=js,ou=people,${BASE}`;
    await call((done) => client.add(dn, { objectClass: ['inetOrgPerson'], cn: 'Js', sn: 'Java' }, done));
    const change = new ldapjs.Change({
      operation: 'replace',
      modification: new ldapjs.Attribute({ type: 'sn', values: ['Script'] }),
    });
    await call((done) => client.modify(dn, change, done));
    const names = await new Promise<string[]>((resolve, reject) => {
      const found: string[] = [];
      client.search(BASE, { scope: 'sub', filter: '(sn=script)', attributes: ['sn'] }, (error, result) => {
        if (error) return reject(error);
        result.on('searchEntry', (entry) => found.push(entry.pojo.objectName));
        result.on('error', reject);
        result.on('end', () => resolve(found));
      });
    });
    t.same(names, [dn]);
    await call((done) => client.del(dn, done));
    await call((done) => client.unbind(done));
  });

  const restarted = {
    ...ENV,
    POLYARCH_LISTEN_LDAPI: join(server.dir, 'ldapi'),
    POLYARCH_BACKUP_SCHEDULE: 'daily 01:00',
  };
  t.test(
    'python-ldap across a restart of the server, then over a Unix-domain socket',
    { skip: python },
    async (t) => {
      const done = await run(PYTHON, ['-c', RECONNECT, ...args, LAUNCHER, server.dir], '', restarted);
      t.equal(done.stdout.trim(), 'ok 1', done.stderr);
    },
  );

  t.test('our own client over the Unix-domain socket', async (t) => {
    // Where no python-ldap has restarted the server with the socket.
    if (python !== false)
      for (const words of [['stop'], ['start', '--detach']])
        await polyarch([...words, '--dir', server.dir], '', restarted);
    const client = await LdapClient.connect({ host: '', port: 0, path: join(server.dir, 'ldapi') });
    await client.bind(ADMIN, PASSWORD);
    t.ok(await client.readEntry(BASE, ['objectClass']));
    client.unbind();
    const nowhere = { host: '', port: 0, path: join(server.dir, 'nowhere') };
    await t.rejects(LdapClient.connect(nowhere), /nowhere cannot be reached/);
  });

  t.test('it took the backup that its schedule asks for since', async (t) => {
    const folder = join(server.dir, 'backup');
    const taken = () =>
      existsSync(folder) ? readdirSync(folder).find((name) => name.endsWith('.backup')) : undefined;
    t.match(await eventually('a backup', async () => taken(), DEADLINE_MS, 50), /-full-[0-9a-f]{8}\.backup$/);
  });
});
