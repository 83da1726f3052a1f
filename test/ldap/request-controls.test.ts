/** Claims about controls and extended values: they round-trip, have their standards' bytes, and bad ones are protocolError. */
import t from 'tap';
import { fromHex, latin1, toHex, utf8Encode } from '../../lib/base/bytes.js';
import { LdapError } from '../../lib/base/ldap-error.js';
import { LIMITS } from '../../lib/base/limits.js';
import { BerWriter } from '../../lib/ber/ber-writer.js';
import { CONTROL_OIDS, EXTENDED_OIDS, FEATURE_OIDS } from '../../lib/ldap/control-oids.js';
import { decodeAssertion, encodeAssertion } from '../../lib/ldap/controls/assertion.js';
import { decodeMatchedValues, encodeMatchedValues } from '../../lib/ldap/controls/matched-values.js';
import { decodePagedResults, encodePagedResults } from '../../lib/ldap/controls/paged-results.js';
import {
  decodePasswordPolicyResponse,
  encodePasswordPolicyResponse,
  PASSWORD_POLICY_ERRORS,
} from '../../lib/ldap/controls/password-policy.js';
import {
  decodeProxiedAuthorization,
  decodeProxiedAuthorizationV1,
  encodeProxiedAuthorization,
} from '../../lib/ldap/controls/proxied-authorization.js';
import {
  decodeReadRequest,
  decodeReadResponse,
  encodeReadRequest,
  encodeReadResponse,
} from '../../lib/ldap/controls/read-entry.js';
import {
  decodeSortRequest,
  decodeSortResponse,
  encodeSortRequest,
  encodeSortResponse,
  type SortKey,
} from '../../lib/ldap/controls/sort.js';
import { decodeSubentries, encodeSubentries } from '../../lib/ldap/controls/subentries.js';
import { decodeResponse } from '../../lib/ldap/decode-response.js';
import { decodeCancel, encodeCancel } from '../../lib/ldap/extended/cancel.js';
import { encodeDisconnection } from '../../lib/ldap/extended/disconnection.js';
import {
  decodeGeneratedPassword,
  decodePasswordModify,
  encodeGeneratedPassword,
  encodePasswordModify,
} from '../../lib/ldap/extended/password-modify.js';
import { parseRequestControls } from '../../lib/ldap/request-controls.js';
import { FILTERS } from './sample-messages.js';

const hex = (text: string): Uint8Array => fromHex(text) as Uint8Array;
const u = utf8Encode;

/** Comparable form, whatever class of view holds the bytes. */
function plain(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    const buffer = item as { type?: string; data?: number[] } | null;
    if (buffer?.type === 'Buffer' && buffer.data !== undefined)
      return `b:${latin1(Uint8Array.from(buffer.data))}`;
    return item instanceof Uint8Array ? `b:${latin1(item)}` : item;
  });
}

t.test('values of controls and extended operations round-trip', async (t) => {
  for (const size of [0, 1, 2147483647]) {
    for (const cookie of [u(''), Uint8Array.of(0, 255)]) {
      t.equal(plain(decodePagedResults(encodePagedResults({ size, cookie }))), plain({ size, cookie }));
    }
  }
  t.equal(plain(decodeReadRequest(encodeReadRequest(['cn', '*', '+']))), plain(['cn', '*', '+']));
  t.equal(plain(decodeReadRequest(encodeReadRequest([]))), '[]');
  const entry = { dn: 'cn=ä', attributes: [{ name: 'cn', values: [u('ä'), Uint8Array.of(0)] }] };
  t.equal(plain(decodeReadResponse(encodeReadResponse(entry))), plain(entry));
  for (const filter of FILTERS) t.equal(plain(decodeAssertion(encodeAssertion(filter))), plain(filter));
  for (const visible of [true, false]) t.equal(decodeSubentries(encodeSubentries(visible)), visible);
  const keys = [
    { attribute: 'sn', rule: undefined, reverse: false },
    { attribute: 'cn;lang-de', rule: '2.5.13.3', reverse: true },
  ];
  t.same(decodeSortRequest(encodeSortRequest(keys)), keys);
  for (const sort of [
    { result: 'success', attribute: undefined },
    { result: 'noSuchAttribute', attribute: 'x' },
  ] as const)
    t.same(decodeSortResponse(encodeSortResponse(sort)), sort);
  for (const authzId of ['', 'dn:cn=ä', 'u:x']) {
    t.equal(decodeProxiedAuthorization(encodeProxiedAuthorization(authzId)), authzId);
  }
  for (const error of [undefined, ...PASSWORD_POLICY_ERRORS]) {
    for (const warning of [
      undefined,
      { kind: 'timeBeforeExpiration', seconds: 86400 },
      { kind: 'graceAuthNsRemaining', count: 0 },
    ] as const)
      t.same(decodePasswordPolicyResponse(encodePasswordPolicyResponse({ error, warning })), {
        error,
        warning,
      });
  }
  const items = FILTERS.filter(
    (f) => !['and', 'or', 'not'].includes(f.kind) && !(f.kind === 'extensible' && f.dnAttributes),
  );
  t.equal(plain(decodeMatchedValues(encodeMatchedValues(items))), plain(items));
  for (const request of [
    { user: undefined, oldPassword: undefined, newPassword: undefined },
    { user: 'uid=x', oldPassword: u('old'), newPassword: u('néw') },
    { user: undefined, oldPassword: undefined, newPassword: u('') },
  ])
    t.equal(plain(decodePasswordModify(encodePasswordModify(request))), plain(request));
  t.same(decodePasswordModify(undefined), {
    user: undefined,
    oldPassword: undefined,
    newPassword: undefined,
  });
  t.equal(plain(decodeGeneratedPassword(encodeGeneratedPassword(u('x')))), '"b:x"');
  t.equal(decodeGeneratedPassword(undefined), undefined);
  t.equal(decodeCancel(encodeCancel(70000)), 70000);
});

