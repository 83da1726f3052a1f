/**
 * Get effective rights (Sun, OpenDJ): what an identity may do with the entries that a search gives, as attributes of them, aclRights and aclRightsInfo.
 *
 * Both come only where they are asked for by name: `aclRights;entryLevel`, and `aclRights;attributeLevel;NAME` for the attributes that the search gives of the entry and those that it or the
 * control names; aclRightsInfo has a value for each right, with the rule that decides. Entries of naming contexts have them alone. Invariants: rights are judged by the rules that
 * operations ask; of whom one may not act as one learns nothing, not even whether there is such an identity.
 */
import {
  attributeRights,
  entryRights,
  type Right,
  type RightsQuestion,
  rightsText,
} from '../../access/effective-rights.js';
import { type Requester, requesterDn } from '../../access/requester.js';
import type { StoredEntry } from '../../backend/backend.js';
import { utf8Encode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import type { Dn } from '../../dn/dn.js';
import type { Attribute, EntryView } from '../../entry/entry.js';
import { isSelected, type Selection } from '../../entry/select-attributes.js';
import type { SearchRequest } from '../../ldap/message.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import { type IdentityParts, requesterOf, userOf } from '../bind/identities.js';
import { judgeProxy, mayProxy } from '../bind/proxied-authorization.js';
import type { MaybeAnswer, Operation } from '../operation.js';
import type { ServerParts } from '../server-parts.js';
import type { Choice } from './matched-values.js';

export type RightsParts = IdentityParts & Pick<ServerParts, 'policy'>;

const RIGHTS = 'aclRights';
const INFO = 'aclRightsInfo';
const RIGHTS_KEY = 'aclrights' as AttributeKey;
const INFO_KEY = 'aclrightsinfo' as AttributeKey;
/** What says rights has none told of itself. */
const OWN = /^aclrights(info)?(;|$)/;
/** Attributes whose rights are told in one step: far below a millisecond. */
const STEP_ATTRIBUTES = 64;

/** Goes on with a search when it is known whose rights it is to tell. Throws or rejects with LdapError insufficientAccessRights or noSuchObject. */
export function withRightsSubject(
  parts: ServerParts,
  operation: Operation,
  go: () => MaybeAnswer,
): MaybeAnswer {
  const { effectiveRights } = operation.controls;
  if (effectiveRights === undefined) return go();
  const { requester } = operation;
  const { authzId } = effectiveRights;
  const settle = (subject: Requester | undefined): MaybeAnswer => {
    if (!mayProxy(parts, requester, subject)) throw mayNotAsk();
    if (subject === undefined)
      throw new LdapError('noSuchObject', 'The control names an identity that does not exist.');
    operation.rightsOf = subject;
    return go();
  };
  const found = authzId === '' ? requester : requesterOf(parts, authzId);
  return found instanceof Promise ? found.then(settle) : settle(found);
}

function mayNotAsk(): LdapError {
  return new LdapError(
    'insufficientAccessRights',
    'The rights of another identity are told to those who may act as it.',
  );
}

/** What to judge of a stored entry; undefined: no naming context has one of this name. */
export function rightsQuestion(
  parts: RightsParts,
  subject: Requester,
  dn: Dn,
): (RightsQuestion & { readonly entry: StoredEntry }) | undefined {
  const route = parts.directory.routeDn(dn);
  if (route.kind !== 'domain') return undefined;
  const { backend } = route.domain;
  const entry = backend.byDn(dn);
  if (entry === undefined) return undefined;
  const proxy = judgeProxy(parts, subject, userOf(entry));
  return { policy: parts.policy, subject, entry, parent: backend.parent(entry), proxy };
}

/** Rights to the attribute of this name; undefined: the schema has none. */
export function namedRights(
  { schema }: Pick<ServerParts, 'schema'>,
  question: RightsQuestion,
  name: string,
): readonly Right[] | undefined {
  const known = schema.describe(name);
  return known?.type && attributeRights(question, known.key, known.type.noUserModification);
}

/** The choice with the rights after it, where the search asks for them. `selected`: what it gives of the entry. */
export function withRights(
  parts: RightsParts,
  operation: Operation,
  selection: Selection,
  view: EntryView,
  selected: readonly Attribute[],
  choice: Choice,
): Choice {
  const { rightsOf, controls } = operation;
  if (!selection.named.has(RIGHTS_KEY) && !selection.named.has(INFO_KEY)) return choice;
  const question = rightsOf && rightsQuestion(parts, rightsOf, view.dn);
  if (question === undefined) return choice;
  const { attributes } = operation.message.request as SearchRequest;
  const names = new Map<string, string>();
  for (const name of [
    ...selected.map((one) => one.name),
    ...attributes,
    ...(controls.effectiveRights?.attributes ?? []),
  ]) {
    const lower = name.toLowerCase();
    if (!names.has(lower) && !OWN.test(lower)) names.set(lower, name);
  }
  return new ChoiceWithRights(parts, question, selection, [...names.values()], choice);
}

class ChoiceWithRights implements Choice {
  readonly #parts: RightsParts;
  readonly #question: RightsQuestion & { readonly entry: StoredEntry };
  readonly #selection: Selection;
  readonly #names: readonly string[];
  readonly #choice: Choice;
  readonly #told: Attribute[] = [];
  /** Names whose rights are told. */
  #done = 0;

  constructor(
    parts: RightsParts,
    question: RightsQuestion & { readonly entry: StoredEntry },
    selection: Selection,
    names: readonly string[],
    choice: Choice,
  ) {
    this.#parts = parts;
    this.#question = question;
    this.#selection = selection;
    this.#names = names;
    this.#choice = choice;
    this.#tell('entryLevel', undefined, entryRights(question));
  }

  get attributes(): readonly Attribute[] {
    return [...this.#choice.attributes, ...this.#told];
  }

  step(): boolean {
    if (this.#choice.step()) return true;
    const end = Math.min(this.#done + STEP_ATTRIBUTES, this.#names.length);
    for (; this.#done < end; this.#done++) {
      const name = this.#names[this.#done] as string;
      const rights = namedRights(this.#parts, this.#question, name);
      if (rights !== undefined) this.#tell('attributeLevel', name, rights);
    }
    return this.#done < this.#names.length;
  }

  #tell(level: string, attribute: string | undefined, rights: readonly Right[]): void {
    const options = (...words: readonly string[]) =>
      (attribute === undefined ? words : [...words, attribute]).join(';');
    this.#give(RIGHTS_KEY, RIGHTS, options(level), () => rightsText(rights));
    const { entry, subject } = this.#question;
    const on = `entry/attr(${entry.dnText}, ${attribute ?? 'NULL'}) to (${requesterDn(subject) || 'anonymous'})`;
    for (const { name, verdict } of rights) {
      const allowed = verdict.allowed ? 'allowed' : 'not allowed';
      this.#give(
        INFO_KEY,
        INFO,
        options('logs', level, name),
        () =>
          `acl_summary(main): access ${allowed}(${name}) on ${on} (not proxied) (reason: ${verdict.rule})`,
      );
    }
  }

  #give(key: AttributeKey, type: string, options: string, text: () => string): void {
    if (!this.#selection.named.has(key)) return;
    const full = `${key};${options.toLowerCase().split(';').sort().join(';')}` as AttributeKey;
    if (!isSelected(this.#selection, full)) return;
    this.#told.push({
      name: `${type};${options}`,
      values: this.#selection.typesOnly ? [] : [utf8Encode(text())],
    });
  }
}
