/** The text of a fraction (docs/replication.md): what an administrator may write, and the form in which servers keep and send it. */
import t from 'tap';
import { Fraction } from '../../lib/entry/fraction.js';
import {
  configuredFraction,
  describeFraction,
  type FractionOptions,
  formatFraction,
  readFraction,
} from '../../lib/entry/fraction-text.js';
import { standardSchema } from '../schema/standard-schema.js';

const schema = standardSchema();

function asked(options: Partial<FractionOptions>): Fraction | readonly string[] {
  return configuredFraction({ exclude: [], include: [], ...options }, schema);
}

t.test('names and OIDs in any case become keys, sorted', async (t) => {
  const fraction = asked({ exclude: ['*:MAIL, 0.9.2342.19200300.100.1.60', 'Person:seeAlso'] });
  t.equal(
    fraction instanceof Fraction && formatFraction(fraction),
    'exclude *:jpegphoto,mail;person:seealso',
  );
});

t.test('nothing written: everything is held', async (t) => {
  t.equal(asked({}), Fraction.ALL);
  t.equal(formatFraction(Fraction.ALL), '');
  t.equal(readFraction('', schema), Fraction.ALL);
  t.equal(describeFraction(''), 'all attributes');
});

t.test('every fault of a configuration is named', async (t) => {
  t.strictSame(
    asked({
      exclude: [
        'mail',
        'nobody:mail',
        'posixAccount:loginShell',
        '*:mial',
        '*:objectClass',
        '*:',
        'person:sn',
      ],
    }),
    [
      'fraction.exclude: "mail" is not of the form class:attribute,attribute (or *:attribute)',
      'fraction.exclude: "nobody:mail" names the class nobody, which is not in the schema',
      'fraction.exclude: "posixAccount:loginShell" names the auxiliary class posixAccount: entries gain and lose such a class; write *:... instead',
      'fraction.exclude: "*:mial" names the attribute mial, which is not in the schema',
      'fraction.exclude: "*:objectClass" names objectClass, which is always held',
      'fraction.exclude: "*:" names the attribute (nothing), which is not in the schema',
      'fraction.exclude: "person:sn" excludes sn, which the class person requires',
    ],
  );
  t.match(asked({ include: ['*:entryUUID'] }), [/operational and always held/]);
  t.match(asked({ exclude: ['*:mail'], include: ['*:cn'] }), [/only one of them/]);
});

t.test('the text is read again; malformed and unbounded ones are not', async (t) => {
  const text = 'include *:cn,mail;person:unknown-to-us';
  const fraction = readFraction(text, schema);
  t.equal(fraction === undefined ? undefined : formatFraction(fraction), text);
  const bad = [
    'exclude',
    'exclude ',
    'only *:cn',
    'exclude *',
    'exclude *:',
    'exclude *:cn;*:sn',
    'exclude *:Ä',
  ];
  for (const malformed of [...bad, `exclude *:${'a,'.repeat(9000)}`])
    t.equal(readFraction(malformed, schema), undefined, malformed.slice(0, 40));
});
