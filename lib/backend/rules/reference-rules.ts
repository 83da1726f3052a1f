/**
 * Referential integrity: when an entry goes or changes its name, values that name it go or change with it, as changes of the entries that hold them.
 *
 * Decided by the server where the write was made, in the turn of the write, and replicated like any other change; so replicas stay equal and a
 * replayed delete or rename causes nothing. A few holders are changed in the same batch as the write. Where there are many, or entries below the renamed
 * one, a job row is written in that batch and reference-jobs.ts does the work in slices. Found by index, never by a search through entries.
 */
import { utf8Decode, utf8Encode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import { eachInSteps, STEP_LOOKS, type Steps } from '../../base/steps.js';
import type { EntryUuid } from '../../change/change.js';
import { formatDn } from '../../dn/dn-text.js';
import type { AttributeKey, AttributeType } from '../../schema/attribute-type.js';
import { dnKey, isAtOrBelow } from '../../schema/dn-key.js';
import type { Intent, ReadView, StoredEntry } from '../backend.js';
import { dnAfter } from '../tree/name-after.js';
import { HolderChanges, namedKey, type ReferenceAttribute } from './holder-changes.js';
import type { ReferenceJobs } from './reference-jobs.js';

/** Attributes that are kept, unless configured otherwise. */
export const DEFAULT_REFERENCE_ATTRIBUTES: readonly string[] = [
  'member',
  'uniqueMember',
  'owner',
  'manager',
  'seeAlso',
  'secretary',
  'roleOccupant',
];

/** Entries that one write changes beside its own. */
const HOLDERS = 100;
/** Rules by which values name entries. */
const NAMING_RULES: ReadonlySet<string> = new Set(['distinguishedNameMatch', 'uniqueMemberMatch']);

/** Those of the attributes that the schema knows and whose values are names. */
export function referenceAttributesOf(
  names: readonly string[],
  schema: { attributeType(nameOrOid: string): AttributeType | undefined },
): readonly ReferenceAttribute[] {
  const attributes: ReferenceAttribute[] = [];
  for (const text of names) {
    const type = schema.attributeType(text);
    if (type?.equality === undefined || !NAMING_RULES.has(type.equality.name)) continue;
    attributes.push({ key: type.key, name: type.name, rule: type.equality, single: type.singleValue });
  }
  return attributes;
}

export class ReferenceRules {
  readonly attributes: readonly ReferenceAttribute[];
  readonly mustExist: boolean;
  readonly #jobs: ReferenceJobs;
  readonly #mayHold: (key: AttributeKey) => boolean;

  /**
   * `mustExist`: values that name entries of this domain are refused when there is no such entry. `mayHold`: false where no entry ever held the attribute.
   */
  constructor(
    attributes: readonly ReferenceAttribute[],
    mustExist: boolean,
    jobs: ReferenceJobs,
    mayHold: (key: AttributeKey) => boolean,
  ) {
    this.#mayHold = mayHold;
    this.attributes = attributes;
    this.mustExist = mustExist;
    this.#jobs = jobs;
  }

  /** The write with the changes that it makes to entries that name its own; what it names is checkExistInSteps()'s. Throws LdapError, RowsAway. */
  completed(view: ReadView, intents: readonly Intent[], initiator: string): readonly Intent[] {
    if (this.attributes.length === 0) return intents;
    if (!intents.some(({ body }) => this.#renames(body)) || this.#isFree(intents)) return intents;
    const doomed = new Set<EntryUuid>();
    for (const { entry, body } of intents) if (body.kind === 'delete') doomed.add(entry);
    const changes = new HolderChanges(doomed);
    const done = intents.map((intent) => this.#followed(view, intent, initiator, changes));
    return [...done, ...changes.intents()];
  }

  /** Whether a name is given or goes that references may be about: with no job open, nobody refers to a new entry. */
  #renames({ kind }: Intent['body']): boolean {
    return kind === 'delete' || kind === 'modifyDn' || (kind === 'add' && this.#jobs.left > 0);
  }

  /** Whether nothing but deletes is asked for, where no entry can name another. */
  #isFree(intents: readonly Intent[]): boolean {
    return (
      this.#jobs.left === 0 &&
      intents.every(({ body }) => body.kind === 'delete') &&
      !this.attributes.some(({ key }) => this.#mayHold(key))
    );
  }

  /** Notes what follows from one change; answers it with its job row, where it needs one. */
  #followed(view: ReadView, intent: Intent, initiator: string, changes: HolderChanges): Intent {
    const { entry: uuid, body } = intent;
    if (body.kind === 'modify' || body.kind === 'undelete') return intent;
    const entry = body.kind === 'add' ? undefined : view.byUuid(uuid);
    const after = body.kind === 'delete' ? undefined : dnAfter(view, body, entry);
    if (after !== undefined) this.#jobs.checkFree(dnKey(after));
    if (entry === undefined) return intent;
    const key = dnKey(entry.dn);
    if (after !== undefined && dnKey(after) === key) return intent;
    this.#jobs.checkSettled(view, key);
    const many = !this.#refer(view, entry, key, after === undefined ? undefined : formatDn(after), changes);
    const deep = body.kind === 'modifyDn' && view.childCount(entry) > 0;
    if (!many && !deep) return intent;
    const moved = after === undefined ? undefined : uuid;
    return { ...intent, rows: [this.#jobs.noted({ moved, key, deep, initiator })] };
  }

  /** Changes every value that names the entry. False: there are too many. */
  #refer(
    view: ReadView,
    entry: StoredEntry,
    key: string,
    after: string | undefined,
    changes: HolderChanges,
  ): boolean {
    const normal = utf8Encode(key);
    const held = this.attributes.map((attribute) => view.holderCount(attribute.key, normal));
    if (held.reduce((sum, count) => sum + count, 0) > HOLDERS || changes.size > HOLDERS) return false;
    this.attributes.forEach((attribute, i) => {
      if (held[i] === 0) return;
      for (const holder of view.holders(attribute.key, normal)) {
        if (!namesItself(holder, attribute, key))
          changes.change(holder.uuid, attribute, utf8Encode(entry.dnText), after);
      }
    });
    return true;
  }

  /** Throws LdapError where a value names an entry that is not there, and must name one; RowsAway. */
  *checkExistInSteps(view: ReadView, { body }: Intent): Steps<void> {
    if (!this.mustExist || (body.kind !== 'add' && body.kind !== 'modify')) return;
    const base = dnKey(view.baseDn);
    for (const attribute of this.attributes) {
      for (const one of body.attributes) {
        if (one.key !== attribute.key) continue;
        const values = 'values' in one ? one.values : one.add;
        yield* eachInSteps(values, (value) => checkNamed(view, base, attribute, value), STEP_LOOKS);
      }
    }
  }
}

function checkNamed(view: ReadView, base: string, attribute: ReferenceAttribute, value: Uint8Array): void {
  const key = namedKey(attribute, value);
  if (key === undefined || !isAtOrBelow(key, base) || view.byKey(key) !== undefined) return;
  const text = utf8Decode(value)?.slice(0, 256) ?? '';
  throw new LdapError(
    'constraintViolation',
    `Attribute '${attribute.name}' names "${text}", and there is no such entry.`,
  );
}

/** Whether the value is part of the holder's own RDN, which only a rename may change. */
function namesItself(holder: StoredEntry, attribute: ReferenceAttribute, key: string): boolean {
  return holder.state.rdn.avas.some(
    (ava) => ava.key === attribute.key && namedKey(attribute, ava.value) === key,
  );
}
