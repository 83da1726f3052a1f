/** The fixed names of standard elements, against schema/*.ldif. */
import t from 'tap';
import { elementKey } from '../../lib/schema/standard-names.js';
import { standardSchema } from './standard-schema.js';

t.test('every OID and name of the standard schema leads to its first name in lower case', async (t) => {
  const schema = standardSchema();
  const missing: string[] = [];
  for (const element of [...schema.objectClasses, ...schema.attributeTypes]) {
    const wanted = element.name.toLowerCase();
    const names = [element.oid, ...element.names];
    if (names.some((name) => elementKey(name) !== wanted)) {
      missing.push(
        [wanted, element.oid, ...element.names.slice(1).map((name) => name.toLowerCase())].join('='),
      );
    }
  }
  t.same(missing, [], 'add these items to NAMES');
});

t.test('an identifier that is not standard stands for itself', async (t) => {
  t.equal(elementKey('MyClass'), 'myclass');
  t.equal(elementKey('1.2.3'), '1.2.3');
  t.equal(elementKey('__proto__'), '__proto__');
  t.equal(elementKey('constructor'), 'constructor');
});

t.test(
  'what cn=monitor shows of replication and conflicts are user attributes, as in OpenDJ: * shows them',
  async (t) => {
    const shown =
      'domain-name server-id status generation-id server-state connected-to missing-changes approximate-delay sent-updates received-updates current-send-window ds-sync-fractional-exclude conflict-kind conflict-entry conflict-loser conflict-winner conflict-attribute conflict-value conflict-resolved conflict-named-by';
    const schema = standardSchema();
    const wrong = shown.split(' ').filter((name) => schema.describe(name)?.type?.operational !== false);
    t.same(wrong, []);
  },
);
