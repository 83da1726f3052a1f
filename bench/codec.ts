/**
 * Micro-benchmark of the LDAP codec: nanoseconds per message, on one core.
 *
 * Run: npm run bench -- codec. Figures are for comparison within one machine; the targets are in the project's performance notes
 * (search request 1-2 us, entry of ten attributes 4 us).
 */

import { utf8Encode } from '../lib/base/bytes.js';
import { BerWriter } from '../lib/ber/ber-writer.js';
import { FrameAssembler } from '../lib/ber/frame-assembler.js';
import { decodeRequest } from '../lib/ldap/decode-request.js';
import { decodeResponse } from '../lib/ldap/decode-response.js';
import { encodeRequest } from '../lib/ldap/encode-request.js';
import {
  encodeAttributeList,
  encodeEntryAround,
  encodeResponse,
  SUCCESS,
} from '../lib/ldap/encode-response.js';
import type { LdapRequest } from '../lib/ldap/message.js';
import { commandLine } from '../scripts/command-line.js';

commandLine(
  { command: 'npm run bench -- codec', about: 'The LDAP codec: nanoseconds a message, on one core.' },
  {},
);

function measure(name: string, run: () => unknown, rounds = 200_000): void {
  for (let i = 0; i < rounds / 4; i++) run();
  const begun = process.hrtime.bigint();
  for (let i = 0; i < rounds; i++) run();
  const ns = Number(process.hrtime.bigint() - begun) / rounds;
  process.stdout.write(`${name.padEnd(48)} ${ns.toFixed(0).padStart(8)} ns\n`);
}

const writer = new BerWriter();
function requestBytes(request: LdapRequest): Uint8Array {
  writer.reset();
  encodeRequest(writer, { id: 4711, request, controls: [] });
  return writer.copySince(0);
}

const attributeText = (n: number): Uint8Array => utf8Encode(`value number ${n} of some length`);
const names = [
  'objectClass',
  'uid',
  'cn',
  'sn',
  'givenName',
  'mail',
  'telephoneNumber',
  'employeeNumber',
  'title',
  'ou',
];
const attributes = names.map((name, i) => ({
  name,
  values:
    i === 0 ? ['top', 'person', 'organizationalPerson', 'inetOrgPerson'].map(utf8Encode) : [attributeText(i)],
}));
const dn = 'uid=user.4711,ou=People,dc=example,dc=com';

const search = requestBytes({
  kind: 'search',
  base: 'ou=People,dc=example,dc=com',
  scope: 'sub',
  deref: 'never',
  sizeLimit: 0,
  timeLimit: 0,
  typesOnly: false,
  filter: {
    kind: 'and',
    clauses: [
      { kind: 'equality', attribute: 'objectClass', value: utf8Encode('inetOrgPerson') },
      { kind: 'equality', attribute: 'uid', value: utf8Encode('user.4711') },
    ],
  },
  attributes: ['uid', 'cn', 'mail'],
});
const modify = requestBytes({
  kind: 'modify',
  dn,
  modifications: [
    { operation: 'replace', attribute: { description: 'description', values: [attributeText(1)] } },
  ],
});
const add = requestBytes({
  kind: 'add',
  dn,
  attributes: attributes.map((a) => ({ description: a.name, values: a.values })),
});

measure('decode search request (two clauses)', () => decodeRequest(search));
measure('decode modify request', () => decodeRequest(modify));
measure('decode add request (10 attributes)', () => decodeRequest(add));
const entry = { id: 4711, response: { kind: 'searchEntry', dn, attributes }, controls: [] } as const;
measure('encode search entry (10 attributes)', () => {
  writer.reset();
  encodeResponse(writer, entry);
  return writer.bytes();
});
const entryBytes = writer.copySince(0);
writer.reset();
const list = encodeAttributeList(writer, attributes);
measure('encode search entry around cached attributes', () => {
  writer.reset();
  encodeEntryAround(writer, 4711, dn, list);
  return writer.bytes();
});
const done = { id: 4711, response: { kind: 'searchDone', result: SUCCESS }, controls: [] } as const;
measure('encode search done', () => {
  writer.reset();
  encodeResponse(writer, done);
  return writer.bytes();
});
measure('decode search entry (10 attributes)', () => decodeResponse(entryBytes));
const stream = new Uint8Array(16 * search.length);
for (let i = 0; i < 16; i++) stream.set(search, i * search.length);
measure(
  'assemble and decode 16 pipelined searches',
  () => {
    const assembler = new FrameAssembler(1_048_576);
    assembler.push(stream);
    for (let frame = assembler.next(); frame !== undefined; frame = assembler.next()) decodeRequest(frame);
  },
  20_000,
);
