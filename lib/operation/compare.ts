/** Compare (RFC 4511 section 4.10): compareTrue, compareFalse, or why neither can be said. */
import type { Reader } from '../access/access-policy.js';
import { EventLoopTurn } from '../backend/event-loop-turn.js';
import { RowsAway, withRows } from '../backend/index/reverse-lookup.js';
import { LdapError } from '../base/ldap-error.js';
import { resolveAttribute } from '../entry/resolve-attribute.js';
import { isVirtual } from '../entry/virtual-attributes.js';
import type { Filter } from '../filter/filter.js';
import type { CompareRequest } from '../ldap/message.js';
import type { AttributeType } from '../schema/attribute-type.js';
import { notHeld, shown, targetEntry } from './names.js';
import { type Answer, answer, type MaybeAnswer, type Operation, resultOf } from './operation.js';
import { matcherFor } from './search/search-filter.js';
import type { ServerParts } from './server-parts.js';
import { rootDse } from './trees/root-dse.js';
import type { NamedEntry } from './trees/virtual-tree.js';
import { checkAssertionInSteps } from './write/writes.js';

/** Answers a compare: at once for stored entries, without a condition. */
export function compare(parts: ServerParts, operation: Operation): MaybeAnswer {
  const request = operation.message.request as CompareRequest;
  const reader = parts.policy.reader(operation.requester);
  const target = findTarget(parts, operation, request, reader);
  if (operation.controls.assertion !== undefined) return asserted(parts, operation, request, reader, target);
  if (target instanceof Promise)
    return target.then((entry) => withRows(() => judge(parts, request, reader, entry)));
  try {
    return judge(parts, request, reader, target);
  } catch (error) {
    if (!(error instanceof RowsAway)) throw error;
    return withRows(() => judge(parts, request, reader, target));
  }
}

/** A compare with a condition, which may go through many values. */
async function asserted(
  parts: ServerParts,
  operation: Operation,
  request: CompareRequest,
  reader: Reader,
  target: NamedEntry | Promise<NamedEntry>,
): Promise<Answer> {
  const entry = await target;
  const turn = new EventLoopTurn(parts.clock);
  await withRows(() => turn.run(checkAssertionInSteps(parts, operation, reader, entry)));
  return withRows(() => judge(parts, request, reader, entry));
}

function findTarget(
  parts: ServerParts,
  operation: Operation,
  request: CompareRequest,
  reader: Reader,
): NamedEntry | Promise<NamedEntry> {
  const { directory } = parts;
  const known = directory.entryOf(request.dn);
  if (known !== undefined && !known.domain.backend.hasReferrals && reader.seesEntry(known.entry))
    return known.entry;
  const route = directory.route(request.dn);
  switch (route.kind) {
    case 'domain':
      return targetEntry(route.domain.backend, route.dn, reader, operation.controls.manageDsaIt);
    case 'root':
      return rootDse(parts, operation.transport);
    case 'none':
      throw notHeld(directory, route.dn, operation.controls.manageDsaIt);
    case 'virtual': {
      if (route.tree.monitorOnly && !parts.policy.mayMonitor(operation.requester)) {
        throw new LdapError('insufficientAccessRights', `${shown(route.tree.baseDn)} is for administrators.`);
      }
      const found = route.tree.search(route.dn, 'base');
      const first = (slice: readonly NamedEntry[] | undefined): NamedEntry => {
        found.close();
        const entry = slice?.[0];
        if (entry === undefined) throw new LdapError('noSuchObject', `There is no entry ${shown(route.dn)}.`);
        return entry;
      };
      const slice = found.next();
      return slice instanceof Promise ? slice.then(first) : first(slice);
    }
  }
}

/** Whether an attribute that is not stored holds the value, where that is known without all of its values: members of dynamic groups. */
function heldUnstored(reader: Reader, entry: NamedEntry, type: AttributeType, value: Uint8Array) {
  const normal = type.equality?.normalizeAssertion(value);
  return normal === undefined || !reader.sees(entry, type.key) ? undefined : entry.holds?.(type.key, normal);
}

function judge(parts: ServerParts, request: CompareRequest, reader: Reader, entry: NamedEntry): Answer {
  const { schema } = parts;
  const { type, text } = resolveAttribute(request.attribute, schema);
  const { attribute, value } = request;
  const unstored = isVirtual(type) ? undefined : heldUnstored(reader, entry, type, value);
  if (unstored !== undefined) return answer('compare', resultOf(unstored ? 'compareTrue' : 'compareFalse'));
  const judged = (filter: Filter) => matcherFor(schema, reader, filter).matches(entry);
  // Whether there is a value at all may cost a search (dynamic groups), so it is asked last.
  const equal = judged({ kind: 'equality', attribute, value });
  if (equal === true) return answer('compare', resultOf('compareTrue'));
  if (judged({ kind: 'present', attribute }) !== true)
    throw new LdapError('noSuchAttribute', `${shown(entry.dn)} has no attribute ${text}.`);
  if (type.equality === undefined) {
    throw new LdapError('inappropriateMatching', `The attribute ${text} has no equality matching rule.`);
  }
  // Also the name of an object class that is in no schema (RFC 4517 section 4.2.26).
  if (equal === undefined || type.equality.normalizeAssertion(value) === undefined) {
    throw new LdapError('invalidAttributeSyntax', `The value is not of the syntax that ${text} compares by.`);
  }
  return answer('compare', resultOf('compareFalse'));
}
