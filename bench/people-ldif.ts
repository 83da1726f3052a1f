/** LDIF of N inetOrgPerson entries of about 550 bytes below ou=people, as docs/performance.md measures with. */

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';

const GIVEN = [
  'Ada',
  'Bruno',
  'Chiara',
  'Dieter',
  'Emma',
  'Farid',
  'Greta',
  'Hugo',
  'Ines',
  'Jonas',
  'Kaya',
  'Lars',
];
const FAMILY = [
  'Weber',
  'Rossi',
  'Novak',
  'Silva',
  'Larsen',
  'Keller',
  'Moreau',
  'Okafor',
  'Tanaka',
  'Lindgren',
];

/** Writes base entry, ou=people and `count` people uid=user.0 .. */
export async function writePeopleLdif(file: string, baseDn: string, count: number): Promise<void> {
  const out = createWriteStream(file);
  const dc = /^dc=([^,]+)/i.exec(baseDn)?.[1] ?? 'example';
  out.write(`dn: ${baseDn}\nobjectClass: top\nobjectClass: domain\ndc: ${dc}\n\n`);
  out.write(`dn: ou=people,${baseDn}\nobjectClass: top\nobjectClass: organizationalUnit\nou: people\n\n`);
  for (let n = 0; n < count; n++) {
    const given = GIVEN[n % GIVEN.length] as string;
    const family = FAMILY[Math.floor(n / GIVEN.length) % FAMILY.length] as string;
    const text = [
      `dn: uid=user.${n},ou=people,${baseDn}`,
      'objectClass: top',
      'objectClass: person',
      'objectClass: organizationalPerson',
      'objectClass: inetOrgPerson',
      `uid: user.${n}`,
      `cn: ${given} ${family} Number ${n}`,
      `sn: ${family}`,
      `givenName: ${given}`,
      `mail: user.${n}@example.com`,
      `employeeNumber: ${n}`,
      `telephoneNumber: +49 30 ${String(1_000_000 + (n % 8_999_999))}`,
      `homePhone: +49 40 ${String(2_000_000 + (n % 7_999_999))}`,
      `street: ${n % 200} Long Street`,
      'l: Berlin',
      `postalCode: ${String(10_000 + (n % 89_999))}`,
      `postalAddress: ${given} ${family}$${n % 200} Long Street$Berlin`,
      `description: This is the description of ${given} ${family}, entry number ${n}.`,
      '',
      '',
    ].join('\n');
    if (!out.write(text)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
}
