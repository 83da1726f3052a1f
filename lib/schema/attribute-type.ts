/**
 * Attribute types and descriptions as the rest of the house uses them (RFC 4512 sections 2.5 and 4.1.2).
 */
import type { EqualityRule, OrderingRule, SubstringRule } from './matching-rule.js';
import type { Syntax } from './syntax.js';

/** Lower-cased primary name of the type, then its options lower-cased, sorted and joined with ';': `cn;lang-en`. */
export type AttributeKey = string & { readonly __brand: 'AttributeKey' };

export type AttributeUsage =
  | 'userApplications'
  | 'directoryOperation'
  | 'distributedOperation'
  | 'dSAOperation';

export interface AttributeType {
  readonly oid: string;
  readonly names: readonly string[];
  /** First name, or the OID when it has none: how we write it. */
  readonly name: string;
  /** Key of the description without options. */
  readonly key: AttributeKey;
  readonly superior: AttributeType | undefined;
  /** Own or inherited. */
  readonly equality: EqualityRule | undefined;
  readonly ordering: OrderingRule | undefined;
  readonly substring: SubstringRule | undefined;
  readonly syntax: Syntax;
  readonly singleValue: boolean;
  readonly collective: boolean;
  readonly noUserModification: boolean;
  readonly obsolete: boolean;
  readonly usage: AttributeUsage;
  /** usage is not userApplications: given by '+' and not by '*'. */
  readonly operational: boolean;
}

export interface AttributeDescription {
  /** As we write it: primary name, then options in lower case. */
  readonly text: string;
  readonly key: AttributeKey;
  /** undefined when the schema does not know it: then equality is octetStringMatch. */
  readonly type: AttributeType | undefined;
  readonly options: readonly string[];
}
