/** Claims about requests that are wrong: what is answered, what ends the session, what is bounded (RFC 4511 sections 4.1.1, 5.1). */
import t from 'tap';
import { fromHex, utf8Encode } from '../../lib/base/bytes.js';
import { LIMITS } from '../../lib/base/limits.js';
import { BerWriter } from '../../lib/ber/ber-writer.js';
import type { Filter } from '../../lib/filter/filter.js';
import { decodeMatchedValues, encodeMatchedValues } from '../../lib/ldap/controls/matched-values.js';
import { decodeRequest } from '../../lib/ldap/decode-request.js';
import { encodeRequest } from '../../lib/ldap/encode-request.js';
import type { Control, LdapRequest, SearchRequest } from '../../lib/ldap/message.js';
import { RequestError } from '../../lib/ldap/request-error.js';

const writer = new BerWriter();

function encoded(request: LdapRequest, controls: readonly Control[] = []): Uint8Array {
  writer.reset();
  encodeRequest(writer, { id: 5, request, controls });
  return writer.copySince(0);
}

function fault(frame: Uint8Array | string): RequestError {
  try {
    decodeRequest(typeof frame === 'string' ? (fromHex(frame) as Uint8Array) : frame);
  } catch (error) {
    if (error instanceof RequestError) return error;
    throw error;
  }
  throw new Error('the request was accepted');
}

/** An LDAPMessage with id 5 around an operation of up to 120 octets. */
function message(op: string): string {
  return `30${(op.length / 2 + 3).toString(16).padStart(2, '0')}020105${op}`;
}

const search: SearchRequest = {
  kind: 'search',
  base: '',
  scope: 'base',
  deref: 'never',
  sizeLimit: 0,
  timeLimit: 0,
  typesOnly: false,
  filter: { kind: 'present', attribute: 'objectClass' },
  attributes: [],
};
/** deref, limits, typesOnly, (objectClass=*), no attributes. */
const REST = '0a0100020100020100010100870b6f626a656374436c6173733000';

t.test('without a readable message id or operation the session ends (RFC 4511 section 4.1.1)', async (t) => {
  for (const hex of [
    '3000',
    '30020500',
    '3003020100',
    '300602010042004200',
    '30030201ff',
    '300702050000000001',
  ]) {
    const error = fault(hex);
    t.equal(error.ends, true, hex);
    t.equal(error.result, 'protocolError');
  }
  t.match(fault('30050201014f00'), { id: 1, kind: undefined, ends: true }, 'an unknown operation');
  t.match(fault('300c02010161070a010004000400'), { id: 1, kind: undefined, ends: true }, 'a response');
  t.match(fault('30050201004200'), { ends: true }, 'id 0 belongs to unsolicited notifications');
});

t.test('broken structure inside a request ends the session and says which request it was', async (t) => {
  t.match(fault(message('630304' + '05aa')), { id: 5, kind: 'search', ends: true, result: 'protocolError' });
  t.match(fault(message('4a80')), { id: 5, kind: 'delete', ends: true });
});

t.test('a readable request with a value out of range is answered', async (t) => {
  const answered = (op: string, kind: string, result: string) =>
    t.match(fault(message(op)), { id: 5, kind, ends: false, result }, `${kind} ${op}`);
  answered('4a02c328', 'delete', 'invalidDNSyntax');
  answered(`632004000a0104${REST.slice(0)}`, 'search', 'protocolError');
  answered(`632004000a01000a0104020100020100010100870b6f626a656374436c6173733000`, 'search', 'protocolError');
  answered(`632004000a01000a01000201ff020100010100870b6f626a656374436c6173733000`, 'search', 'protocolError');
  answered('600702018004008000', 'bind', 'protocolError');
  answered('600702010004008000', 'bind', 'protocolError');
  answered('600702010304008100', 'bind', 'authMethodNotSupported');
  answered('600502010304' + '00', 'bind', 'protocolError');
  answered('660d0400300930070a010430020400', 'modify', 'protocolError');
  answered('680a04003006300404003100', 'add', 'protocolError');
});

