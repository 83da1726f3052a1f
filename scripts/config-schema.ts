/**
 * The schema of cn=config, made from the option table: schema/20-config.ldif, and lib/schema/config-names.ts with the names by OID.
 *
 * OIDs must not depend on the order of the table, and nobody should have to hand out numbers: the last number is a hash of the name (FNV-1a, 31 bits). A test says that no two are equal.
 */
import {
  isMultiValued,
  LIVE_ATTRIBUTE,
  OPTION_SECTIONS,
  type OptionSyntax,
  optionAttribute,
  optionSyntax,
  PENDING_ATTRIBUTE,
  SOURCE_ATTRIBUTE,
} from '../lib/config/option-attributes.js';
import { optionOf } from '../lib/config/option-table.js';

const OWN_ARC = '2.25.106979801653467080826045286574582475051';
const ATTRIBUTES = 20;
const CLASSES = 21;
const WIDTH = 100;

const SYNTAXES: Readonly<Record<OptionSyntax, string>> = {
  text: 'EQUALITY caseExactMatch SUBSTR caseExactSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15',
  name: 'EQUALITY distinguishedNameMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.12',
  integer: 'EQUALITY integerMatch ORDERING integerOrderingMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27',
  boolean: 'EQUALITY booleanMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.7',
};

const OPERATIONAL: readonly (readonly [string, string])[] = [
  [SOURCE_ATTRIBUTE, 'Where the value of each option comes from, as attribute=source'],
  [LIVE_ATTRIBUTE, 'Options that may be changed while the server runs'],
  [PENDING_ATTRIBUTE, 'Options of which the file holds another value, which counts from the next start'],
];

/** Every element: its arc below ours, and its name. */
function elements(): readonly (readonly [number, string])[] {
  return [
    ...OPTION_SECTIONS.flatMap(({ keys }) => keys.map((key) => [ATTRIBUTES, optionAttribute(key)] as const)),
    ...OPERATIONAL.map(([name]) => [ATTRIBUTES, name] as const),
    ...OPTION_SECTIONS.map(({ objectClass }) => [CLASSES, objectClass] as const),
  ];
}

/** schema/20-config.ldif. */
export function configSchemaText(): string {
  const lines = [
    '# The options of a server as cn=config shows them. Made from the option table by `npm run reference`; do not edit.',
    'dn: cn=schema',
    'objectClass: top',
    'objectClass: subschema',
    'cn: schema',
  ];
  for (const { keys } of OPTION_SECTIONS)
    for (const key of keys) {
      const option = optionOf(key);
      const single = isMultiValued(option.form) ? '' : ' SINGLE-VALUE';
      lines.push(
        ...folded(
          `attributeTypes: ( ${oid(ATTRIBUTES, optionAttribute(key))} NAME '${optionAttribute(key)}' DESC '${quoted(option.help)}' ${SYNTAXES[optionSyntax(option)]}${single} X-ORIGIN 'Polyarch' )`,
        ),
      );
    }
  for (const [name, help] of OPERATIONAL)
    lines.push(
      ...folded(
        `attributeTypes: ( ${oid(ATTRIBUTES, name)} NAME '${name}' DESC '${help}' EQUALITY caseExactMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 NO-USER-MODIFICATION USAGE dSAOperation X-ORIGIN 'Polyarch' )`,
      ),
    );
  for (const { name, objectClass, keys } of OPTION_SECTIONS)
    lines.push(
      ...folded(
        `objectClasses: ( ${oid(CLASSES, objectClass)} NAME '${objectClass}' DESC 'Options of a server: ${name ?? 'those without a section'}' SUP top STRUCTURAL MUST cn MAY ( ${keys.map(optionAttribute).join(' $ ')} ) X-ORIGIN 'Polyarch' )`,
      ),
    );
  return `${lines.join('\n')}\n`;
}

/** lib/schema/config-names.ts. */
export function configNamesText(): string {
  const items = elements().map(([arc, name]) => `${name}=~.${arc}.${hash(name)}`);
  return `/**
 * Names of the schema elements of cn=config (schema/20-config.ldif), in the form of standard-names.ts, which reads them. Made from the option table by
 * \`npm run reference\`; do not edit.
 */

export const CONFIG_NAMES = \`
${wrapped(items).join('\n')}
\`;
`;
}

function oid(arc: number, name: string): string {
  return `${OWN_ARC}.${arc}.${hash(name)}`;
}

/** FNV-1a over the octets of an ASCII name, 31 bits. */
function hash(name: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) value = Math.imul(value ^ name.charCodeAt(i), 0x01000193) >>> 0;
  return value & 0x7fffffff;
}

/** A quoted string of a description (RFC 4512 section 4.1): without the marks of Markdown. */
function quoted(text: string): string {
  return text.replaceAll('`', '').replaceAll('\\', '\\5C').replaceAll("'", '\\27');
}

/** A line of LDIF, folded at spaces: the space that begins a continuation is not part of the value, the one before it is. */
function folded(line: string): readonly string[] {
  return wrapped(line.split(' ')).map((part, i) => (i === 0 ? part : `  ${part}`));
}

function wrapped(words: readonly string[]): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    if (line !== '' && line.length + word.length + 1 > WIDTH) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}
