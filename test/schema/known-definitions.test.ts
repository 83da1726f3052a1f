/** Definitions that are known by OID, or whose name is taken. */
import t from 'tap';
import { KnownDefinitions } from '../../lib/schema/known-definitions.js';
import { SchemaFaults, type SourcedDescription } from '../../lib/schema/schema-fault.js';
import { readSchemaText } from '../../lib/schema/schema-text.js';

function read(text: string): readonly SourcedDescription[] {
  return readSchemaText({ name: 'f.ldif', text }, new SchemaFaults());
}

t.test('a definition is known by its OID, types and classes by each of their names too', async (t) => {
  const known = new KnownDefinitions(read("attributeTypes: ( 1.1 NAME ( 'a' 'long' ) SUP name )"));
  const asked = (text: string) => {
    const [one] = read(text);
    if (one === undefined) throw new Error(text);
    return [known.has(one.description), known.otherOid(one.description)?.ours];
  };
  t.same(asked("attributeTypes: ( 1.1 NAME 'other' SUP name )"), [true, undefined]);
  t.same(asked("attributeTypes: ( 1.2 NAME 'LONG' SUP name )"), [false, '1.1']);
  t.same(
    asked("attributeTypes: ( 1.2 NAME ( 'b' 'a' ) SUP name )"),
    [false, undefined],
    'the first name alone',
  );
  t.same(asked("objectClasses: ( 1.1 NAME 'a' SUP top )"), [false, undefined], 'of its own kind');
  known.add(read("nameForms: ( 1.3 NAME 'f' OC top MUST cn )"));
  t.same(
    asked("nameForms: ( 1.4 NAME 'f' OC top MUST cn )"),
    [false, undefined],
    'a name form by its OID alone',
  );
});
