/**
 * A search that explains itself: with the requested attribute `debugsearchindex` (as OpenDJ has it) the answer is one entry that says how the
 * candidates are found, instead of the results.
 *
 * For those who may monitor: counts tell something of entries. One value for each naming context that the search reaches, a JSON object in one
 * line; docs/indexes.md explains its members. Index rows are read as the search would; entries are not.
 */
import type { Reader } from '../../access/access-policy.js';
import { utf8Encode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import { BerWriter } from '../../ber/ber-writer.js';
import { missingIndexes } from '../../filter/missing-indexes.js';
import { encodeResponse } from '../../ldap/encode-response.js';
import type { SearchRequest } from '../../ldap/message.js';
import { filterShape } from '../connection/access-log.js';
import { type Answer, answer, type Operation, SUCCESS } from '../operation.js';
import type { ServerParts } from '../server-parts.js';
import { canIndex } from './search-cost.js';
import { matcherFor } from './search-filter.js';
import type { SearchPart } from './search-parts.js';

const ATTRIBUTE = 'debugsearchindex';
/** Name of the entry, as OpenDJ has it. */
const DN = 'cn=debugsearch';
/** Naming contexts that are told of. */
const MAX_PARTS = 100;

const writer = new BerWriter(4096);

/** Whether the client asks for the explanation instead of the results. */
export function asksForExplanation({ attributes }: SearchRequest): boolean {
  for (const name of attributes) {
    if (name.length === ATTRIBUTE.length && name.toLowerCase() === ATTRIBUTE) return true;
  }
  return false;
}

/** Answers with the explanation. Rejects with LdapError insufficientAccessRights. */
export async function explained(
  parts: ServerParts,
  operation: Operation,
  request: SearchRequest,
  reader: Reader,
  found: readonly SearchPart[],
): Promise<Answer> {
  if (!parts.policy.mayMonitor(operation.requester)) {
    throw new LdapError('insufficientAccessRights', `${ATTRIBUTE} is for administrators.`);
  }
  const values: Uint8Array[] = [];
  for (const part of found.slice(0, MAX_PARTS)) {
    values.push(utf8Encode(JSON.stringify(await explainPart(parts, operation, request, reader, part))));
  }
  writer.reset();
  const response = {
    kind: 'searchEntry',
    dn: DN,
    attributes: [{ name: ATTRIBUTE, values }],
  } as const;
  encodeResponse(writer, { id: operation.message.id, response, controls: [] });
  operation.entries += 1;
  operation.stream.send(writer.bytes());
  return answer('searchDone', SUCCESS);
}

async function explainPart(
  parts: ServerParts,
  operation: Operation,
  request: SearchRequest,
  reader: Reader,
  part: SearchPart,
): Promise<object> {
  const filter = filterShape(request.filter);
  const { base, domain, scope } = part;
  if (base === undefined || domain === undefined) return { filter, scope, path: 'virtual' };
  const { backend } = domain;
  const { compiled, indexable } = matcherFor(parts.schema, reader, request.filter);
  const startMs = parts.clock.monotonicMs();
  const { steps, exact, ...explanation } = await backend.explain({ base, scope, filter: compiled });
  const missing = missingIndexes(compiled, backend.catalog, canIndex(parts.schema));
  operation.plan = () => explanation.path;
  return {
    namingContext: domain.baseText,
    base: base.dnText,
    scope,
    filter,
    ...explanation,
    exact: exact && indexable,
    entries: backend.entryCount,
    steps: steps.map(({ lookup, ids, budget }) => ({
      lookup,
      ids: ids ?? 'given up',
      ...(budget === undefined ? {} : { mayRead: budget }),
    })),
    missing: missing.map(({ attribute, kind }) => `${attribute} ${kind}`),
    elapsedMs: Math.max(0, Math.round((parts.clock.monotonicMs() - startMs) * 1000) / 1000),
  };
}