t.test('filters that RFC 4511 does not define are answered with protocolError', async (t) => {
  const filter = (hex: string) => {
    const body = `04000a01000a0100020100020100010100${hex}3000`;
    return fault(message(`63${(body.length / 2).toString(16).padStart(2, '0')}${body}`));
  };
  for (const hex of [
    'aa00',
    'a200',
    'a4050401613000',
    'a40904016130048201628100',
    'a40904016130048101628000',
    'a4080401613003830162',
    'a903830161',
  ]) {
    t.match(filter(hex), { ends: false, result: 'protocolError', kind: 'search' }, hex);
  }
  t.match(filter('a206870161870161'), { ends: true }, 'a not with two clauses');
});

t.test('every count is bounded by name', async (t) => {
  const many = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));
  const present = { kind: 'present', attribute: 'a' } as const;
  const over = (request: LdapRequest, limit: string, controls?: readonly Control[]) => {
    const error = fault(encoded(request, controls));
    t.equal(error.ends, false, limit);
    t.match(error.message, new RegExp(`limit ${limit}`));
  };
  over(
    { ...search, filter: { kind: 'and', clauses: many(LIMITS.filterClauses, () => present) } },
    'filterClauses',
  );
  t.ok(
    decodeRequest(
      encoded({ ...search, filter: { kind: 'or', clauses: many(LIMITS.filterClauses - 1, () => present) } }),
    ),
  );
  over(
    { ...search, attributes: many(LIMITS.requestedAttributes + 1, (i) => `a${i}`) },
    'requestedAttributes',
  );
  over(
    {
      ...search,
      filter: {
        kind: 'substrings',
        attribute: 'a',
        initial: undefined,
        any: many(LIMITS.substringParts + 1, () => utf8Encode('x')),
        final: undefined,
      },
    },
    'substringParts',
  );
  over({ kind: 'delete', dn: 'x'.repeat(LIMITS.dnBytes + 1) }, 'dnBytes');
  over(
    { ...search, attributes: ['x'.repeat(LIMITS.attributeDescriptionBytes + 1)] },
    'attributeDescriptionBytes',
  );
  over({ kind: 'extended', oid: '1'.repeat(LIMITS.oidBytes + 1), value: undefined }, 'oidBytes');
  const attribute = { description: 'a', values: [utf8Encode('x')] };
  over(
    { kind: 'add', dn: '', attributes: many(LIMITS.attributesPerEntry + 1, () => attribute) },
    'attributesPerEntry',
  );
  over(
    {
      kind: 'modify',
      dn: '',
      modifications: many(LIMITS.modifications + 1, () => ({ operation: 'add', attribute }) as const),
    },
    'modifications',
  );
  const empty = new Uint8Array(0);
  over(
    {
      kind: 'add',
      dn: '',
      attributes: [
        { description: 'a', values: new Array<Uint8Array>(LIMITS.valuesPerRequest + 1).fill(empty) },
      ],
    },
    'valuesPerRequest',
  );
  over(
    { kind: 'delete', dn: '' },
    'controls',
    many(LIMITS.controls + 1, () => ({ oid: '1.2', critical: false, value: undefined })),
  );
});

