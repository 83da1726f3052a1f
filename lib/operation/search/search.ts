/**
 * Search (RFC 4511 section 4.5): from the request to a plan, and the answer at its end. The work between is search-run.ts.
 *
 * Paged results (RFC 2696): the client's size limit counts over all pages, and a page that could hold as many entries as that limit is no page.
 */
import type { Reader } from '../../access/access-policy.js';
import { emptyBytes, utf8Encode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import { compileFilter } from '../../filter/compile-filter.js';
import type { Filter } from '../../filter/filter.js';
import { CONTROL_OIDS } from '../../ldap/control-oids.js';
import { encodePagedResults } from '../../ldap/controls/paged-results.js';
import type { Control, SearchRequest } from '../../ldap/message.js';
import { type Answer, answer, type MaybeAnswer, type Operation, SUCCESS } from '../operation.js';
import type { ServerParts } from '../server-parts.js';
import { checkAssertion } from '../write/writes.js';
import { entryShape } from './entry-shape.js';
import { hasChain, walkChains } from './in-chain.js';
import type { PagePosition } from './paged-cookie.js';
import { withAliasTargets } from './search-aliases.js';
import { searchParts } from './search-base.js';
import { asksForExplanation, explained } from './search-explanation.js';
import { matcherFor } from './search-filter.js';
import type { SearchPart } from './search-parts.js';
import { type SearchBounds, type SearchPlan, SearchRun } from './search-run.js';
import { cookieOwner, searchOrder, sortedSearch } from './sorted-search.js';

const REFERRALS: Filter = { kind: 'equality', attribute: 'objectClass', value: utf8Encode('referral') };
const NO_PARTS: readonly SearchPart[] = [];
const DONE: Answer = answer('searchDone', SUCCESS);

/** Answers a search: at once where everything is in memory. */
export function search(parts: ServerParts, operation: Operation): MaybeAnswer {
  const request = operation.message.request as SearchRequest;
  const reader = parts.policy.reader(operation.requester);
  const found = searchParts(parts, operation, request, reader);
  checkBase(parts, operation, reader, found[0]);
  if (asksForExplanation(request)) return explained(parts, operation, request, reader, found);
  const start = pageStart(parts, operation, request);
  const { paged } = operation.controls;
  if (paged !== undefined && paged.size === 0) return pagedAnswer(estimate(found, request), undefined);
  const aliases =
    (request.deref === 'searching' || request.deref === 'always') &&
    request.scope !== 'base' &&
    found.some((part) => part.domain?.backend.hasAliases === true);
  const order = searchOrder(parts, operation);
  if (order?.kind === 'refused') return order.answer;
  const run = (wanted: SearchRequest, all: readonly SearchPart[]): MaybeAnswer => {
    const plan = planOf(parts, operation, wanted, reader, all, start, aliases);
    if (order?.kind === 'sorted') return sortedSearch(parts, operation, plan, order.rules, start);
    const given = runSearch(parts, operation, plan);
    return order === undefined ? given : withControl(given, order.control);
  };
  if (!aliases && !hasChain(request.filter)) return run(request, found);
  return prepared(parts, operation, request, reader, found, aliases).then(({ wanted, all }) =>
    run(wanted, all),
  );
}

/** What must be read before the search can be planned: targets of aliases, chains of DNs. */
async function prepared(
  parts: ServerParts,
  operation: Operation,
  request: SearchRequest,
  reader: Reader,
  found: readonly SearchPart[],
  aliases: boolean,
): Promise<{ readonly wanted: SearchRequest; readonly all: readonly SearchPart[] }> {
  const all = aliases ? await withAliasTargets(parts, operation, reader, found) : found;
  const filter = hasChain(request.filter)
    ? await walkChains(parts, operation, reader, request.filter, boundsOf(parts, operation, request))
    : request.filter;
  return { wanted: { ...request, filter }, all };
}

function withControl(given: MaybeAnswer, control: Control): MaybeAnswer {
  const add = (one: Answer): Answer => ({ ...one, controls: [control, ...one.controls] });
  return given instanceof Promise ? given.then(add) : add(given);
}

/** The assertion control speaks of the base (RFC 4528 section 3). */
function checkBase(
  parts: ServerParts,
  operation: Operation,
  reader: Reader,
  part: SearchPart | undefined,
): void {
  if (operation.controls.assertion === undefined) return;
  if (part?.entry === undefined) {
    throw new LdapError(
      'unwillingToPerform',
      'The assertion control works on entries of naming contexts and the root DSE.',
    );
  }
  checkAssertion(parts, operation, reader, part.entry);
}

function runSearch(parts: ServerParts, operation: Operation, plan: SearchPlan): MaybeAnswer {
  const run = new SearchRun(parts, operation, plan);
  const wait = run.run();
  return wait === undefined
    ? finish(parts, operation, plan, run)
    : wait.then(() => finish(parts, operation, plan, run));
}

function finish(parts: ServerParts, operation: Operation, plan: SearchPlan, run: SearchRun): Answer {
  if (operation.controls.paged === undefined) return DONE;
  const cookie =
    run.next === undefined
      ? undefined
      : parts.pagedCookies.seal(run.next, operation.message.request as SearchRequest, cookieOwner(operation));
  return pagedAnswer(estimate(plan.parts, plan.request), cookie);
}

function pagedAnswer(size: number, cookie: Uint8Array | undefined): Answer {
  const value = encodePagedResults({ size, cookie: cookie ?? emptyBytes() });
  const control: Control = { oid: CONTROL_OIDS.pagedResults, critical: false, value };
  return answer('searchDone', SUCCESS, [control]);
}

/** Entries that the whole search may give, where that is known without looking; 0: unknown (RFC 2696 section 2). */
function estimate(found: readonly SearchPart[], request: SearchRequest): number {
  if (request.scope === 'base') return 1;
  let size = 0;
  for (const { domain, base, scope } of found) {
    if (domain === undefined || base === undefined) return 0;
    if (scope === 'base') size += 1;
    else if (scope === 'one') size += domain.backend.childCount(base);
    else if (base.dn.rdns.length === domain.baseDn.rdns.length) size += domain.backend.entryCount;
    else return 0;
  }
  return size;
}

function pageStart(
  parts: ServerParts,
  operation: Operation,
  request: SearchRequest,
): PagePosition | undefined {
  const { paged } = operation.controls;
  if (paged === undefined || paged.cookie.length === 0) return undefined;
  return parts.pagedCookies.open(paged.cookie, request, cookieOwner(operation));
}

function planOf(
  parts: ServerParts,
  operation: Operation,
  request: SearchRequest,
  reader: Reader,
  found: readonly SearchPart[],
  start: PagePosition | undefined,
  aliases: boolean,
): SearchPlan {
  const { manageDsaIt, domainScope } = operation.controls;
  const wantsReferrals = !manageDsaIt && !domainScope && start === undefined;
  const referralParts = wantsReferrals
    ? found.filter((part) => part.scope !== 'base' && part.domain?.backend.hasReferrals === true)
    : NO_PARTS;
  return {
    request,
    reader,
    filter: matcherFor(parts.schema, reader, request.filter, true),
    parts: found,
    referralParts,
    referralFilter: referralParts.length === 0 ? undefined : compileFilter(REFERRALS, parts.schema),
    bounds: boundsOf(parts, operation, request),
    start,
    aliases,
    shape: entryShape(parts, operation, reader),
  };
}

/** The client's limits and the server's; the administrator has the client's alone. */
function boundsOf(parts: ServerParts, operation: Operation, request: SearchRequest): SearchBounds {
  const admin = operation.requester.kind === 'admin';
  const { sizeLimit, timeLimitSeconds, lookThroughLimit } = parts.settings;
  const size = Math.min(limit(request.sizeLimit), admin ? Number.POSITIVE_INFINITY : limit(sizeLimit));
  const seconds = Math.min(
    limit(request.timeLimit),
    admin ? Number.POSITIVE_INFINITY : limit(timeLimitSeconds),
  );
  const page = operation.controls.paged?.size;
  return {
    sizeLimit: size,
    deadlineMs: operation.startedMs + seconds * 1000,
    lookThroughLimit: admin ? Number.POSITIVE_INFINITY : limit(lookThroughLimit),
    // RFC 2696 section 3: a page at least as large as the size limit is ignored.
    pageSize:
      page === undefined || (request.sizeLimit > 0 && page >= request.sizeLimit)
        ? Number.POSITIVE_INFINITY
        : page,
  };
}

function limit(value: number): number {
  return value === 0 ? Number.POSITIVE_INFINITY : value;
}
