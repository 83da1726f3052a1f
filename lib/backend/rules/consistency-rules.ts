/**
 * ConsistencyRules: what local writes keep to beyond the schema, in the turn in which they are decided: uniqueness (unique-rules.ts) and references
 * between entries (reference-rules.ts).
 *
 * Replayed changes do not pass here: another server decided them, and what it decided about references came as changes of their own.
 */
import { areLong, type Steps, whole } from '../../base/steps.js';
import type { Change } from '../../change/change.js';
import { valueLists } from '../../change/change-codec.js';
import type { Dn } from '../../dn/dn.js';
import type { Attribute, Attributes, EntryView } from '../../entry/entry.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { Intent, ReadView } from '../backend.js';
import type { Decision } from '../decision.js';
import { dnAfter } from '../tree/name-after.js';
import type { ReferenceJobs } from './reference-jobs.js';
import type { ReferenceRules } from './reference-rules.js';
import type { UniqueWatch } from './unique-doubles.js';
import { changedAttributes, checkUniqueInSteps, type EntryImage, type UniqueRule } from './unique-rules.js';

/** What a domain is asked to keep. */
export interface ConsistencyOptions {
  /** Rules of uniqueness, as LDAP URLs (unique-rules.ts). */
  readonly unique?: readonly string[];
  /** Attributes whose values follow the entries that they name. */
  readonly references?: readonly string[];
  /** Their values must name entries that are there. */
  readonly referencesExist?: boolean;
}

export class ConsistencyRules {
  readonly unique: readonly UniqueRule[];
  readonly references: ReferenceRules;
  readonly jobs: ReferenceJobs;
  readonly watch: UniqueWatch;

  constructor(
    unique: readonly UniqueRule[],
    references: ReferenceRules,
    jobs: ReferenceJobs,
    watch: UniqueWatch,
  ) {
    this.watch = watch;
    this.unique = unique;
    this.references = references;
    this.jobs = jobs;
  }

  /** Changes of other servers are readable now. */
  replayed(changes: readonly Change[]): void {
    if (this.unique.length > 0) this.watch.replayed(changes);
  }

  /** What a write does, with what follows from it; in steps where values of a long list are looked up. Throws LdapError to refuse it; RowsAway. */
  completed(view: ReadView, intents: readonly Intent[], initiator: string): Decision {
    if (intents.length === 0) return intents;
    if (this.unique.length === 0 && !this.references.mustExist)
      return this.references.completed(view, intents, initiator);
    const steps = this.#checked(view, intents, initiator);
    return intents.some(({ body }) => areLong(valueLists(body))) ? steps : whole(steps);
  }

  *#checked(view: ReadView, intents: readonly Intent[], initiator: string): Steps<readonly Intent[]> {
    if (this.unique.length > 0) {
      for (const intent of intents) {
        const image = imageOf(view, intent);
        if (image !== undefined) yield* checkUniqueInSteps(this.unique, view, image);
      }
    }
    for (const intent of intents) yield* this.references.checkExistInSteps(view, intent);
    return this.references.completed(view, intents, initiator);
  }

  /** Throws LdapError when a deleted entry may not come back at `dn` with these attributes: its values are checked as those of an add are. May throw RowsAway. */
  checkReturn(view: ReadView, dn: Dn, attributes: Attributes): void {
    if (this.unique.length === 0) return;
    const image = {
      before: undefined,
      after: new Image(dn, attributes),
      changes: undefined,
      children: false,
    };
    whole(checkUniqueInSteps(this.unique, view, image));
  }
}

function imageOf(view: ReadView, { entry: uuid, body }: Intent): EntryImage | undefined {
  if (body.kind === 'delete' || body.kind === 'undelete') return undefined;
  const before = view.byUuid(uuid);
  if (body.kind === 'add') {
    const dn = dnAfter(view, body, undefined);
    if (dn === undefined) return undefined;
    const stored = new Map<AttributeKey, Attribute>(body.attributes.map((one) => [one.key, one]));
    return { before: undefined, after: new Image(dn, stored), changes: undefined, children: false };
  }
  if (before === undefined) return undefined;
  const dn = body.kind === 'modifyDn' ? dnAfter(view, body, before) : before.dn;
  if (dn === undefined) return undefined;
  return {
    before,
    after: new Image(dn, () => changedAttributes(before.stored, body.attributes)),
    changes: body.attributes,
    children: body.kind === 'modifyDn' && body.parent !== undefined && view.childCount(before) > 0,
  };
}

/** An entry as a write would leave it. Its attributes are made when they are asked for. */
class Image implements EntryView {
  readonly dn: Dn;
  #stored: Attributes | (() => Attributes);

  constructor(dn: Dn, stored: Attributes | (() => Attributes)) {
    this.dn = dn;
    this.#stored = stored;
  }

  get stored(): Attributes {
    if (typeof this.#stored === 'function') this.#stored = this.#stored();
    return this.#stored;
  }

  attribute(key: AttributeKey): Attribute | undefined {
    return this.stored.get(key);
  }

  computed(): Attributes {
    return new Map();
  }
}
