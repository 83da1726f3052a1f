/**
 * The largest writes and binds of bench/hostile.ts: definitions of the schema, entries of 15 MiB, passwords.
 *
 * What a case adds it takes away again.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { utf8Encode } from '../lib/base/bytes.js';
import type { LdapClient } from '../lib/io/ldap-client.js';
import { EXTENDED_OIDS } from '../lib/ldap/control-oids.js';
import { encodePasswordModify } from '../lib/ldap/extended/password-modify.js';
import type { Modification } from '../lib/ldap/message.js';
import {
  anything,
  BASE_DN,
  type Case,
  connectClient,
  long,
  many,
  PASSWORD,
  people,
  search,
  told,
} from './hostile-case.js';
import * as polyarch from './polyarch.js';

const DEFINITIONS = 4500;
/** What follows the deletion of a large entry (digests, collections) belongs to its case, not to the next one. */
const SETTLE_MS = 1500;

const definition = (n: number, sup = '') =>
  `( 1.3.6.1.4.1.99999.7.${n} NAME 'hostile${n}' DESC 'one of many'${sup} EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 X-ORIGIN 'bench' )`;
const schemaEdit =
  (operation: Modification['operation'], description: string, values: readonly Uint8Array[]) =>
  (client: LdapClient) =>
    client.modify('cn=schema', [{ operation, attribute: { description, values } }]);
const person = (uid: string, more: readonly { description: string; values: readonly Uint8Array[] }[]) => [
  {
    description: 'objectClass',
    values: many(
      5,
      (n) => ['top', 'person', 'inetOrgPerson', 'organizationalPerson', 'extensibleObject'][n] ?? '',
    ),
  },
  { description: 'uid', values: [utf8Encode(uid)] },
  { description: 'cn', values: [utf8Encode('Hostile')] },
  { description: 'sn', values: [utf8Encode('Hostile')] },
  ...more,
];
/** Adds an entry of 15 MiB with these values; deletes it again. */
function large(name: string, description: string, count: number, of: (n: number) => Uint8Array): Case {
  return {
    name: 'add',
    label: name,
    async run(client) {
      const dn = `uid=hostile,ou=people,${BASE_DN}`;
      const values = Array.from({ length: count }, (_, n) => of(n));
      const found = await told(client.add(dn, person('hostile', [{ description, values }])));
      await client.delete(dn).catch(() => undefined);
      await sleep(SETTLE_MS);
      if (found !== 'success') throw new Error(found);
    },
  };
}
/** Some nine octets of UTF-8 for eight letters. */
const text = (octets: number) => (n: number) =>
  utf8Encode(`${n} `.padEnd(octets, 'Straßen ').slice(0, Math.floor((octets * 8) / 9)));
