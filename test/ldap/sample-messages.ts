/** One of each LDAP message, and of each of their parts' variants: what the codec tests walk. */
import { utf8Encode } from '../../lib/base/bytes.js';
import type { Filter } from '../../lib/filter/filter.js';
import { SUCCESS } from '../../lib/ldap/encode-response.js';
import type { Control, LdapRequest, LdapResponse, LdapResult } from '../../lib/ldap/message.js';

const u = utf8Encode;

export const FILTERS: readonly Filter[] = [
  { kind: 'present', attribute: 'objectClass' },
  { kind: 'equality', attribute: 'cn', value: u('Ärger') },
  { kind: 'equality', attribute: 'jpegPhoto;binary', value: Uint8Array.of(0, 255, 128) },
  { kind: 'greaterOrEqual', attribute: 'uidNumber', value: u('5') },
  { kind: 'lessOrEqual', attribute: 'uidNumber', value: u('5') },
  { kind: 'approx', attribute: 'sn', value: u('') },
  { kind: 'substrings', attribute: 'cn', initial: u('a'), any: [], final: undefined },
  { kind: 'substrings', attribute: 'cn', initial: undefined, any: [u('b'), u('c')], final: undefined },
  { kind: 'substrings', attribute: 'cn', initial: u('a'), any: [u('b')], final: u('z') },
  { kind: 'substrings', attribute: 'cn', initial: undefined, any: [], final: u('z') },
  { kind: 'extensible', rule: '2.5.13.2', attribute: 'cn', value: u('x'), dnAttributes: true },
  { kind: 'extensible', rule: undefined, attribute: 'cn', value: u('x'), dnAttributes: false },
  { kind: 'extensible', rule: 'caseExactMatch', attribute: undefined, value: u('x'), dnAttributes: true },
  { kind: 'and', clauses: [] },
  { kind: 'or', clauses: [] },
  { kind: 'not', clause: { kind: 'and', clauses: [{ kind: 'or', clauses: [] }] } },
  {
    kind: 'and',
    clauses: [
      { kind: 'present', attribute: 'a' },
      { kind: 'not', clause: { kind: 'equality', attribute: 'b', value: u('1') } },
      {
        kind: 'or',
        clauses: [
          { kind: 'present', attribute: 'c' },
          { kind: 'and', clauses: [] },
          { kind: 'present', attribute: 'd' },
        ],
      },
      { kind: 'present', attribute: 'e' },
    ],
  },
];

const search = (filter: Filter): LdapRequest => ({
  kind: 'search',
  base: 'dc=example,dc=com',
  scope: 'sub',
  deref: 'always',
  sizeLimit: 1000,
  timeLimit: 2147483647,
  typesOnly: false,
  filter,
  attributes: ['cn', '+', '*', 'cn;lang-de'],
});

