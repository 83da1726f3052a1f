/** What a void add brought, made anew once the change log does not hold it any more: from the journal's lines and the entry that has the UUID (docs/conflicts.md, Resolving). */
import t from 'tap';
import { latin1, utf8Encode } from '../../lib/base/bytes.js';
import { LdapError } from '../../lib/base/ldap-error.js';
import type { LineOverLdap } from '../../lib/cli/conflict-lines.js';
import { addAnew, mergeLost } from '../../lib/cli/lost-add.js';
import type { LdapClient } from '../../lib/io/ldap-client.js';
import { BASE, testSchema } from '../operation/test-server.js';

const UUID = '5d4cdd7c-9d4e-4b8a-8f0e-000000000001';
const PARENT = '5d4cdd7c-9d4e-4b8a-8f0e-000000000009';
type Attributes = Readonly<Record<string, readonly string[]>>;

/** A client whose server holds these entries; keeps what it was told to write. */
class FakeClient {
  readonly written: { dn: string; values: Record<string, string[]> }[] = [];
  readonly #entries: Readonly<Record<string, readonly [string, Attributes]>>;
  readonly #taken: readonly string[];

  constructor(
    entries: Readonly<Record<string, readonly [string, Attributes]>>,
    taken: readonly string[] = [],
  ) {
    this.#entries = entries;
    this.#taken = taken;
  }

  async searchAll({ base, filter }: Parameters<LdapClient['searchAll']>[0]) {
    if (base === 'cn=changelog') throw new LdapError('noSuchObject', 'it is turned off');
    const asked = filter.kind === 'equality' ? latin1(filter.value) : '';
    const found = this.#entries[asked];
    const attributes = Object.entries(found?.[1] ?? {}).map(([name, values]) => ({
      name,
      values: values.map(utf8Encode),
    }));
    return { entries: found === undefined ? [] : [{ kind: 'entry' as const, dn: found[0], attributes }] };
  }

  async add(dn: string, attributes: Parameters<LdapClient['add']>[1]) {
    if (this.#taken.includes(dn)) throw new LdapError('entryAlreadyExists', 'taken');
    this.#write(dn, attributes);
  }

  async modify(dn: string, modifications: Parameters<LdapClient['modify']>[1]) {
    this.#write(
      dn,
      modifications.map(({ attribute }) => attribute),
    );
  }

  #write(dn: string, attributes: Parameters<LdapClient['add']>[1]): void {
    const values = attributes.map(({ description, values }) => [description, values.map(latin1)] as const);
    this.written.push({ dn, values: Object.fromEntries(values) as Record<string, string[]> });
  }

  get client(): LdapClient {
    return this as unknown as LdapClient;
  }
}

const line = (attribute: string | undefined, value: string): LineOverLdap => ({
  id: '1.1',
  kind: 'add-lost',
  entry: UUID,
  domain: BASE,
  loser: '0'.repeat(24),
  attribute,
  value: utf8Encode(value),
});
const ANN: readonly [string, Attributes] = [
  `uid=ann,${BASE}`,
  { objectClass: ['inetOrgPerson'], uid: ['ann'], sn: ['Lee'], mail: ['a@x'], preferredLanguage: ['de'] },
];
const LOST = [
  line('uid', 'bob'),
  line('mail', 'b@x'),
  line('preferredlanguage', 'en'),
  line(undefined, 'uid=bob'),
  line(undefined, PARENT),
];
const HOME: readonly [string, Attributes] = [`ou=home,${BASE}`, {}];

t.test(
  'lines give what differed, the entry gives the rest; name and place are those of the add',
  async (t) => {
    const fake = new FakeClient({ [UUID]: ANN, [PARENT]: HOME });
    const { dn, whole } = await addAnew(fake.client, testSchema(), LOST, {});
    t.equal(dn, `uid=bob,ou=home,${BASE}`);
    t.notOk(whole);
    t.same(fake.written, [
      {
        dn,
        values: {
          objectClass: ['inetOrgPerson'],
          sn: ['Lee'],
          uid: ['bob'],
          mail: ['b@x'],
          preferredlanguage: ['en'],
        },
      },
    ]);
  },
);

t.test('under another name its values go, and those of the new one come', async (t) => {
  const fake = new FakeClient({ [UUID]: ANN });
  const name = { rename: 'cn=Bob+uid=robert', parent: BASE };
  const { dn } = await addAnew(fake.client, testSchema(), LOST, name);
  t.equal(dn, `cn=Bob+uid=robert,${BASE}`);
  t.match(fake.written[0]?.values, { uid: ['robert'], cn: ['Bob'] });
});

t.test('a place that is not there, and a name that is taken, are said', async (t) => {
  const nowhere = new FakeClient({ [UUID]: ANN });
  await t.rejects(addAnew(nowhere.client, testSchema(), LOST, {}), { message: /--parent/ });
  const dn = `uid=bob,ou=home,${BASE}`;
  const taken = new FakeClient({ [UUID]: ANN, [PARENT]: HOME }, [dn]);
  await t.rejects(addAnew(taken.client, testSchema(), LOST, {}), {
    result: 'entryAlreadyExists',
    message: /--rename/,
  });
  const dead = new FakeClient({});
  await t.rejects(addAnew(dead.client, testSchema(), LOST, {}), { message: /polyarch undelete --entry/ });
});

t.test('merged: all values at once, but those of attributes that can have one and have it', async (t) => {
  const fake = new FakeClient({ [UUID]: ANN });
  const merged = await mergeLost(fake.client, testSchema(), LOST);
  t.same(merged, { dn: ANN[0], attributes: ['uid', 'mail'], left: ['preferredlanguage'] });
  t.same(fake.written, [{ dn: ANN[0], values: { uid: ['bob'], mail: ['b@x'] } }]);
});