/** Version 3 and the beginning of the serial number behind it, in a certificate's DER. */
const VERSION_THEN_SERIAL = [0xa0, 3, 2, 1, 2, 2];
/** The certificate with another serial number: certificates that have the same one of the same issuer are equal. */
function withSerial(der: Uint8Array, n: number): Uint8Array {
  const other = Buffer.from(der);
  const at = other.indexOf(Uint8Array.from(VERSION_THEN_SERIAL)) + VERSION_THEN_SERIAL.length;
  const length = other[at] ?? 0;
  other[at + length] = n;
  return other;
}
/** A certificate in DER as OpenSSL makes it, with `names` alternative names. */
function certificate(names: number): Uint8Array {
  const dir = mkdtempSync(join(tmpdir(), 'bench-certificate-'));
  try {
    const alternative = Array.from({ length: names }, (_, n) => `DNS:host-${n}.example.com`).join(',');
    const args = [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      '/CN=hostile',
      '-days',
      '1',
      '-outform',
      'DER',
    ];
    spawnSync('openssl', [
      ...args,
      '-keyout',
      join(dir, 'key'),
      '-out',
      join(dir, 'out'),
      '-addext',
      `subjectAltName=${alternative}`,
    ]);
    return new Uint8Array(readFileSync(join(dir, 'out')));
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Writes and binds. */
export const writeCases = (): readonly Case[] => [
  ...schemaCases(),
  ...addCases(),
  ...groupCases(),
  ...passwordCases(),
];

function schemaCases(): Case[] {
  const types = many(DEFINITIONS, (n) => definition(n, n % 100 === 0 ? '' : ` SUP hostile${n - (n % 100)}`));
  const wide = `( 1.3.6.1.4.1.99999.8.1 NAME 'hostileClass' SUP top AUXILIARY MAY ( ${Array.from({ length: 4000 }, (_, n) => `hostile${n}`).join(' $ ')} ) )`;
  return [
    {
      name: 'schema',
      label: `schema: ${DEFINITIONS} attribute types added`,
      run: schemaEdit('add', 'attributeTypes', types),
    },
    {
      name: 'schema',
      label: 'schema: a class that allows 4,000',
      run: schemaEdit('add', 'objectClasses', [utf8Encode(wide)]),
    },
    {
      name: 'schema',
      label: 'schema: one more type',
      run: schemaEdit('add', 'attributeTypes', [utf8Encode(definition(9999))]),
    },
    {
      name: 'schema',
      label: 'schema: cn=schema read',
      run: (client) => search(client, anything, { base: 'cn=schema', scope: 'base', attributes: ['*', '+'] }),
    },
    {
      name: 'schema',
      label: 'schema: a definition that cannot be',
      run: schemaEdit('add', 'attributeTypes', [utf8Encode(definition(9998, ' SUP nothingAtAll'))]),
    },
    {
      name: 'schema',
      label: 'schema: 1,000 deleted by name',
      run: schemaEdit(
        'delete',
        'attributeTypes',
        many(1000, (n) => `hostile${4499 - n}`),
      ),
    },
    {
      name: 'schema',
      label: 'schema: the class deleted',
      run: schemaEdit('delete', 'objectClasses', [utf8Encode('hostileClass')]),
    },
    { name: 'schema', label: 'schema: all deleted', run: schemaEdit('delete', 'attributeTypes', []) },
  ];
}

function addCases(): Case[] {
  const made = () => certificate(3000);
  const big = made();
  return [
    large('add: 240 descriptions of 64 KiB', 'description', 240, text(65_000)),
    large('add: a description of 15 MiB', 'description', 1, text(long)),
    large('add: 100,000 descriptions', 'description', 100_000, text(100)),
    large('add: 100,000 telephone numbers', 'telephoneNumber', 100_000, (n) => utf8Encode(`+49 30 ${n}`)),
    large('add: 50,000 postal addresses', 'postalAddress', 50_000, (n) =>
      utf8Encode(`${n}$Long Street$Berlin$`.padEnd(199, 'a$b').concat('.')),
    ),
    large('add: 50,000 names', 'seeAlso', 50_000, (n) => utf8Encode(`uid=user.${n}, ou=people, ${BASE_DN}`)),
    large('add: 3,000 names of 80 RDNs', 'seeAlso', 3000, (n) =>
      utf8Encode(`${`ou=Level ${n},`.repeat(80)}${BASE_DN}`),
    ),
    large('add: a photo of 15 MiB', 'jpegPhoto', 1, () => new Uint8Array(long).fill(7)),
    large('add: 100 certificates of 90 KiB', 'userCertificate;binary', 100, (n) => withSerial(big, n)),
    large('add: a certificate of 15 MiB that is none', 'userCertificate;binary', 1, () =>
      new Uint8Array(long).fill(48),
    ),
  ];
}

/** A group of 100,000 members in whole requests: each follows from the one before. */
function groupCases(): Case[] {
  const dn = `cn=hostile group,${BASE_DN}`;
  const members = (from: number) => many(100_000, (n) => `uid=user.${from + n},ou=people,${BASE_DN}`);
  const first = members(0);
  const others = members(20_000_000);
  const edit =
    (operation: Modification['operation'], values: readonly Uint8Array[]) => (client: LdapClient) =>
      client.modify(dn, [{ operation, attribute: { description: 'member', values } }]);
  const works: readonly (readonly [string, (client: LdapClient) => Promise<unknown>])[] = [
    [
      'added',
      (client) =>
        client.add(dn, [
          { description: 'objectClass', values: [utf8Encode('groupOfNames')] },
          { description: 'member', values: first },
        ]),
    ],
    ['100,000 more', edit('add', others)],
    ['100,000 of them deleted', edit('delete', others)],
    ['all replaced', edit('replace', others)],
    ['deleted', (client) => client.delete(dn)],
  ];
  return works.map(([what, run]) => ({ name: 'group', label: `group of 100,000 members: ${what}`, run }));
}

function passwordCases(): Case[] {
  const password = 'ß'.repeat(500);
  const dn = people(7);
  const values = [utf8Encode(password)];
  return [
    {
      name: 'password',
      label: 'a password of 1,000 octets set',
      run: (client) =>
        client.modify(dn, [{ operation: 'replace', attribute: { description: 'userPassword', values } }]),
    },
    {
      name: 'password',
      label: '16 binds with it',
      run: async () => {
        const found = await Promise.all(
          Array.from({ length: 16 }, async () => {
            const client = await connectClient();
            const answer = await told(client.bind(dn, password));
            client.unbind();
            return answer;
          }),
        );
        throw new Error(found[0]);
      },
    },
    {
      name: 'password',
      label: 'a bind with one of 15 MiB',
      run: (client) =>
        told(client.bind(dn, 'p'.repeat(long))).then(async (answer) => {
          await client.bind(polyarch.ADMIN_DN, PASSWORD);
          throw new Error(answer);
        }),
    },
    {
      name: 'password',
      label: 'one of 15 MiB by its operation',
      run: (client) =>
        client.extended(
          EXTENDED_OIDS.passwordModify,
          encodePasswordModify({
            user: dn,
            oldPassword: undefined,
            newPassword: utf8Encode('p'.repeat(long)),
          }),
        ),
    },
    ...[
      ['{PBKDF2-SHA512}1000000000:AAAA$AAAA', 'PBKDF2'],
      ['$6$rounds=999999999$abcdefgh$', 'crypt'],
    ].map(
      ([hash, label]): Case => ({
        name: 'password',
        label: `a stored ${label} hash of the dearest kind`,
        run: async (client) => {
          const set = await told(
            client.modify(dn, [
              {
                operation: 'replace',
                attribute: { description: 'userPassword', values: [utf8Encode(hash ?? '')] },
              },
            ]),
          );
          throw new Error(`${set}`);
        },
      }),
    ),
  ];
}
