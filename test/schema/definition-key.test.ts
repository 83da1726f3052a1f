/** Claims about which definitions are one. */
import t from 'tap';
import { definitionKey } from '../../lib/schema/definition-key.js';

t.test('a definition is known by its kind and its OID, by number or by a standard name', async (t) => {
  const key = definitionKey({ kind: 'attributeTypes', id: '2.5.4.3' });
  t.equal(definitionKey({ kind: 'attributeTypes', id: 'CN' }), key);
  t.not(definitionKey({ kind: 'attributeTypes', id: '2.5.4.4' }), key);
  t.not(definitionKey({ kind: 'objectClasses', id: '2.5.4.3' }), key);
});
