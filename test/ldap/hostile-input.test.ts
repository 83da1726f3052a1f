/**
 * Claims about hostile bytes: the decoders throw nothing but their declared errors, whatever comes. Exhaustive over small inputs, seeded mutation over large.
 */
import t from 'tap';
import { toHex } from '../../lib/base/bytes.js';
import { BerWriter } from '../../lib/ber/ber-writer.js';
import { decodeRequest } from '../../lib/ldap/decode-request.js';
import { decodeResponse, ResponseError } from '../../lib/ldap/decode-response.js';
import { encodeRequest } from '../../lib/ldap/encode-request.js';
import { encodeResponse } from '../../lib/ldap/encode-response.js';
import { RequestError } from '../../lib/ldap/request-error.js';
import { CONTROL_LISTS, REQUESTS, RESPONSES } from './sample-messages.js';

Error.stackTraceLimit = 0;
const writer = new BerWriter();

/** A small deterministic generator (xorshift32): 0 <= n < bound. */
function generator(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

/** Undefined when the decoders kept their word about `bytes`. */
function breach(bytes: Uint8Array): string | undefined {
  try {
    decodeRequest(bytes);
  } catch (error) {
    if (!(error instanceof RequestError)) return `request ${toHex(bytes)}: ${String(error)}`;
  }
  try {
    decodeResponse(bytes);
  } catch (error) {
    if (!(error instanceof ResponseError)) return `response ${toHex(bytes)}: ${String(error)}`;
  }
  return undefined;
}

const samples: Uint8Array[] = [];
for (const controls of CONTROL_LISTS) {
  for (const request of REQUESTS) {
    writer.reset();
    encodeRequest(writer, { id: 7, request, controls });
    if (writer.length < 2000) samples.push(writer.copySince(0));
  }
  for (const response of RESPONSES) {
    writer.reset();
    encodeResponse(writer, { id: 7, response, controls });
    if (writer.length < 2000) samples.push(writer.copySince(0));
  }
}

t.test('all inputs of up to two octets, and all operations with all contents of two octets', async (t) => {
  t.equal(breach(new Uint8Array(0)), undefined);
  for (let a = 0; a < 256; a++) {
    const one = breach(Uint8Array.of(a));
    if (one !== undefined) t.fail(one);
    for (let b = 0; b < 256; b++) {
      const two =
        breach(Uint8Array.of(a, b)) ?? breach(Uint8Array.of(0x30, 7, 2, 1, 1, 0x60 | (a & 31), 2, b, a));
      if (two !== undefined) t.fail(two);
    }
  }
});

t.test('every sample cut at every length, and with every octet set to each telling value', async (t) => {
  for (const sample of samples) {
    for (let length = 0; length < sample.length; length++) {
      const cut = breach(sample.subarray(0, length));
      if (cut !== undefined) t.fail(cut);
      for (const octet of [0x00, 0x01, 0x7f, 0x80, 0x84, 0xff, 0x30, 0x31, 0xa0, 0xa2, 0x04]) {
        const changed = Uint8Array.from(sample);
        changed[length] = octet;
        const wrong = breach(changed);
        if (wrong !== undefined) t.fail(wrong);
      }
    }
  }
});

t.test('seeded mutations: octets changed, removed, doubled, spliced from other messages', async (t) => {
  const random = generator(4511);
  const pick = (): Uint8Array => samples[random(samples.length)] as Uint8Array;
  for (let round = 0; round < 40_000; round++) {
    let bytes = Array.from(pick());
    for (let n = 1 + random(4); n > 0; n--) {
      const at = random(bytes.length + 1);
      const kind = random(5);
      if (kind === 0) bytes[at] = random(256);
      else if (kind === 1) bytes.splice(at, 1 + random(4));
      else if (kind === 2) bytes.splice(at, 0, random(256), random(256));
      else if (kind === 3) bytes = bytes.slice(0, at).concat(Array.from(pick()).slice(random(10)));
      else bytes.splice(at, 0, ...bytes.slice(at, at + random(20)));
    }
    if (bytes.length > 2 && bytes.length < 130 && random(2) === 0) {
      bytes[0] = 0x30;
      bytes[1] = bytes.length - 2;
    }
    const wrong = breach(Uint8Array.from(bytes));
    if (wrong !== undefined) t.fail(wrong);
  }
});