export const REQUESTS: readonly LdapRequest[] = [
  { kind: 'bind', version: 3, dn: '', authentication: { kind: 'simple', password: u('') } },
  {
    kind: 'bind',
    version: 3,
    dn: 'cn=Directory Manager',
    authentication: { kind: 'simple', password: Uint8Array.of(0xff, 0, 0xc3) },
  },
  {
    kind: 'bind',
    version: 3,
    dn: '',
    authentication: { kind: 'sasl', mechanism: 'EXTERNAL', credentials: undefined },
  },
  {
    kind: 'bind',
    version: 3,
    dn: 'cn=x',
    authentication: { kind: 'sasl', mechanism: 'PLAIN', credentials: u('') },
  },
  { kind: 'unbind' },
  ...FILTERS.map(search),
  {
    kind: 'search',
    base: '',
    scope: 'base',
    deref: 'never',
    sizeLimit: 0,
    timeLimit: 0,
    typesOnly: true,
    filter: { kind: 'present', attribute: 'objectClass' },
    attributes: [],
  },
  {
    kind: 'modify',
    dn: 'uid=ä,dc=example,dc=com',
    modifications: [
      { operation: 'add', attribute: { description: 'mail', values: [u('a@b'), u('c@d')] } },
      { operation: 'delete', attribute: { description: 'sn', values: [] } },
      {
        operation: 'replace',
        attribute: { description: 'userCertificate;binary', values: [new Uint8Array(300)] },
      },
      { operation: 'increment', attribute: { description: 'uidNumber', values: [u('1')] } },
    ],
  },
  { kind: 'modify', dn: '', modifications: [] },
  {
    kind: 'add',
    dn: 'cn=x',
    attributes: [
      { description: 'objectClass', values: [u('top'), u('person')] },
      { description: 'sn', values: [u('')] },
    ],
  },
  { kind: 'delete', dn: 'cn=x,dc=example' },
  { kind: 'modifyDn', dn: 'cn=x', newRdn: 'cn=y', deleteOldRdn: true, newSuperior: undefined },
  { kind: 'modifyDn', dn: 'cn=x', newRdn: 'cn=y', deleteOldRdn: false, newSuperior: '' },
  { kind: 'modifyDn', dn: 'cn=x', newRdn: 'cn=y', deleteOldRdn: false, newSuperior: 'ou=z,dc=example' },
  { kind: 'compare', dn: 'cn=x', attribute: 'cn', value: u('X') },
  { kind: 'abandon', target: 70000 },
  { kind: 'extended', oid: '1.3.6.1.4.1.4203.1.11.3', value: undefined },
  { kind: 'extended', oid: '1.3.6.1.1.8', value: Uint8Array.of(0x30, 3, 2, 1, 5) },
];

const failed: LdapResult = {
  result: 'noSuchObject',
  matchedDn: 'dc=example,dc=com',
  diagnostic: 'there is no such entry: ä',
  referrals: [],
};
const referral: LdapResult = {
  result: 'referral',
  matchedDn: '',
  diagnostic: '',
  referrals: ['ldap://a/dc=x', 'ldaps://b/'],
};

export const RESPONSES: readonly LdapResponse[] = [
  { kind: 'bind', result: SUCCESS, serverCredentials: undefined },
  {
    kind: 'bind',
    result: { ...SUCCESS, result: 'saslBindInProgress' },
    serverCredentials: Uint8Array.of(1, 0, 255),
  },
  { kind: 'searchEntry', dn: '', attributes: [] },
  {
    kind: 'searchEntry',
    dn: 'uid=ä,dc=example,dc=com',
    attributes: [
      { name: 'cn', values: [u('a'), u('b')] },
      { name: 'typesOnly', values: [] },
      { name: 'jpegPhoto', values: [new Uint8Array(70_000)] },
    ],
  },
  { kind: 'searchReference', urls: ['ldap://a/dc=x??sub', 'ldap://b/dc=x??sub'] },
  { kind: 'searchDone', result: SUCCESS },
  { kind: 'searchDone', result: failed },
  { kind: 'modify', result: failed },
  { kind: 'add', result: referral },
  { kind: 'delete', result: SUCCESS },
  { kind: 'modifyDn', result: SUCCESS },
  { kind: 'compare', result: { ...SUCCESS, result: 'compareTrue' } },
  { kind: 'extended', result: SUCCESS, oid: undefined, value: undefined },
  { kind: 'extended', result: referral, oid: '1.3.6.1.4.1.1466.20036', value: u('x') },
  { kind: 'intermediate', oid: undefined, value: undefined },
  { kind: 'intermediate', oid: '1.3.6.1.4.1.4203.1.9.1.4', value: Uint8Array.of(255) },
];

export const CONTROL_LISTS: readonly (readonly Control[])[] = [
  [],
  [
    { oid: '2.16.840.1.113730.3.4.2', critical: false, value: undefined },
    { oid: '1.2.840.113556.1.4.319', critical: true, value: Uint8Array.of(0x30, 5, 2, 1, 5, 4, 0) },
    { oid: '1.2.3', critical: false, value: new Uint8Array(0) },
  ],
];
