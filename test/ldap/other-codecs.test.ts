/** Claims about agreement: messages made by @ldapjs/messages and ldapts decode here, and re-encode to the very same bytes. */
import { createRequire } from 'node:module';
import * as ldapts from 'ldapts';
import t from 'tap';
import { fromHex, toHex } from '../../lib/base/bytes.js';
import { BerWriter } from '../../lib/ber/ber-writer.js';
import { decodeRequest } from '../../lib/ldap/decode-request.js';
import { decodeResponse } from '../../lib/ldap/decode-response.js';
import { encodeRequest } from '../../lib/ldap/encode-request.js';
import { encodeResponse } from '../../lib/ldap/encode-response.js';
import { RESPONSES } from './sample-messages.js';

interface Encodable {
  toBer(): { readonly buffer: Buffer };
}
type Maker = new (options: Record<string, unknown>) => Encodable;
interface Parser {
  parse(reader: unknown): { readonly type: string; readonly messageId: number };
}

const require = createRequire(import.meta.url);
const messages = require('@ldapjs/messages') as Record<string, Maker> & { LdapMessage: Parser };
const filters = require('@ldapjs/filter') as { parseString(text: string): unknown };
const asn1 = require('@ldapjs/asn1') as { BerReader: new (bytes: Buffer) => unknown };
const Attribute = require('@ldapjs/attribute') as new (options: unknown) => unknown;
const Change = require('@ldapjs/change') as new (options: unknown) => unknown;
const { Control } = require('@ldapjs/controls') as { Control: new (options: unknown) => unknown };

function make(name: string, options: Record<string, unknown>): Uint8Array {
  return (new (messages[name] as Maker)(options).toBer() as { buffer: Buffer }).buffer;
}

function reencodedRequest(bytes: Uint8Array): string {
  const writer = new BerWriter();
  encodeRequest(writer, decodeRequest(bytes));
  return toHex(writer.bytes());
}

const FILTERS = [
  '(objectClass=*)',
  '(cn=Babs Jensen)',
  '(!(cn=Tim Howes))',
  '(&(objectClass=Person)(|(sn=Jensen)(cn=Babs J*)))',
  '(o=univ*of*mich*)',
  '(cn=*x)',
  '(sn>=a)',
  '(sn<=a)',
  '(sn~=a)',
  '(cn:caseExactMatch:=Fred)',
  '(o:dn:=Ace)',
  '(:dn:2.4.6.8.10:=Dino)',
];

t.test('requests of @ldapjs/messages', async (t) => {
  const attribute = new Attribute({ type: 'cn', values: ['a', 'é'] });
  const requests: [string, Record<string, unknown>][] = [
    ['AbandonRequest', { abandonId: 300 }],
    ['AddRequest', { entry: 'cn=x,dc=y', attributes: [attribute] }],
    ['BindRequest', { name: 'cn=x', credentials: 'secret' }],
    ['CompareRequest', { entry: 'cn=x', attribute: 'cn', value: 'é' }],
    ['DeleteRequest', { entry: 'cn=x,dc=y' }],
    ['ExtensionRequest', { requestName: '1.3.6.1.4.1.4203.1.11.3' }],
    [
      'ModifyRequest',
      {
        object: 'cn=x',
        changes: ['add', 'delete', 'replace'].map(
          (operation) => new Change({ operation, modification: attribute }),
        ),
      },
    ],
    ['ModifyDnRequest', { entry: 'cn=x,dc=y', newRdn: 'cn=z', deleteOldRdn: true, newSuperior: 'dc=q' }],
    ['ModifyDnRequest', { entry: 'cn=x,dc=y', newRdn: 'cn=z', deleteOldRdn: false }],
    ['UnbindRequest', {}],
    ...FILTERS.map((text): [string, Record<string, unknown>] => [
      'SearchRequest',
      {
        baseObject: 'dc=x',
        scope: 'subtree',
        sizeLimit: 3,
        timeLimit: 1000,
        filter: filters.parseString(text),
        attributes: ['cn', '*'],
      },
    ]),
  ];
  const control = (): unknown => new Control({ type: '1.2.3.4', criticality: true, value: Buffer.from('v') });
  for (const [name, options] of requests) {
    const bare = make(name, { messageId: 5, ...options });
    t.equal(reencodedRequest(bare), toHex(bare), name);
    const decoded = decodeRequest(make(name, { messageId: 5, ...options, controls: [control()] }));
    t.match(decoded, { id: 5, controls: [{ oid: '1.2.3.4', critical: true }] }, `${name} with a control`);
  }
});

t.test('requests of ldapts', async (t) => {
  const change = (operation: 'add' | 'delete' | 'replace') =>
    new ldapts.Change({
      operation,
      modification: new ldapts.Attribute({ type: 'mail', values: ['a@b', 'é'] }),
    });
  const made = [
    new ldapts.AddRequest({
      messageId: 9,
      dn: 'cn=x',
      attributes: [new ldapts.Attribute({ type: 'sn', values: ['é'] })],
    }),
    new ldapts.BindRequest({ messageId: 9, dn: 'cn=x', password: 'pässword' }),
    new ldapts.CompareRequest({ messageId: 9, dn: 'cn=x', attribute: 'cn', value: 'x' }),
    new ldapts.ModifyRequest({
      messageId: 9,
      dn: 'cn=x',
      changes: [change('add'), change('delete'), change('replace')],
    }),
    new ldapts.ModifyDNRequest({ messageId: 9, dn: 'cn=x', newRdn: 'cn=y', deleteOldRdn: true }),
    new ldapts.ExtendedRequest({ messageId: 9, oid: '1.3.6.1.4.1.1466.20037' }),
    ...[...FILTERS, '(cn=\\2a\\28)', '(x=\\01\\ff)'].map(
      (text) =>
        new ldapts.SearchRequest({
          messageId: 9,
          baseDN: 'dc=x',
          scope: 'one',
          derefAliases: 'always',
          filter: ldapts.FilterParser.parseString(text),
          attributes: ['cn'],
        }),
    ),
  ];
  for (const message of made) {
    const bytes = message.write();
    t.equal(reencodedRequest(bytes), toHex(bytes), message.constructor.name);
  }
  t.match(decodeRequest(new ldapts.UnbindRequest({ messageId: 9 }).write()), {
    id: 9,
    request: { kind: 'unbind' },
  });
});

t.test('responses of ours are understood by @ldapjs/messages, and theirs by us', async (t) => {
  const writer = new BerWriter();
  for (const response of RESPONSES) {
    if (response.kind === 'intermediate') continue;
    writer.reset();
    encodeResponse(writer, { id: 12, response, controls: [] });
    const parsed = messages.LdapMessage.parse(new asn1.BerReader(Buffer.from(writer.copySince(0))));
    t.equal(parsed.messageId, 12, response.kind);
  }
  const theirs: [string, Record<string, unknown>][] = [
    ['BindResponse', {}],
    ['AddResponse', { status: 32, matchedDN: 'dc=x', diagnosticMessage: 'no' }],
    ['SearchResultDone', { status: 4 }],
    ['SearchResultEntry', { objectName: 'cn=x', attributes: [new Attribute({ type: 'cn', values: ['a'] })] }],
  ];
  for (const [name, options] of theirs) {
    const bytes = make(name, { messageId: 3, ...options });
    const again = new BerWriter();
    encodeResponse(again, decodeResponse(bytes));
    t.equal(toHex(again.bytes()), toHex(bytes), name);
  }
  t.ok(fromHex('00'));
});
