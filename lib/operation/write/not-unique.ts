/** Who is told which entry has a value that must be unique: those who may read it there. Everyone else learns only that the value is in use. */
import { NotUnique } from '../../backend/rules/unique-rules.js';
import { LdapError } from '../../base/ldap-error.js';
import { shown } from '../names.js';
import type { Answer, Operation } from '../operation.js';
import type { ServerParts } from '../server-parts.js';

/** The answer to a write; a refusal for uniqueness names the entry where the requester may know. */
export function tellHolder(
  parts: ServerParts,
  operation: Operation,
  answer: Promise<Answer>,
): Promise<Answer> {
  return answer.catch((error: unknown) => {
    if (!(error instanceof NotUnique)) throw error;
    const { holder, key } = error;
    const reader = parts.policy.reader(operation.requester);
    if (!reader.seesEntry(holder) || !reader.sees(holder, key)) throw error;
    throw new LdapError(error.result, `${error.message.slice(0, -1)}: ${shown(holder.dnText)} has it.`);
  });
}
