/**
 * Definitions with their place, and the list in which every fault of a schema is gathered before anything is refused.
 */
import type { Description } from './description.js';
import { displayName } from './description.js';

/** A description and where it was written. */
export interface SourcedDescription {
  readonly description: Description;
  readonly file: string;
  /** Line of its first character, from 1; 0 where there is no file. */
  readonly line: number;
}

/** What is wrong with a schema, one sentence a fault, `file:line:` before it. */
export class SchemaFaults {
  readonly #faults: string[] = [];
  readonly #faulty = new Map<SourcedDescription, string>();

  add(at: { readonly file: string; readonly line: number }, sentence: string): void {
    this.#faults.push(`${at.file}:${at.line}: ${sentence}`);
  }

  /** A fault of one definition: `what` follows its kind and name. */
  of(sourced: SourcedDescription, what: string): void {
    const { description } = sourced;
    const sentence = `${SINGULAR[description.kind]} ${displayName(description)} ${what}`;
    if (!this.#faulty.has(sourced)) this.#faulty.set(sourced, sentence);
    this.add(sourced, sentence);
  }

  /** The definitions that have faults, each with its first one, without a place. */
  get faulty(): ReadonlyMap<SourcedDescription, string> {
    return this.#faulty;
  }

  get list(): readonly string[] {
    return this.#faults;
  }
}

const SINGULAR: Readonly<Record<Description['kind'], string>> = {
  ldapSyntaxes: 'Syntax',
  matchingRules: 'Matching rule',
  matchingRuleUse: 'Matching rule use',
  attributeTypes: 'Attribute type',
  objectClasses: 'Object class',
  nameForms: 'Name form',
  dITContentRules: 'DIT content rule',
  dITStructureRules: 'DIT structure rule',
};
