/**
 * Definitions that were added to a running directory, on top of those of the installation and of schema files.
 *
 * They replicate, and concurrent changes may leave a set that does not fit together. So a schema is made of what fits: the rest is kept and stays inactive,
 * each with its reason. Invariant: the result depends on the set alone, never on the order in which definitions came, so that every replica with the
 * same installation has the same schema.
 */

import { eachInSteps, type Steps, whole } from '../base/steps.js';
import { definitionKey } from './definition-key.js';
import type { DescriptionKind } from './description.js';
import { assembleInSteps } from './load-schema.js';
import type { Schema } from './schema.js';
import { SchemaFaults, type SourcedDescription } from './schema-fault.js';
import { formatDescription } from './schema-format.js';
import { parseDescription } from './schema-parser.js';

/** Kinds that can be added online; syntaxes and matching rules are code. */
export const OWN_KINDS = [
  'attributeTypes',
  'objectClasses',
  'nameForms',
  'dITContentRules',
  'dITStructureRules',
] as const satisfies readonly DescriptionKind[];

export type OwnKind = (typeof OWN_KINDS)[number];

export interface OwnDefinition {
  readonly kind: OwnKind;
  /** As cn=schema holds it. */
  readonly text: string;
}

/** A definition that takes no effect. */
export interface InactiveDefinition extends OwnDefinition {
  /** One sentence. */
  readonly reason: string;
}

export interface ExtendedSchema {
  readonly schema: Schema;
  readonly inactive: readonly InactiveDefinition[];
}

/** File name that definitions without X-SCHEMA-FILE are shown under, as OpenDJ names it. */
export const USER_FILE = '99-user.ldif';

/** Characters of definitions that one step reads. */
const STEP_CHARACTERS = 16_384;

interface Candidate {
  readonly own: OwnDefinition;
  readonly sourced: SourcedDescription;
}

/** The last answer for a base: a change is first checked, and then takes effect. */
const last = new WeakMap<Schema, { readonly key: string; readonly extended: ExtendedSchema }>();

/** The base schema with those of the definitions that fit. Total. */
export function extendSchema(base: Schema, own: readonly OwnDefinition[]): ExtendedSchema {
  return whole(extendInSteps(base, own));
}

/** What was answered last, where it was this. */
export function extendedBefore(base: Schema, own: readonly OwnDefinition[]): ExtendedSchema | undefined {
  const before = last.get(base);
  return before?.key === keyOf(sorted(own)) ? before.extended : undefined;
}

/** The same in steps. */
export function* extendInSteps(base: Schema, own: readonly OwnDefinition[]): Steps<ExtendedSchema> {
  const definitions = sorted(own);
  const key = keyOf(definitions);
  const before = last.get(base);
  if (before?.key === key) return before.extended;
  yield;
  const extended = yield* extend(base, definitions);
  last.set(base, { key, extended });
  return extended;
}

function* extend(base: Schema, own: readonly OwnDefinition[]): Steps<ExtendedSchema> {
  const inactive: InactiveDefinition[] = [];
  const taken = new Set(base.sources.map(({ description }) => definitionKey(description)));
  let left: Candidate[] = [];
  let read = 0;
  for (const one of own) {
    read += one.text.length;
    if (read > STEP_CHARACTERS) {
      read = 0;
      yield;
    }
    const description = parseDescription(one.kind, one.text);
    if (typeof description === 'string') inactive.push({ ...one, reason: description });
    else if (taken.has(definitionKey(description)))
      inactive.push({ ...one, reason: `${description.id} is defined by the installation or a schema file.` });
    else {
      taken.add(definitionKey(description));
      left.push({ own: one, sourced: { description, file: 'cn=schema', line: 0 } });
    }
  }
  for (;;) {
    const faults = new SchemaFaults();
    const schema = yield* assembleInSteps([...base.sources, ...left.map(({ sourced }) => sourced)], faults);
    if (faults.list.length === 0) {
      // Their lines tell schemas apart, which is asked in one piece as soon as this one is in force.
      yield* eachInSteps(schema.sources, ({ description }) => void formatDescription(description));
      return { schema, inactive };
    }
    const kept: Candidate[] = [];
    for (const candidate of left) {
      const reason = faults.faulty.get(candidate.sourced);
      if (reason === undefined) kept.push(candidate);
      else inactive.push({ ...candidate.own, reason });
    }
    // A base schema without faults leaves faults of the others only, so every round takes some away.
    left = kept.length < left.length ? kept : [];
  }
}

function keyOf(definitions: readonly OwnDefinition[]): string {
  return definitions.map(({ kind, text }) => `${kind} ${text}`).join('\n');
}

function sorted(own: readonly OwnDefinition[]): readonly OwnDefinition[] {
  const place = (one: OwnDefinition) => OWN_KINDS.indexOf(one.kind);
  return [...own].sort((a, b) => place(a) - place(b) || (a.text < b.text ? -1 : a.text > b.text ? 1 : 0));
}
