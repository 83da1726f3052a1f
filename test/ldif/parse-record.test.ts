/** What LDIF records say: the forms and examples of RFC 2849, increment of RFC 4525. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { utf8Decode, utf8Encode } from '../../lib/base/bytes.js';
import type { LdifRecord } from '../../lib/ldif/ldif-record.js';
import { LdifFault, parseRecord } from '../../lib/ldif/parse-record.js';

/** The record of unfolded lines, with octets shown as text. */
function parse(...lines: string[]): unknown {
  const logical = lines.map((line, i) => ({ number: i + 1, octets: utf8Encode(line) }));
  return shown(parseRecord(logical, undefined));
}

function shown(record: LdifRecord): unknown {
  return JSON.parse(
    JSON.stringify(record, (_, value) =>
      value instanceof Uint8Array || value?.type === 'Buffer'
        ? must(utf8Decode(new Uint8Array(value.data ?? value)), 'text')
        : value,
    ),
  );
}

t.test('an entry (RFC 2849 example 1)', async (t) => {
  t.same(
    parse(
      'dn: cn=Barbara Jensen, ou=Product Development, dc=airius, dc=com',
      'objectclass: top',
      'objectclass: person',
      'cn: Barbara Jensen',
      'description:   leading spaces go, trailing stay ',
      'seeAlso:',
    ),
    {
      kind: 'content',
      dn: 'cn=Barbara Jensen, ou=Product Development, dc=airius, dc=com',
      attributes: [
        { description: 'objectclass', values: ['top', 'person'] },
        { description: 'cn', values: ['Barbara Jensen'] },
        { description: 'description', values: ['leading spaces go, trailing stay '] },
        { description: 'seeAlso', values: [''] },
      ],
    },
  );
});

t.test('base64 in values, DNs and everywhere a value stands (examples 3 and 5)', async (t) => {
  t.same(parse('dn:: b3U95Za25qWt6YOoLG89QWlyaXVz', 'ou;lang-ja:: 5Za25qWt6YOo', 'x::   '), {
    kind: 'content',
    dn: 'ou=営業部,o=Airius',
    attributes: [
      { description: 'ou;lang-ja', values: ['営業部'] },
      { description: 'x', values: [''] },
    ],
  });
});

t.test('add, delete, modrdn and moddn (example 6)', async (t) => {
  t.match(parse('dn: cn=a', 'changetype: add', 'cn: a'), {
    change: { kind: 'add', attributes: [{ description: 'cn', values: ['a'] }] },
  });
  t.match(parse('DN: cn=a', 'changeType: Delete'), { controls: [], change: { kind: 'delete' } });
  t.match(parse('dn: cn=a', 'changetype: modrdn', 'newrdn: cn=b', 'deleteoldrdn: 1'), {
    change: { kind: 'modifyDn', newRdn: 'cn=b', deleteOldRdn: true, newSuperior: undefined },
  });
  t.match(
    parse('dn: cn=a', 'changetype: moddn', 'newsuperior:: Y249w6k=', 'newrdn: cn=b', 'deleteoldrdn: 0'),
    { change: { kind: 'modifyDn', newRdn: 'cn=b', deleteOldRdn: false, newSuperior: 'cn=é' } },
  );
});

t.test('a modify of every kind, the last dash missing (RFC 4525 section 4: increment)', async (t) => {
  t.same(
    parse(
      'dn: cn=a',
      'changetype: modify',
      'add: postaladdress',
      'postaladdress: x',
      'PostalAddress: y',
      '-',
      'delete: description',
      '-',
      'replace: telephonenumber',
      'telephonenumber: 1',
      '- ',
      'increment: uidNumber',
      'uidNumber: 5',
    ),
    {
      kind: 'change',
      dn: 'cn=a',
      controls: [],
      change: {
        kind: 'modify',
        modifications: [
          { operation: 'add', attribute: { description: 'postaladdress', values: ['x', 'y'] } },
          { operation: 'delete', attribute: { description: 'description', values: [] } },
          { operation: 'replace', attribute: { description: 'telephonenumber', values: ['1'] } },
          { operation: 'increment', attribute: { description: 'uidNumber', values: ['5'] } },
        ],
      },
    },
  );
  t.match(parse('dn: cn=a', 'changetype: modify'), { change: { kind: 'modify', modifications: [] } });
});

t.test('controls with and without criticality and value (example 7)', async (t) => {
  const control = (line: string) =>
    (parse('dn: cn=a', `control: ${line}`, 'changetype: delete') as { controls: unknown[] }).controls[0];
  t.same(control('1.2.840.113556.1.4.805 true'), { oid: '1.2.840.113556.1.4.805', critical: true });
  t.same(control('1.2'), { oid: '1.2', critical: false });
  t.same(control('1.2 false: text'), { oid: '1.2', critical: false, value: 'text' });
  t.same(control('1.2:: Zm9v'), { oid: '1.2', critical: false, value: 'foo' });
  t.same(control('1.2 TRUE:'), { oid: '1.2', critical: true, value: '' });
});

t.test('faults carry the line', async (t) => {
  try {
    parse('dn: cn=a', 'cn: a', 'x');
    t.fail('no fault');
  } catch (error) {
    t.ok(error instanceof LdifFault && error.line === 3);
  }
});