t.test(
  'the values of one filter are bounded together, of whatever kind they are (filterValueBytes)',
  async (t) => {
    const half = new Uint8Array(LIMITS.filterValueBytes / 2);
    const one = new Uint8Array(1);
    const equality = (value: Uint8Array): Filter => ({ kind: 'equality', attribute: 'a', value });
    const initial = (value: Uint8Array): Filter => ({
      kind: 'substrings',
      attribute: 'a',
      initial: value,
      any: [],
      final: undefined,
    });
    const any = (value: Uint8Array): Filter => ({
      kind: 'substrings',
      attribute: 'a',
      initial: undefined,
      any: [value],
      final: undefined,
    });
    const final = (value: Uint8Array): Filter => ({
      kind: 'substrings',
      attribute: 'a',
      initial: undefined,
      any: [],
      final: value,
    });
    const extensible = (value: Uint8Array): Filter => ({
      kind: 'extensible',
      rule: undefined,
      attribute: 'a',
      value,
      dnAttributes: false,
    });
    const ordering = (value: Uint8Array): Filter => ({ kind: 'greaterOrEqual', attribute: 'a', value });
    const said = { result: 'adminLimitExceeded', ends: false, message: /limit filterValueBytes/ };
    for (const kind of [equality, initial, any, final, extensible, ordering]) {
      const asked = (clauses: readonly Filter[]) => encoded({ ...search, filter: { kind: 'or', clauses } });
      t.ok(decodeRequest(asked([equality(half), kind(half)])), kind.name);
      t.match(fault(asked([equality(half), kind(half), equality(one)])), said, kind.name);
    }
    // Matched values: the items of one control.
    const control = (items: readonly Filter[]) => decodeMatchedValues(encodeMatchedValues(items));
    t.equal(control([equality(half), any(half)]).length, 2);
    t.throws(() => control([equality(half), any(half), equality(one)]), {
      result: 'adminLimitExceeded',
      message: /limit filterValueBytes/,
    });
  },
);

t.test(
  'nesting is bounded without recursion: a hundred deep passes, a hundred thousand is answered',
  async (t) => {
    const nested = (depth: number): Uint8Array => {
      const w = new BerWriter();
      const mark = w.length;
      w.wrap(0x30, mark);
      const filter = w.length;
      w.text('a', 0x87);
      for (let i = 0; i < depth; i++) w.wrap(i % 3 === 0 ? 0xa2 : 0xa0 + (i % 2), filter);
      w.raw(fromHex('04000a01000a0100020100020100010100') as Uint8Array);
      w.wrap(0x63, mark);
      w.integer(5);
      w.wrap(0x30, mark);
      return w.copySince(0);
    };
    t.ok(decodeRequest(nested(LIMITS.filterDepth)));
    t.match(fault(nested(LIMITS.filterDepth + 1)), { result: 'adminLimitExceeded', ends: false });
    t.match(fault(nested(100_000)), { result: 'adminLimitExceeded', ends: false });
  },
);

t.test(
  'trailing components that are not recognized are ignored (RFC 4511 section 4), superfluous octets are not',
  async (t) => {
    t.match(
      decodeRequest(
        fromHex(
          '300e0201016009020103040080008901aa'.replace('300e', '300f').replace('6009', '600a'),
        ) as Uint8Array,
      ),
      {
        request: { kind: 'bind' },
      },
    );
    t.match(decodeRequest(fromHex('300802010142008a0' + '1aa') as Uint8Array), {
      request: { kind: 'unbind' },
    });
    t.match(fault('3005020101420000'), { ends: true }, 'octets behind the message');
    t.match(fault('3007020101420089' + '05'), { ends: true }, 'a trailing component that is cut short');
    t.match(
      fault('30090201014200a000a000'),
      { ends: false, result: 'protocolError' },
      'controls given twice',
    );
  },
);

t.test('padded lengths of Windows clients are accepted at every level', async (t) => {
  const hex = '308400000012020101608400000009020103048400000000' + '8000';
  t.match(
    decodeRequest(
      fromHex(hex.replace('0000000902', '0000000b02').replace('00000012', '00000014')) as Uint8Array,
    ),
    {
      id: 1,
      request: { kind: 'bind', version: 3, dn: '' },
    },
  );
});

t.test('explicit criticality FALSE and any true octet are accepted', async (t) => {
  const message = decodeRequest(
    fromHex('30140201014200a00d300b0403312e320101010401aa'.replace('3014', '3014')) as Uint8Array,
  );
  t.match(message.controls, [{ oid: '1.2', critical: true }]);
  t.match(decodeRequest(fromHex('30110201014200a00a30080403312e32010100') as Uint8Array).controls, [
    { oid: '1.2', critical: false, value: undefined },
  ]);
});
