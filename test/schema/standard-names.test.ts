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
