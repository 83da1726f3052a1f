/**
 * Schema descriptions as data (RFC 4512 section 4.1): what a definition says, before anything is resolved.
 *
 * One shape serves all eight kinds: an identifier and fields by keyword, in the order in which they are published. Which keywords a kind has
 * and how their values are written is the table below; schema-parser.ts reads by it and schema-format.ts writes by it.
 */

/** The attribute of cn=schema that holds the kind. */
export type DescriptionKind =
  | 'ldapSyntaxes'
  | 'matchingRules'
  | 'matchingRuleUse'
  | 'attributeTypes'
  | 'objectClasses'
  | 'nameForms'
  | 'dITContentRules'
  | 'dITStructureRules';

/**
 * How a keyword's value is written: nothing, one OID, OIDs, quoted descriptors, one quoted string, an OID with an optional length, a rule
 * id, rule ids, a bare word.
 */
export type FieldForm =
  | 'flag'
  | 'oid'
  | 'oids'
  | 'qdescrs'
  | 'qdstring'
  | 'noidlen'
  | 'ruleid'
  | 'ruleids'
  | 'word';

export interface Description {
  readonly kind: DescriptionKind;
  /** Numeric OID, or the rule id of a DIT structure rule. */
  readonly id: string;
  /** Values by upper-cased keyword; a flag has none. Values are unescaped. X- extensions are here under their own names. */
  readonly fields: ReadonlyMap<string, readonly string[]>;
}

const HEAD: readonly (readonly [string, FieldForm])[] = [
  ['NAME', 'qdescrs'],
  ['DESC', 'qdstring'],
  ['OBSOLETE', 'flag'],
];

/** Keywords of each kind in publication order. */
export const FIELD_FORMS: Readonly<Record<DescriptionKind, ReadonlyMap<string, FieldForm>>> = {
  ldapSyntaxes: new Map([['DESC', 'qdstring']]),
  matchingRules: new Map([...HEAD, ['SYNTAX', 'oid']]),
  matchingRuleUse: new Map([...HEAD, ['APPLIES', 'oids']]),
  attributeTypes: new Map([
    ...HEAD,
    ['SUP', 'oid'],
    ['EQUALITY', 'oid'],
    ['ORDERING', 'oid'],
    ['SUBSTR', 'oid'],
    ['SYNTAX', 'noidlen'],
    ['SINGLE-VALUE', 'flag'],
    ['COLLECTIVE', 'flag'],
    ['NO-USER-MODIFICATION', 'flag'],
    ['USAGE', 'word'],
  ]),
  objectClasses: new Map([
    ...HEAD,
    ['SUP', 'oids'],
    ['ABSTRACT', 'flag'],
    ['STRUCTURAL', 'flag'],
    ['AUXILIARY', 'flag'],
    ['MUST', 'oids'],
    ['MAY', 'oids'],
  ]),
  nameForms: new Map([...HEAD, ['OC', 'oid'], ['MUST', 'oids'], ['MAY', 'oids']]),
  dITContentRules: new Map([...HEAD, ['AUX', 'oids'], ['MUST', 'oids'], ['MAY', 'oids'], ['NOT', 'oids']]),
  dITStructureRules: new Map([...HEAD, ['FORM', 'oid'], ['SUP', 'ruleids']]),
};

/** All kinds, in the order in which definitions may refer to one another. */
export const DESCRIPTION_KINDS = Object.keys(FIELD_FORMS) as readonly DescriptionKind[];

/** The only value of a field, or undefined. */
export function field(description: Description, keyword: string): string | undefined {
  return description.fields.get(keyword)?.[0];
}

/** All values of a field; none when it is absent. */
export function fieldValues(description: Description, keyword: string): readonly string[] {
  return description.fields.get(keyword) ?? [];
}

export function hasField(description: Description, keyword: string): boolean {
  return description.fields.has(keyword);
}

/** How we write the element: its first name, else its identifier. */
export function displayName(description: Description): string {
  return field(description, 'NAME') ?? description.id;
}
