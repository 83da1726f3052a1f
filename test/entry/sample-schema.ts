/**
 * A small schema and makers of entries, values and views for the tests of entry, filter and whoever needs attributes with every kind of rule.
 *
 * Owns no claims of its own. Independent of schema/*.ldif, so those may grow.
 */

import { must } from '../../lib/base/assert.js';
import { utf8Decode, utf8Encode } from '../../lib/base/bytes.js';
import type { NamedRdn } from '../../lib/change/change.js';
import { parseDn, parseRdn } from '../../lib/dn/dn-text.js';
import type { Attribute, Attributes, EntryView } from '../../lib/entry/entry.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { buildSchema } from '../../lib/schema/load-schema.js';
import type { Schema } from '../../lib/schema/schema.js';

const S = '1.3.6.1.4.1.1466.115.121.1';

const DEFINITIONS = [
  `attributeTypes: ( 2.5.4.0 NAME 'objectClass' EQUALITY objectIdentifierMatch SYNTAX ${S}.38 )`,
  `attributeTypes: ( 2.5.4.41 NAME 'name' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX ${S}.15 )`,
  `attributeTypes: ( 2.5.4.3 NAME ( 'cn' 'commonName' ) SUP name )`,
  `attributeTypes: ( 2.5.4.4 NAME ( 'sn' 'surname' ) SUP name )`,
  `attributeTypes: ( 2.5.4.11 NAME 'ou' SUP name )`,
  `attributeTypes: ( 2.5.4.6 NAME 'c' SUP name SYNTAX ${S}.11 SINGLE-VALUE )`,
  `attributeTypes: ( 2.5.4.13 NAME 'description' EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX ${S}.15 )`,
  `attributeTypes: ( 2.5.4.31 NAME 'member' EQUALITY distinguishedNameMatch SYNTAX ${S}.12 )`,
  `attributeTypes: ( 2.5.4.35 NAME 'userPassword' EQUALITY octetStringMatch SYNTAX ${S}.40 )`,
  `attributeTypes: ( 2.5.4.36 NAME 'userCertificate' SYNTAX ${S}.8 )`,
  `attributeTypes: ( 0.9.2342.19200300.100.1.1 NAME ( 'uid' 'userid' ) EQUALITY caseIgnoreMatch SUBSTR caseIgnoreSubstringsMatch SYNTAX ${S}.15 )`,
  `attributeTypes: ( 0.9.2342.19200300.100.1.3 NAME 'mail' EQUALITY caseIgnoreIA5Match SUBSTR caseIgnoreIA5SubstringsMatch SYNTAX ${S}.26 )`,
  `attributeTypes: ( 0.9.2342.19200300.100.1.60 NAME 'jpegPhoto' SYNTAX ${S}.28 )`,
  `attributeTypes: ( 1.3.6.1.1.1.1.0 NAME 'uidNumber' EQUALITY integerMatch ORDERING integerOrderingMatch SYNTAX ${S}.27 SINGLE-VALUE )`,
  `attributeTypes: ( 2.25.1.1 NAME 'number' EQUALITY integerMatch ORDERING integerOrderingMatch SYNTAX ${S}.27 )`,
  `attributeTypes: ( 2.25.1.2 NAME 'motto' EQUALITY caseIgnoreMatch SYNTAX ${S}.15 SINGLE-VALUE )`,
  `attributeTypes: ( 2.5.18.1 NAME 'createTimestamp' EQUALITY generalizedTimeMatch ORDERING generalizedTimeOrderingMatch SYNTAX ${S}.24 SINGLE-VALUE NO-USER-MODIFICATION USAGE directoryOperation )`,
  `attributeTypes: ( 2.25.1.3 NAME 'aci' EQUALITY octetStringMatch SYNTAX ${S}.40 USAGE directoryOperation )`,
  `objectClasses: ( 2.5.6.0 NAME 'top' ABSTRACT MUST objectClass )`,
  `objectClasses: ( 2.5.6.6 NAME 'person' SUP top STRUCTURAL MUST ( sn $ cn ) MAY ( userPassword $ description ) )`,
  `objectClasses: ( 2.25.2.1 NAME ( 'worker' 'employee' ) SUP person STRUCTURAL MAY ( uid $ mail $ userCertificate $ jpegPhoto ) )`,
  `objectClasses: ( 2.5.6.5 NAME 'organizationalUnit' SUP top STRUCTURAL MUST ou MAY description )`,
  `objectClasses: ( 2.5.6.9 NAME 'groupOfNames' SUP top STRUCTURAL MUST ( member $ cn ) MAY description )`,
  `objectClasses: ( 2.25.2.2 NAME 'numbered' SUP top AUXILIARY MUST uidNumber MAY ( number $ motto $ c ) )`,
  `objectClasses: ( 2.25.2.3 NAME 'unixGroup' SUP top AUXILIARY MUST uidNumber MAY cn X-STANDS-ALONE 'TRUE' )`,
  `objectClasses: ( 2.25.2.4 NAME 'mailGroup' SUP top AUXILIARY MAY ( cn $ mail ) X-STANDS-ALONE 'TRUE' )`,
  `objectClasses: ( 1.3.6.1.4.1.1466.101.120.111 NAME 'extensibleObject' SUP top AUXILIARY )`,
];

let made: Schema | undefined;

/** The sample schema; one instance a process. */
export function sampleSchema(): Schema {
  made ??= buildSchema([{ name: 'sample.ldif', text: `${DEFINITIONS.join('\n')}\n` }]);
  return made;
}

export function bytes(text: string): Uint8Array {
  return utf8Encode(text);
}

export function textOf(value: Uint8Array): string {
  return must(utf8Decode(value), 'test values are text');
}

/** Attributes from `{ 'cn;lang-en': ['x'] }`. */
export function attributesOf(values: Readonly<Record<string, readonly (string | Uint8Array)[]>>): Attributes {
  const attributes = new Map<AttributeKey, Attribute>();
  for (const [name, list] of Object.entries(values)) {
    const description = must(sampleSchema().describe(name), name);
    attributes.set(description.key, {
      name: description.text,
      values: list.map((value) => (typeof value === 'string' ? bytes(value) : value)),
    });
  }
  return attributes;
}

/** Attributes as plain text, sorted: for comparing. */
export function plain(attributes: Attributes): Record<string, readonly string[]> {
  const out: Record<string, readonly string[]> = {};
  for (const key of [...attributes.keys()].sort()) {
    out[key] = must(attributes.get(key), key).values.map(textOf);
  }
  return out;
}

export function rdnOf(text: string): NamedRdn {
  return must(sampleSchema().namedRdn(parseRdn(text)), text) as NamedRdn;
}

/** An entry as filters and selections see it. */
export function viewOf(dn: string, stored: Attributes, computed: Attributes = new Map()): EntryView {
  return {
    dn: parseDn(dn),
    stored,
    attribute: (key) => stored.get(key) ?? computed.get(key),
    computed: () => computed,
  };
}
