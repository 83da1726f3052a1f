/**
 * Modify of cn=schema (RFC 4512 section 4.2): definitions added, changed and removed while the server runs; by the administrator only.
 *
 * The server's schema follows when the change is on disk, before the client is told; the change replicates like any other.
 */
import { EventLoopTurn } from '../../backend/event-loop-turn.js';
import { LdapError } from '../../base/ldap-error.js';
import type { ModifyRequest } from '../../ldap/message.js';
import { type Answer, checkStopped, type Operation } from '../operation.js';
import type { ServerParts } from '../server-parts.js';
import type { NamedEntry } from '../trees/virtual-tree.js';
import { checkAssertion, submit, writtenAnswer } from '../write/writes.js';
import { decideSchemaChange, planSchemaChange, refuseUsed } from './schema-change.js';

/** Changes the schema and answers when the change is on disk. `shown`: cn=schema as clients see it, which is made for who asserts something of it. */
export async function modifySchema(
  parts: ServerParts,
  operation: Operation,
  shown: () => NamedEntry | Promise<NamedEntry>,
): Promise<Answer> {
  const { schemaStore: store, schema, directory } = parts;
  if (operation.requester.kind !== 'admin')
    throw new LdapError('insufficientAccessRights', 'only the administrator may change the schema');
  if (store === undefined)
    throw new LdapError('unwillingToPerform', 'this server keeps no schema that could be changed');
  if (operation.controls.assertion !== undefined)
    checkAssertion(parts, operation, parts.policy.reader(operation.requester), await shown());
  const { modifications } = operation.message.request as ModifyRequest;
  const plan = planSchemaChange(
    store,
    modifications.map(({ operation: what, attribute }) => ({
      operation: what,
      attribute: attribute.description,
      values: attribute.values,
    })),
  );
  const turn = new EventLoopTurn(parts.clock);
  const planned = await turn.run(plan, () => checkStopped(operation));
  await refuseUsed(directory.domains, schema, planned, turn, () => checkStopped(operation));
  await turn.share();
  const written = await submit(operation, store, (view) => decideSchemaChange(store, view, planned));
  await store.followed();
  return writtenAnswer(parts, operation, 'modify', {}, written);
}
