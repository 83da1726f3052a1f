/** Which auxiliary class an entry may consist of. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { standingAlone } from '../../lib/schema/object-class.js';
import { standardSchema } from './standard-schema.js';

t.test('of classes that stand alone the one with the least OID, in any order; of others none', async (t) => {
  const named = (name: string) => must(standardSchema().objectClass(name), name);
  const group = named('posixGroup');
  const other = { ...group, oid: '2.25.1', name: 'other' };
  t.equal(standingAlone([named('top'), group, named('posixAccount')]), group);
  t.equal(standingAlone([other, group]), group);
  t.equal(standingAlone([group, other]), group);
  t.equal(standingAlone([named('top'), named('posixAccount'), named('person')]), undefined);
});
