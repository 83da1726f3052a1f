/** Claims about the message codec: every message of RFC 4511 round-trips, and its bytes are those of the standard. */
import t from 'tap';
import { fromHex, latin1, toHex, utf8Encode } from '../../lib/base/bytes.js';
import { BerWriter } from '../../lib/ber/ber-writer.js';
import { decodeRequest } from '../../lib/ldap/decode-request.js';
import { decodeResponse, ResponseError } from '../../lib/ldap/decode-response.js';
import { encodeRequest } from '../../lib/ldap/encode-request.js';
import {
  encodeAttributeList,
  encodeEntryAround,
  encodeResponse,
  SUCCESS,
} from '../../lib/ldap/encode-response.js';
import type { RequestMessage, ResponseMessage } from '../../lib/ldap/message.js';
import { CONTROL_LISTS, REQUESTS, RESPONSES } from './sample-messages.js';

const writer = new BerWriter(16);

function requestBytes(message: RequestMessage): Uint8Array {
  writer.reset();
  encodeRequest(writer, message);
  return writer.copySince(0);
}

function responseBytes(message: ResponseMessage): Uint8Array {
  writer.reset();
  encodeResponse(writer, message);
  return writer.copySince(0);
}

/** Comparable form: bytes as text, whatever class of view holds them. */
function plain(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (item instanceof Uint8Array) return `bytes:${latin1(item)}`;
    const buffer = item as { type?: string; data?: number[] } | null;
    if (buffer?.type === 'Buffer' && buffer.data !== undefined)
      return `bytes:${latin1(Uint8Array.from(buffer.data))}`;
    return item;
  });
}

t.test(
  'every request round-trips, with and without controls, under small and large ids (RFC 4511 sections 4.2-4.12)',
  async (t) => {
    for (const request of REQUESTS) {
      for (const controls of CONTROL_LISTS) {
        for (const id of [1, 127, 128, 2147483647]) {
          const message: RequestMessage = { id, request, controls };
          const bytes = requestBytes(message);
          t.equal(plain(decodeRequest(bytes)), plain(message));
        }
      }
    }
  },
);

t.test('every response round-trips (RFC 4511 sections 4.2.2-4.13)', async (t) => {
  for (const response of RESPONSES) {
    for (const controls of CONTROL_LISTS) {
      for (const id of [0, 1, 2147483647]) {
        const message: ResponseMessage = { id, response, controls };
        t.equal(plain(decodeResponse(responseBytes(message))), plain(message));
      }
    }
  }
});

t.test('known requests have their known bytes', async (t) => {
  const cases: [string, RequestMessage['request']][] = [
    [
      '300c020101600702010304008000',
      { kind: 'bind', version: 3, dn: '', authentication: { kind: 'simple', password: new Uint8Array(0) } },
    ],
    ['30050201014200', { kind: 'unbind' }],
    ['3006020101500102', { kind: 'abandon', target: 2 }],
    ['30090201014a04636e3d78', { kind: 'delete', dn: 'cn=x' }],
    [
      '30250201016320040' + '00a01000a0100020100020100010100870b6f626a656374436c6173733000',
      {
        kind: 'search',
        base: '',
        scope: 'base',
        deref: 'never',
        sizeLimit: 0,
        timeLimit: 0,
        typesOnly: false,
        filter: { kind: 'present', attribute: 'objectClass' },
        attributes: [],
      },
    ],
    [
      `30190201016e140404636e3d78300c0402636e0406${toHex(utf8Encode('Barbar'))}`,
      { kind: 'compare', dn: 'cn=x', attribute: 'cn', value: utf8Encode('Barbar') },
    ],
    [
      '30140201016c0f0404636e3d780404636e3d790101ff',
      { kind: 'modifyDn', dn: 'cn=x', newRdn: 'cn=y', deleteOldRdn: true, newSuperior: undefined },
    ],
  ];
  for (const [hex, request] of cases)
    t.equal(toHex(requestBytes({ id: 1, request, controls: [] })), hex, request.kind);
});

t.test('known responses have their known bytes', async (t) => {
  const cases: [string, ResponseMessage['response']][] = [
    ['300c02010161070a010004000400', { kind: 'bind', result: SUCCESS, serverCredentials: undefined }],
    ['300c02010165070a010004000400', { kind: 'searchDone', result: SUCCESS }],
    ['300c0201016f070a010604000400', { kind: 'compare', result: { ...SUCCESS, result: 'compareTrue' } }],
    [
      '301b02010164160404636e3d78300e300c0402636e310604016104' + '0162',
      {
        kind: 'searchEntry',
        dn: 'cn=x',
        attributes: [{ name: 'cn', values: [utf8Encode('a'), utf8Encode('b')] }],
      },
    ],
  ];
  for (const [hex, response] of cases)
    t.equal(toHex(responseBytes({ id: 1, response, controls: [] })), hex, response.kind);
});

t.test('an entry around cached attributes has the bytes of the entry encoded whole', async (t) => {
  for (const response of RESPONSES) {
    if (response.kind !== 'searchEntry') continue;
    for (const controls of CONTROL_LISTS) {
      const whole = toHex(responseBytes({ id: 300, response, controls }));
      writer.reset();
      const list = encodeAttributeList(writer, response.attributes);
      t.equal(writer.length, 0, 'the writer is as it was');
      encodeEntryAround(writer, 300, response.dn, list, controls);
      t.equal(toHex(writer.bytes()), whole);
      writer.reset();
      encodeEntryAround(writer, 300, utf8Encode(response.dn), list, controls);
      t.equal(toHex(writer.bytes()), whole);
    }
  }
});

t.test('a result code that we do not know is other, with its number', async (t) => {
  const message = decodeResponse(
    fromHex('300d02010165080a0200ff04000400'.replace('300d', '300d')) as Uint8Array,
  );
  t.match(message.response, {
    kind: 'searchDone',
    result: { result: 'other', diagnostic: 'result code 255: ' },
  });
  t.throws(
    () => decodeResponse(fromHex('30050201014200') as Uint8Array),
    ResponseError,
    'a request is no response',
  );
});
