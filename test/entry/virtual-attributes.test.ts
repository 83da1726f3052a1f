/** The list of virtual attributes, held against what the server computes and what the schema says of it. */
import t from 'tap';
import { COMPUTED } from '../../lib/backend/rows/computed-attributes.js';
import { isVirtual, isVirtualKey } from '../../lib/entry/virtual-attributes.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { standardSchema } from '../schema/standard-schema.js';

const schema = standardSchema();
/** Computed from an entry's own state, so real. */
const OWN = new Set([
  'entryuuid',
  'entrycsn',
  'entryusn',
  'createtimestamp',
  'creatorsname',
  'modifytimestamp',
  'modifiersname',
]);

t.test('every computed attribute is virtual or the state of its entry', (t) => {
  for (const key of COMPUTED.keys()) t.equal(isVirtualKey(key), !OWN.has(key), key);
  t.end();
});

t.test('each is in the schema, operational and not for clients to write (RFC 4512 section 3.4)', (t) => {
  for (const key of COMPUTED.keys()) {
    const type = schema.attributeType(key);
    t.equal(type?.key, key);
    t.equal(type?.operational, true, `${key} is operational`);
    t.equal(type?.noUserModification, true, `${key} is maintained by the server`);
  }
  t.end();
});

t.test('what clients write is real', (t) => {
  for (const name of ['cn', 'member', 'userPassword', 'memberURL', 'description;lang-en']) {
    const type = schema.describe(name)?.type;
    t.equal(type === undefined || isVirtual(type), false, name);
  }
  t.equal(isVirtualKey('memberof;x-y' as AttributeKey), false, 'keys are without options');
  t.end();
});
