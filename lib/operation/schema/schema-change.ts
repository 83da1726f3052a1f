/**
 * A change of the definitions in cn=schema: what a request makes of them, whether entries stand against it, and the change record that writes it.
 *
 * Served over LDAP by modify-schema.ts and on a stopped server's store by a command. Owns the order: edit, build the schema that would follow, refuse what
 * does not fit together, refuse what entries need. Between the look at the entries and the write another client may use what goes: such entries are kept, as
 * those are that another server wrote meanwhile.
 */
import type { Backend, Intent, ReadView } from '../../backend/backend.js';
import type { EventLoopTurn } from '../../backend/event-loop-turn.js';
import { unreachable } from '../../base/assert.js';
import { utf8Encode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import { LIMITS } from '../../base/limits.js';
import type { Steps } from '../../base/steps.js';
import type { AttributeChange } from '../../change/change.js';
import { compileFilter } from '../../filter/compile-filter.js';
import type { Filter } from '../../filter/filter.js';
import { prepareMatch } from '../../filter/filter-match.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import { editInSteps, type SchemaModification } from '../../schema/edit-definitions.js';
import {
  extendInSteps,
  type InactiveDefinition,
  OWN_KINDS,
  type OwnDefinition,
} from '../../schema/own-definitions.js';
import type { Schema } from '../../schema/schema.js';
import { type Withdrawal, withdrawals } from '../../schema/schema-difference.js';
import { shown } from '../names.js';
import { ownDefinitions, SCHEMA_ENTRY_UUID, type SchemaStore } from './schema-store.js';

/** A request that was checked against the definitions of a moment. */
export interface SchemaPlan {
  readonly edits: readonly SchemaModification[];
  readonly before: readonly OwnDefinition[];
  readonly after: readonly OwnDefinition[];
  /** The schema that would follow. */
  readonly schema: Schema;
}

/** What a look at entries needs of a domain. */
export interface SearchedDomain {
  readonly backend: Pick<Backend, 'baseDn' | 'byDn' | 'search'>;
}

/** Checks the modifications against the definitions as they stand. Throws LdapError when they are refused. */
export function* planSchemaChange(
  store: Pick<SchemaStore, 'base' | 'entry' | 'inactive'>,
  edits: readonly SchemaModification[],
): Steps<SchemaPlan> {
  return yield* planFrom(store, ownDefinitions(present(store.entry())), edits);
}

function* planFrom(
  store: Pick<SchemaStore, 'base' | 'inactive'>,
  before: readonly OwnDefinition[],
  edits: readonly SchemaModification[],
): Steps<SchemaPlan> {
  const after = yield* editInSteps(store.base, before, edits);
  const { schema, inactive } = yield* extendInSteps(store.base, after);
  refuseInactive(inactive, store.inactive());
  return { edits, before, after, schema };
}

/** Every definition that took effect must go on doing so, and every new one must. */
function refuseInactive(now: readonly InactiveDefinition[], before: readonly InactiveDefinition[]): void {
  const known = new Set(before.map(({ kind, text }) => `${kind} ${text}`));
  const fault = now.find(({ kind, text }) => !known.has(`${kind} ${text}`));
  if (fault !== undefined) throw new LdapError('constraintViolation', fault.reason);
}

/** The change record; to be called in the write path's turn. Throws LdapError as planSchemaChange. */
export function* decideSchemaChange(
  store: Pick<SchemaStore, 'base' | 'inactive'>,
  view: ReadView,
  planned: SchemaPlan,
): Steps<readonly Intent[]> {
  const before = ownDefinitions(present(view.byUuid(SCHEMA_ENTRY_UUID)));
  const { after } = sameTexts(before, planned.before)
    ? planned
    : yield* planFrom(store, before, planned.edits);
  const changes: AttributeChange[] = [];
  for (const kind of OWN_KINDS) {
    yield;
    changes.push(...changeOf(kind, before, after, store.base));
  }
  if (changes.length === 0) return [];
  return [{ entry: SCHEMA_ENTRY_UUID, body: { kind: 'modify', attributes: changes } }];
}

function present<T>(entry: T | undefined): T {
  if (entry === undefined)
    throw new LdapError('unavailable', 'the schema is being copied from another server; try again later');
  return entry;
}

function sameTexts(a: readonly OwnDefinition[], b: readonly OwnDefinition[]): boolean {
  return a.length === b.length && a.every((one, i) => one.text === b[i]?.text && one.kind === b[i]?.kind);
}

/** The net effect on one attribute. Values compare by their OID, so a new definition of an old OID is a removal and an addition. */
function changeOf(
  kind: OwnDefinition['kind'],
  before: readonly OwnDefinition[],
  after: readonly OwnDefinition[],
  base: Schema,
): readonly AttributeChange[] {
  const was = new Set(before.filter((one) => one.kind === kind).map(({ text }) => text));
  const is = new Set(after.filter((one) => one.kind === kind).map(({ text }) => text));
  const remove = [...was].filter((text) => !is.has(text)).map(utf8Encode);
  const add = [...is].filter((text) => !was.has(text)).map(utf8Encode);
  if (remove.length === 0 && add.length === 0) return [];
  const description = base.describe(kind);
  if (description === undefined) return [];
  const equality = base.equalityOf(description).name;
  const name = description.text;
  const key = kind.toLowerCase() as AttributeKey;
  return [{ key, name, equality, single: false, clear: false, remove, add, increment: 0n }];
}

/**
 * Refuses a change that entries stand against, naming one. `schema`: before the change. `turn`: others have theirs between slices, after which
 * `proceed` is called; it throws to give up.
 * Rejects with LdapError unwillingToPerform or adminLimitExceeded, or a StoreError.
 */
export async function refuseUsed(
  domains: readonly SearchedDomain[],
  schema: Schema,
  planned: SchemaPlan,
  turn: EventLoopTurn,
  proceed: () => void,
): Promise<void> {
  for (const withdrawal of await turn.run(withdrawals(schema, planned.schema), proceed)) {
    await turn.share();
    proceed();
    for (const domain of domains) {
      const user = await firstUser(domain, schema, withdrawal, proceed);
      if (user === undefined) continue;
      const what = withdrawal.kind === 'attribute' ? 'attribute type' : 'object class';
      throw new LdapError(
        'unwillingToPerform',
        `the ${what} '${withdrawal.name}' ${withdrawal.how}, and entries use it, such as ${shown(user)}`,
      );
    }
  }
}

/** DN of an entry that uses the element: found by index, else by looking at every entry up to a bound. */
async function firstUser(
  { backend }: SearchedDomain,
  schema: Schema,
  withdrawal: Withdrawal,
  proceed: () => void,
): Promise<string | undefined> {
  const base = backend.byDn(backend.baseDn);
  if (base === undefined) return undefined;
  const filter = compileFilter(filterOf(withdrawal), schema);
  const matches = prepareMatch(filter);
  const candidates = backend.search({ base, scope: 'sub', filter });
  let seen = 0;
  try {
    for (;;) {
      const slice = await candidates.next();
      if (slice === undefined) return undefined;
      proceed();
      const user = slice.find((entry) => matches(entry) === true);
      if (user !== undefined) return user.dnText;
      seen += slice.length;
      if (seen > LIMITS.schemaScanEntries) {
        throw new LdapError(
          'adminLimitExceeded',
          `no index tells whether '${withdrawal.name}' is in use, and there are more than ${LIMITS.schemaScanEntries} entries; index it for presence`,
        );
      }
    }
  } finally {
    candidates.close();
  }
}

function filterOf({ kind, name }: Withdrawal): Filter {
  switch (kind) {
    case 'attribute':
      return { kind: 'present', attribute: name };
    case 'class':
      return { kind: 'equality', attribute: 'objectClass', value: utf8Encode(name) };
    default:
      return unreachable(kind);
  }
}
