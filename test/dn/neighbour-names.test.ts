/** Names of neighbours, parsed with the parent of the last one at hand, are what parseDn() makes of them. */
import t from 'tap';
import { toHex } from '../../lib/base/bytes.js';
import type { Dn } from '../../lib/dn/dn.js';
import { parseDn } from '../../lib/dn/dn-text.js';
import { NeighbourNames } from '../../lib/dn/neighbour-names.js';

const PARENTS = [
  '',
  'dc=x',
  'ou=a,dc=x',
  'ou=b,dc=x',
  'ou = a , dc=x',
  'OU=a,dc=x',
  'o="q,r",dc=x',
  ' dc=x ',
  'bad',
];
const RDNS = [
  'cn=a',
  'cn = a ',
  'cn=a\\, b',
  'cn="x, y"',
  'cn=a+sn=b',
  'cn=#0401ff',
  'cn=\u00e9',
  'cn=',
  '2.5.4.3=a',
  'oid.2.5.4.3=a',
  '=a',
  'cn',
  '',
  'cn=a=b',
];

/** What comes of it, a refusal included. */
function told(parse: () => Dn): string {
  try {
    return JSON.stringify(parse().rdns.map((rdn) => rdn.map(({ type, value }) => [type, toHex(value)])));
  } catch (error) {
    return String(error);
  }
}

t.test('every name after every other one', async (t) => {
  const texts = PARENTS.flatMap((above) => RDNS.flatMap((rdn) => [`${rdn},${above}`, rdn]));
  texts.push(`cn=${'a'.repeat(20_000)},dc=x`, `cn=${'a'.repeat(900)},dc=x`);
  let wrong = 0;
  for (const first of texts) {
    const names = new NeighbourNames();
    for (const text of [first, ...texts.slice(0, 40), first])
      if (told(() => names.parse(text)) !== told(() => parseDn(text))) wrong += 1;
  }
  t.equal(wrong, 0);
});
