/**
 * Modify of cn=schema (RFC 4512 section 4.2): definitions added, changed and removed while the server runs.
 *
 * The request is applied to the definitions that were added before, the schema that would follow is built and checked as a whole, entries are asked
 * whether they need what would go; then the change is written like any other and replicates. The server's schema follows when it is on disk, before
 * the client is told. Between that look at the entries and the write another client may use what goes: such entries are kept as those are that
 * another server wrote meanwhile.
 */

import type { Intent, ReadView } from '../backend/backend.js';
import { unreachable } from '../base/assert.js';
import { utf8Encode } from '../base/bytes.js';
import { LdapError } from '../base/ldap-error.js';
import { LIMITS } from '../base/limits.js';
import type { AttributeChange } from '../change/change.js';
import type { EntryView } from '../entry/entry.js';
import { compileFilter } from '../filter/compile-filter.js';
import type { Filter } from '../filter/filter.js';
import { prepareMatch } from '../filter/filter-match.js';
import type { ModifyRequest } from '../ldap/message.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import { editDefinitions, type SchemaModification } from '../schema/edit-definitions.js';
import {
  type ExtendedSchema,
  extendSchema,
  type InactiveDefinition,
  OWN_KINDS,
  type OwnDefinition,
} from '../schema/own-definitions.js';
import type { Schema } from '../schema/schema.js';
import { type Withdrawal, withdrawals } from '../schema/schema-difference.js';
import type { Domain } from './directory.js';
import { shown } from './names.js';
import { type Answer, checkStopped, type Operation } from './operation.js';
import { ownDefinitions, SCHEMA_ENTRY_UUID, type SchemaStore } from './schema-store.js';
import type { ServerParts } from './server-parts.js';
import { checkAssertion, submit, writtenAnswer } from './writes.js';

/** Changes the schema and answers when the change is on disk. `entry`: cn=schema as it is shown. */
export async function modifySchema(
  parts: ServerParts,
  operation: Operation,
  entry: EntryView,
): Promise<Answer> {
  const { schemaStore: store } = parts;
  if (operation.requester.kind !== 'admin')
    throw new LdapError('insufficientAccessRights', 'only the administrator may change the schema');
  if (store === undefined)
    throw new LdapError('unwillingToPerform', 'this server keeps no schema that could be changed');
  checkAssertion(parts, operation, parts.policy.reader(operation.requester), entry);
  const { modifications } = operation.message.request as ModifyRequest;
  const edits = modifications.map(
    ({ operation: what, attribute }): SchemaModification => ({
      operation: what,
      attribute: attribute.description,
      values: attribute.values,
    }),
  );
  const planned = plan(store, ownDefinitions(stored(store.entry())), edits);
  await refuseUsed(parts, operation, withdrawals(parts.schema, planned.extended.schema));
  const written = await submit(operation, store, (view) => decide(store, view, edits, planned));
  return writtenAnswer(parts, operation, 'modify', written);
}

interface Plan {
  readonly before: readonly OwnDefinition[];
  readonly after: readonly OwnDefinition[];
  readonly extended: ExtendedSchema;
}

/** What the request makes of these definitions. Throws LdapError when it is refused. */
function plan(
  store: SchemaStore,
  before: readonly OwnDefinition[],
  edits: readonly SchemaModification[],
): Plan {
  const after = editDefinitions(store.base, before, edits);
  const extended = extendSchema(store.base, after);
  refuseInactive(extended.inactive, store.inactive());
  return { before, after, extended };
}

/** Every definition that took effect must go on doing so, and every new one must. */
function refuseInactive(now: readonly InactiveDefinition[], before: readonly InactiveDefinition[]): void {
  const known = new Set(before.map(({ kind, text }) => `${kind} ${text}`));
  const fault = now.find(({ kind, text }) => !known.has(`${kind} ${text}`));
  if (fault !== undefined) throw new LdapError('constraintViolation', fault.reason);
}

function decide(
  store: SchemaStore,
  view: ReadView,
  edits: readonly SchemaModification[],
  planned: Plan,
): readonly Intent[] {
  const before = ownDefinitions(stored(view.byUuid(SCHEMA_ENTRY_UUID)));
  const { after } = sameTexts(before, planned.before) ? planned : plan(store, before, edits);
  const changes = OWN_KINDS.flatMap((kind) => changeOf(kind, before, after, store.base));
  if (changes.length === 0) return [];
  return [{ entry: SCHEMA_ENTRY_UUID, body: { kind: 'modify', attributes: changes } }];
}

function stored<T>(entry: T | undefined): T {
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

/** Refuses a change that entries stand against, naming one. */
async function refuseUsed(
  parts: ServerParts,
  operation: Operation,
  found: readonly Withdrawal[],
): Promise<void> {
  for (const withdrawal of found) {
    for (const domain of parts.directory.domains) {
      const user = await firstUser(parts, operation, domain, withdrawal);
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
  parts: ServerParts,
  operation: Operation,
  { backend }: Domain,
  withdrawal: Withdrawal,
): Promise<string | undefined> {
  const base = backend.byDn(backend.baseDn);
  if (base === undefined) return undefined;
  const filter = compileFilter(filterOf(withdrawal), parts.schema);
  const matches = prepareMatch(filter);
  const candidates = backend.search({ base, scope: 'sub', filter });
  let seen = 0;
  try {
    for (;;) {
      const slice = await candidates.next();
      if (slice === undefined) return undefined;
      checkStopped(operation);
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