t.test('values have the bytes of their standards', async (t) => {
  t.equal(toHex(encodePagedResults({ size: 126, cookie: u('') })), '300502017e0400', 'RFC 2696');
  t.equal(toHex(encodeSubentries(true)), '0101ff', 'RFC 3672');
  t.equal(toHex(encodeCancel(5)), '3003020105', 'RFC 3909');
  t.equal(
    toHex(encodeSortRequest([{ attribute: 'cn', rule: 'x', reverse: true }])),
    '300c300a0402636e8001788101ff',
    'RFC 2891',
  );
  t.equal(
    toHex(encodePasswordPolicyResponse({ error: 'accountLocked', warning: undefined })),
    '3003810101',
    'draft-behera',
  );
  t.equal(
    toHex(encodePasswordModify({ user: 'u', oldPassword: u('o'), newPassword: u('n') })),
    '300980017581016f82016e',
  );
  t.equal(
    toHex(encodeReadResponse({ dn: '', attributes: [] })),
    '640404003000',
    'RFC 4527: a SearchResultEntry',
  );
  t.same(
    decodeReadResponse(hex('300404003000')),
    { dn: '', attributes: [] },
    'a plain SEQUENCE is read as well',
  );
  t.ok(decodePasswordModify(hex('3000')));
});

t.test(
  'a notice of disconnection is an unsolicited extended response (RFC 4511 section 4.4.1)',
  async (t) => {
    const writer = new BerWriter();
    encodeDisconnection(writer, 'unavailable', 'bye');
    t.match(decodeResponse(writer.bytes()), {
      id: 0,
      response: {
        kind: 'extended',
        oid: '1.3.6.1.4.1.1466.20036',
        result: { result: 'unavailable', diagnostic: 'bye' },
      },
    });
  },
);

const control = (oid: string, value?: Uint8Array, critical = false) => ({ oid, critical, value });

t.test('all controls of a request are decoded by name', async (t) => {
  const parsed = parseRequestControls([
    control(CONTROL_OIDS.manageDsaIt),
    control(CONTROL_OIDS.treeDelete),
    control(CONTROL_OIDS.permissiveModify),
    control(CONTROL_OIDS.relax),
    control(CONTROL_OIDS.noOp),
    control(CONTROL_OIDS.dontUseCopy),
    control(CONTROL_OIDS.passwordPolicy),
    control(CONTROL_OIDS.authorizationIdentityRequest),
    control(CONTROL_OIDS.pagedResults, hex('300502017e0400')),
    control(CONTROL_OIDS.preRead, hex('3000')),
    control(CONTROL_OIDS.postRead, hex('30040402636e')),
    control(CONTROL_OIDS.assertion, hex('8702636e')),
    control(CONTROL_OIDS.subentries, hex('010100')),
    control(CONTROL_OIDS.sortRequest, hex('300630040402636e')),
    control(CONTROL_OIDS.proxiedAuthorization, u('u:x'), true),
    control(CONTROL_OIDS.matchedValues, hex('30048702636e')),
    control('1.2.3', u('anything')),
  ]);
  t.match(parsed, {
    manageDsaIt: true,
    treeDelete: true,
    permissiveModify: true,
    relax: true,
    noOp: true,
    dontUseCopy: true,
    passwordPolicy: true,
    authorizationIdentity: true,
    paged: { size: 126 },
    preRead: [],
    postRead: ['cn'],
    assertion: { kind: 'present' },
    subentries: false,
    sort: [{ attribute: 'cn' }],
    proxiedAuthorization: 'u:x',
    matchedValues: [{ kind: 'present' }],
  });
  t.equal(parseRequestControls([]), parseRequestControls([]), 'no controls cost nothing');
});

