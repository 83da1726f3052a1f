/**
 * What clients and administrators of the kind `schema` ask for: definitions from a small pool, some of which do not go together, and data that use those which their server has.
 */
import { utf8Encode } from '../../lib/base/bytes.js';
import type { ChangeBody } from '../../lib/change/change.js';
import type { SchemaModification } from '../../lib/schema/edit-definitions.js';
import type { Schema } from '../../lib/schema/schema.js';
import { type Edit, modify } from '../conflict/story.js';
import { mostlyWrites } from './backend-directory.js';
import type { SeededRandom } from './seeded-random.js';
import type { MakeWrite } from './simulation.js';

const ARC = '1.3.6.1.4.1.99999';
const TEXT = 'EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15';
const NUMBER = 'EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27';
const TYPES = [0, 1, 2, 3];
const CLASSES = [0, 1, 2];

/** Two types may take one name, and forms of one type differ in all that values depend on. */
function typeText(n: number, random: SeededRandom): string {
  const names = random.chance(0.3) ? `( 'extra${n}' 'shared' )` : `'extra${n}'`;
  const form = random.pick([TEXT, TEXT, NUMBER, `${TEXT} SINGLE-VALUE`]);
  return `( ${ARC}.1.${n} NAME ${names} ${form} )`;
}

function classText(n: number, random: SeededRandom): string {
  const [one, other] = [random.pick(TYPES), random.pick(TYPES)];
  const holds = random.chance(0.3)
    ? `MUST extra${one} MAY extra${other}`
    : `MAY ( extra${one} $ extra${other} )`;
  return `( ${ARC}.2.${n} NAME 'holder${n}' SUP top AUXILIARY ${holds} )`;
}

function ruleText(random: SeededRandom): string {
  return `( 2.5.6.6 NAME 'persons' AUX holder${random.pick(CLASSES)} MAY extra${random.pick(TYPES)} )`;
}

function edit(operation: SchemaModification['operation'], attribute: string, ...texts: string[]) {
  return { operation, attribute, values: texts.map(utf8Encode) };
}

/** A definition as it is to be, in the place of the one that the server has under its OID. */
function defined(attribute: string, oid: string, text: string, has: boolean): SchemaModification[] {
  return [...(has ? [edit('delete', attribute, oid)] : []), edit('add', attribute, text)];
}

function definedType(n: number, schema: Schema, random: SeededRandom): SchemaModification[] {
  const oid = `${ARC}.1.${n}`;
  return defined('attributeTypes', oid, typeText(n, random), schema.attributeType(oid) !== undefined);
}

/** With the types that the server lacks for it. */
function definedClass(n: number, schema: Schema, random: SeededRandom): SchemaModification[] {
  const oid = `${ARC}.2.${n}`;
  const missing = TYPES.filter((type) => schema.attributeType(`extra${type}`) === undefined);
  const types = missing.flatMap((type) => definedType(type, schema, random));
  return [
    ...types,
    ...defined('objectClasses', oid, classText(n, random), schema.objectClass(oid) !== undefined),
  ];
}

/** A request for cn=schema: definitions added, changed, removed or replaced. */
export function schemaEdits(schema: Schema, random: SeededRandom): readonly SchemaModification[] {
  const type = random.pick(TYPES);
  const held = random.pick(CLASSES);
  switch (random.below(10)) {
    case 0:
      return [edit('delete', 'attributeTypes', `${ARC}.1.${type}`)];
    case 1:
      return [edit('delete', 'objectClasses', `${ARC}.2.${held}`)];
    case 2:
      return [
        edit('replace', 'objectClasses', ...CLASSES.slice(0, held).map((n) => classText(n, random))),
        edit('replace', 'attributeTypes', ...TYPES.map((n) => typeText(n, random))),
      ];
    case 3:
      return [edit('replace', 'dITContentRules', ruleText(random))];
    case 4:
      return [edit('replace', random.pick(['dITContentRules', 'objectClasses']))];
    case 5:
    case 6:
    case 7:
      return definedType(type, schema, random);
    default:
      return definedClass(held, schema, random);
  }
}

/** Plain writes, and edits of attributes and classes that the server's schema has at the moment. */
export function schemaWrites(): MakeWrite {
  return mostlyWrites(({ schema }, random) => usingEdit(schema, random));
}

/** A modify that takes up, or gives up, a class that was added and an attribute of it. */
function usingEdit(schema: Schema, random: SeededRandom): ChangeBody | undefined {
  const holders = CLASSES.filter((n) => schema.objectClass(`holder${n}`) !== undefined);
  const types = TYPES.filter((n) => schema.attributeType(`extra${n}`) !== undefined);
  const type = types.length === 0 ? undefined : `extra${random.pick(types)}`;
  const holder = holders.length === 0 ? undefined : `holder${random.pick(holders)}`;
  const value = random.pick(['1', '2', '3']);
  const edits: Edit[] = [];
  const gives = random.chance(0.3);
  if (type !== undefined && random.chance(0.8))
    edits.push(valueEdit(schema, type, gives ? undefined : value));
  if (holder !== undefined && random.chance(0.7)) {
    const is = { name: 'objectClass', equality: 'objectIdentifierMatch' };
    edits.push({ ...is, ...(gives ? { remove: [holder] } : { add: [holder] }) });
  }
  return edits.length === 0 ? undefined : modify(...edits);
}

/** `value`: undefined takes all away. */
function valueEdit(schema: Schema, name: string, value: string | undefined): Edit {
  const type = schema.attributeType(name);
  const single = type?.singleValue === true;
  const of = { name, single, equality: type?.equality?.name ?? 'octetStringMatch' };
  return value === undefined ? { ...of, clear: true } : { ...of, clear: single, add: [value] };
}
