/** CSNs in the form of OpenLDAP's entryCSN. */
import t from 'tap';
import { type Csn, makeCsn, type ReplicaId } from '../../lib/csn/csn.js';
import { fromOpenLdapCsn, toOpenLdapCsn } from '../../lib/csn/openldap-csn.js';

const csn = (timeMs: number, sequence: number, replica: number): Csn =>
  makeCsn(timeMs, sequence, replica as ReplicaId);

t.test("a CSN in OpenLDAP's form, and back", async (t) => {
  const time = Date.UTC(2026, 10, 21, 15, 39, 54, 7);
  t.equal(toOpenLdapCsn(csn(time, 0x12, 3)), '20261121153954.007000Z#000012#003#000003');
  for (const one of [csn(0, 0, 1), csn(time, 0xffffff, 65_535), csn(time, 1, 4096), csn(time, 0, 4095)])
    t.equal(fromOpenLdapCsn(toOpenLdapCsn(one)), one);
});

t.test('text order is CSN order', async (t) => {
  const csns: Csn[] = [];
  for (const timeMs of [1, 999, 1000, 86_400_000])
    for (const sequence of [0, 1, 255, 256, 0xffff])
      for (const replica of [1, 2, 4095]) csns.push(csn(timeMs, sequence, replica));
  const sorted = [...csns].sort();
  t.same(sorted.map(toOpenLdapCsn), [...csns.map(toOpenLdapCsn)].sort());
});

t.test('other texts are none', async (t) => {
  const good = toOpenLdapCsn(csn(1, 2, 3));
  for (const bad of [
    '',
    'x',
    good.slice(1),
    `${good} `,
    good.replace('#003#', '#004#'),
    good.replace('Z', 'z'),
    good.replace('#000003', '#000000'),
    good.replace('1970', '9999').replace('0101', '1399'),
  ])
    t.equal(fromOpenLdapCsn(bad), undefined, bad);
});