t.test(
  'a known control that is malformed, given twice, or not critical where it must be is protocolError',
  async (t) => {
    const refused = (...controls: ReturnType<typeof control>[]) =>
      t.throws(() => parseRequestControls(controls), { name: 'LdapError', result: 'protocolError' });
    for (const oid of [
      CONTROL_OIDS.pagedResults,
      CONTROL_OIDS.preRead,
      CONTROL_OIDS.assertion,
      CONTROL_OIDS.subentries,
      CONTROL_OIDS.sortRequest,
      CONTROL_OIDS.matchedValues,
      CONTROL_OIDS.proxiedAuthorization,
    ]) {
      refused(control(oid, undefined, true));
    }
    refused(control(CONTROL_OIDS.pagedResults, hex('30050201ff0400')));
    refused(control(CONTROL_OIDS.pagedResults, hex('300502017e040000')));
    refused(control(CONTROL_OIDS.sortRequest, hex('3000')));
    refused(control(CONTROL_OIDS.matchedValues, hex('3000')));
    refused(control(CONTROL_OIDS.matchedValues, hex('3002a000')));
    refused(control(CONTROL_OIDS.proxiedAuthorization, u('u:x'), false));
    refused(control(CONTROL_OIDS.preRead, hex('3000')), control(CONTROL_OIDS.preRead, hex('3000')));
    t.throws(
      () =>
        decodeSortRequest(
          encodeSortRequest(
            new Array<SortKey>(LIMITS.sortKeys + 1).fill({ attribute: 'a', rule: undefined, reverse: false }),
          ),
        ),
      { name: 'LdapError', result: 'adminLimitExceeded' },
    );
  },
);

t.test('a control that takes no value is refused with one; an empty one is taken for none', async (t) => {
  for (const name of [
    'manageDsaIt',
    'treeDelete',
    'permissiveModify',
    'noOp',
    'relax',
    'dontUseCopy',
    'showDeleted',
    'passwordPolicy',
    'accountUsability',
    'realAttributesOnly',
    'virtualAttributesOnly',
    'domainScope',
  ] as const) {
    t.throws(() => parseRequestControls([control(CONTROL_OIDS[name], hex('ff'))]), {
      name: 'LdapError',
      result: 'protocolError',
      message: `the control for ${name} takes no value`,
    });
    t.equal(parseRequestControls([control(CONTROL_OIDS[name], hex(''))])[name], true, name);
  }
});

t.test('the first version of proxied authorization names a DN (draft-weltman-ldapv3-proxy-04)', async (t) => {
  const v1 = (value: string, critical = true) =>
    parseRequestControls([control(CONTROL_OIDS.proxiedAuthorizationV1, hex(value), critical)]);
  t.equal(v1('30060404636e3d78').proxiedAuthorization, 'dn:cn=x');
  t.equal(v1('30020400').proxiedAuthorization, '', 'anonymous');
  for (const bad of ['', '3000', '30060404636e3d7800', '0404636e3d78'])
    t.throws(() => v1(bad), { name: 'LdapError', result: 'protocolError' }, bad);
  t.throws(() => v1('30060404636e3d78', false), { name: 'LdapError', result: 'protocolError' });
  const both = [CONTROL_OIDS.proxiedAuthorization, CONTROL_OIDS.proxiedAuthorizationV1];
  t.throws(() => parseRequestControls(both.map((oid) => control(oid, hex('30020400'), true))), {
    name: 'LdapError',
    result: 'protocolError',
  });
});

t.test('no OID stands for two things', async (t) => {
  const all = [CONTROL_OIDS, EXTENDED_OIDS, FEATURE_OIDS].flatMap((table) => Object.values(table));
  t.equal(new Set(all).size, all.length);
});

t.test('whatever octets come, the decoders throw LdapError alone', async (t) => {
  const decoders: ((value: Uint8Array) => unknown)[] = [
    decodePagedResults,
    decodeReadRequest,
    decodeReadResponse,
    decodeAssertion,
    decodeSubentries,
    decodeSortRequest,
    decodeSortResponse,
    decodeProxiedAuthorization,
    decodeProxiedAuthorizationV1,
    decodePasswordPolicyResponse,
    decodeMatchedValues,
    decodePasswordModify,
    decodeGeneratedPassword,
    decodeCancel,
  ];
  Error.stackTraceLimit = 0;
  const samples = [
    '300502017e0400',
    '300c300a0402636e8001788101ff',
    '300980017581016f82016e',
    '3005a003800105',
    '8702636e',
  ];
  for (const decode of decoders) {
    const attempt = (value: Uint8Array): void => {
      try {
        decode(value);
      } catch (error) {
        if (!(error instanceof LdapError)) t.fail(`${decode.name} ${toHex(value)}: ${String(error)}`);
      }
    };
    for (let a = 0; a < 256; a++) {
      attempt(Uint8Array.of(a));
      for (let b = 0; b < 256; b += 5) attempt(Uint8Array.of(a, b));
    }
    for (const sample of samples) {
      const bytes = hex(sample);
      for (let i = 0; i < bytes.length; i++) {
        attempt(bytes.subarray(0, i));
        for (let octet = 0; octet < 256; octet++) {
          const changed = Uint8Array.from(bytes);
          changed[i] = octet;
          attempt(changed);
        }
      }
    }
  }
});
