/** What a change of schema takes from entries. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { whole } from '../../lib/base/steps.js';
import { buildSchema } from '../../lib/schema/load-schema.js';
import { extendSchema, type OwnDefinition } from '../../lib/schema/own-definitions.js';
import { withdrawals } from '../../lib/schema/schema-difference.js';
import { standardFiles } from './standard-schema.js';

const BASE = buildSchema([must(standardFiles()[0], 'the core file')]);
const S = '1.3.6.1.4.1.1466.115.121.1';

function schemaOf(type: string, objectClass?: string) {
  const own: OwnDefinition[] = [];
  if (type !== '') own.push({ kind: 'attributeTypes', text: `( 9.1.1 ${type} )` });
  if (objectClass !== undefined) own.push({ kind: 'objectClasses', text: `( 9.2.1 ${objectClass} )` });
  const { schema, inactive } = extendSchema(BASE, own);
  t.same(inactive, []);
  return schema;
}

t.test('attribute types: what entries would notice, and only that', async (t) => {
  const was = `NAME 'a' EQUALITY caseIgnoreMatch SYNTAX ${S}.15`;
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['', 'would be removed'],
    [`NAME 'a' DESC 'x' EQUALITY caseIgnoreMatch SYNTAX ${S}.15{64}`, undefined],
    [`NAME ( 'a' 'alias' ) EQUALITY caseIgnoreMatch SYNTAX ${S}.15`, undefined],
    [`NAME ( 'b' 'a' ) EQUALITY caseIgnoreMatch SYNTAX ${S}.15`, 'would get another first name'],
    [`NAME 'a' EQUALITY caseIgnoreMatch SYNTAX ${S}.44`, 'would get another syntax'],
    [`NAME 'a' EQUALITY caseExactMatch SYNTAX ${S}.15`, 'would get another equality rule'],
    [`NAME 'a' EQUALITY caseIgnoreMatch SYNTAX ${S}.15 SINGLE-VALUE`, 'would become single-valued'],
    [`NAME 'a' EQUALITY caseIgnoreMatch SYNTAX ${S}.15 USAGE dSAOperation`, 'would get another usage'],
  ];
  for (const [is, how] of cases) {
    t.same(
      whole(withdrawals(schemaOf(was), schemaOf(is))),
      how === undefined ? [] : [{ kind: 'attribute', name: 'a', how }],
      is,
    );
  }
});

t.test('object classes: the same, with what they require and allow', async (t) => {
  const was = "NAME 'c' SUP top AUXILIARY MAY ( cn $ sn )";
  const cases: readonly (readonly [string, string | undefined])[] = [
    ["NAME 'c' SUP top AUXILIARY MAY ( cn $ sn $ ou )", undefined],
    ["NAME 'c' SUP top AUXILIARY MAY cn", 'would not allow sn any more'],
    ["NAME 'c' SUP top AUXILIARY MUST cn MAY sn", 'would require cn'],
    ["NAME 'c' SUP top STRUCTURAL MAY ( cn $ sn )", 'would be structural'],
    ["NAME 'c' SUP top AUXILIARY MAY ( cn $ sn ) X-STANDS-ALONE 'TRUE'", undefined],
  ];
  for (const [is, how] of cases) {
    t.same(
      whole(withdrawals(schemaOf('', was), schemaOf('', is))),
      how === undefined ? [] : [{ kind: 'class', name: 'c', how }],
      is,
    );
  }
});
