/**
 * Searches in order: server side sorting (RFC 2891), alone, in pages (RFC 2696) and as virtual list views (draft-ietf-ldapext-ldapv3-vlv-09).
 *
 * All matches are collected and sorted, then those that are wanted are read again and sent. Lists that a client may come back for are kept for a while
 * (sorted-list.ts): their pages and views show the search as it was when the list was made, without entries that are gone since. The client's size limit counts what
 * is given, as ever.
 */
import { requesterKey } from '../../access/requester.js';
import type { StoredEntry } from '../../backend/backend.js';
import { RowsAway, withRows } from '../../backend/index/reverse-lookup.js';
import { latin1 } from '../../base/bytes.js';
import { counted } from '../../base/counted.js';
import { LdapError } from '../../base/ldap-error.js';
import type { ResultName } from '../../base/result-code.js';
import type { EntryUuid } from '../../change/change.js';
import { CONTROL_OIDS } from '../../ldap/control-oids.js';
import { encodePagedResults } from '../../ldap/controls/paged-results.js';
import { encodeSortResponse, type SortResult } from '../../ldap/controls/sort.js';
import { encodeVirtualListResponse, type VirtualListRequest } from '../../ldap/controls/virtual-list.js';
import type { Control, SearchRequest } from '../../ldap/message.js';
import { type Answer, answer, checkStopped, type Operation, resultOf, SUCCESS } from '../operation.js';
import type { ServerParts } from '../server-parts.js';
import type { NamedEntry } from '../trees/virtual-tree.js';
import type { PagePosition } from './paged-cookie.js';
import { type SearchPlan, SearchRun } from './search-run.js';
import { sendEntry } from './send-entry.js';
import { compileSortKeys, keysOf, type SortRule } from './sort-keys.js';
import type { SortedItem, SortedList } from './sorted-list.js';
import { viewOf } from './virtual-list.js';

const TURN_MS = 5;
const SORTED: SortResult = { result: 'success', attribute: undefined };

/** How a search is to be ordered. */
export type SearchOrder =
  | { readonly kind: 'sorted'; readonly rules: readonly SortRule[] }
  /** It cannot be, and the client takes it as it comes: the control says so. */
  | { readonly kind: 'unsorted'; readonly control: Control }
  | { readonly kind: 'refused'; readonly answer: Answer };

/** What the controls ask for; undefined: no order. Throws LdapError for controls that do not go together. */
export function searchOrder(parts: ServerParts, operation: Operation): SearchOrder | undefined {
  const { sort, virtualList, paged } = operation.controls;
  if (virtualList !== undefined && paged !== undefined) {
    throw new LdapError('unwillingToPerform', 'A search has pages or a virtual list view, not both.');
  }
  if (sort === undefined) {
    if (virtualList === undefined) return undefined;
    return refusedView('sortControlMissing', 'A virtual list view needs the sort control.', []);
  }
  const compiled = compileSortKeys(parts.schema, sort);
  if ('rules' in compiled) return { kind: 'sorted', rules: compiled.rules };
  const { fault } = compiled;
  const control = sortControl(fault);
  const reason =
    fault.result === 'noSuchAttribute'
      ? `There is no attribute ${fault.attribute} to sort by.`
      : `The attribute ${fault.attribute} cannot be sorted by that rule.`;
  if (virtualList !== undefined) return refusedView(fault.result, reason, [control]);
  const critical = operation.message.controls.some(
    (one) => one.oid === CONTROL_OIDS.sortRequest && one.critical,
  );
  if (!critical) return { kind: 'unsorted', control };
  // RFC 2891 section 2: a critical sort that cannot be done.
  return {
    kind: 'refused',
    answer: answer('searchDone', resultOf('unavailableCriticalExtension', reason), [control]),
  };
}

function refusedView(
  result: ResultName,
  reason: string,
  others: readonly Control[],
): SearchOrder & { readonly kind: 'refused' } {
  const value = encodeVirtualListResponse({ position: 0, contentCount: 0, result, contextId: undefined });
  const control = { oid: CONTROL_OIDS.virtualListResponse, critical: false, value };
  return {
    kind: 'refused',
    answer: answer('searchDone', resultOf('virtualListViewError', reason), [...others, control]),
  };
}

function sortControl(result: SortResult): Control {
  return { oid: CONTROL_OIDS.sortResponse, critical: false, value: encodeSortResponse(result) };
}

/** Whom a cookie is for: pages of one order are no pages of another. */
export function cookieOwner(operation: Operation): string {
  const { sort } = operation.controls;
  const key = requesterKey(operation.requester);
  return sort === undefined ? key : `${key} ${JSON.stringify(sort)}`;
}

/** As the client wrote it: a plan's filter may have been worked on. */
function requestOf(operation: Operation): SearchRequest {
  return operation.message.request as SearchRequest;
}

/** Runs a sorted search. `start`: the position in the page's cookie: the list's number and how many were given. */
export async function sortedSearch(
  parts: ServerParts,
  operation: Operation,
  plan: SearchPlan,
  rules: readonly SortRule[],
  start: PagePosition | undefined,
): Promise<Answer> {
  const { virtualList, paged } = operation.controls;
  if (virtualList !== undefined) return viewSearch(parts, operation, plan, rules, virtualList);
  if (paged === undefined) {
    const first = await firstInOrder(parts, operation, plan, rules);
    if (first !== undefined) {
      await give(parts, operation, plan, first, 0, first.length, 0);
      return answer('searchDone', SUCCESS, [sortControl(SORTED)]);
    }
  }
  const known = start === undefined ? undefined : parts.sortedLists.get(start.part);
  const list = known ?? (await makeList(parts, operation, plan, rules));
  let kept = known !== undefined;
  try {
    const from = start?.after ?? 0;
    const to = Math.min(list.items.length, from + plan.bounds.pageSize);
    await give(parts, operation, plan, list.items, from, to, start?.given ?? 0);
    if (paged === undefined) return answer('searchDone', SUCCESS, [sortControl(SORTED)]);
    const more = to < list.items.length;
    if (more && !kept) {
      parts.sortedLists.keep(list);
      kept = true;
    }
    const position = { part: list.id, after: to, given: to };
    const cookie = more
      ? parts.pagedCookies.seal(position, requestOf(operation), cookieOwner(operation))
      : new Uint8Array(0);
    const value = encodePagedResults({ size: list.items.length, cookie });
    const page = { oid: CONTROL_OIDS.pagedResults, critical: false, value };
    return answer('searchDone', SUCCESS, [sortControl(SORTED), page]);
  } finally {
    if (!kept) parts.sortedLists.release(list.bytes);
  }
}

async function viewSearch(
  parts: ServerParts,
  operation: Operation,
  plan: SearchPlan,
  rules: readonly SortRule[],
  wish: VirtualListRequest,
): Promise<Answer> {
  const versions = versionsOf(parts, plan);
  const key = listKey(parts, operation);
  const known = listOfContext(parts, operation, wish.contextId) ?? parts.sortedLists.fresh(key, versions);
  const list = known ?? (await makeList(parts, operation, plan, rules));
  if (known === undefined) parts.sortedLists.keep(list, { key, versions });
  const view = viewOf(list.items, rules, wish);
  if (typeof view === 'string') {
    const reason =
      view === 'offsetRangeError'
        ? 'The offset lies outside the list.'
        : 'The value is not of the syntax that the first sort key compares by.';
    return refusedView(view, reason, [sortControl(SORTED)]).answer;
  }
  await give(parts, operation, plan, list.items, view.from, view.to, 0);
  const contextId = parts.pagedCookies.seal(
    { part: list.id, after: 0, given: 0 },
    requestOf(operation),
    cookieOwner(operation),
  );
  const value = encodeVirtualListResponse({
    position: view.position,
    contentCount: list.items.length,
    result: 'success',
    contextId,
  });
  const control = { oid: CONTROL_OIDS.virtualListResponse, critical: false, value };
  return answer('searchDone', SUCCESS, [sortControl(SORTED), control]);
}

/** What names a search's list: the same search of the same identity in the same order. */
function listKey(parts: ServerParts, operation: Operation): string {
  const none = { part: 0, after: 0, given: 0 };
  return latin1(parts.pagedCookies.seal(none, requestOf(operation), cookieOwner(operation)));
}

/** The states of all domains: as long as they stay, so does the list. Empty where that cannot be told: virtual trees are computed. */
function versionsOf(parts: ServerParts, plan: SearchPlan): readonly unknown[] {
  if (plan.parts.some((part) => part.domain === undefined)) return [];
  return parts.directory.domains.map(({ backend }) => backend.state);
}

/** The list that the client saw last; undefined: it is gone, or was another search's. */
function listOfContext(
  parts: ServerParts,
  operation: Operation,
  contextId: Uint8Array | undefined,
): SortedList | undefined {
  if (contextId === undefined) return undefined;
  try {
    return parts.sortedLists.get(
      parts.pagedCookies.open(contextId, requestOf(operation), cookieOwner(operation)).part,
    );
  } catch (error) {
    if (error instanceof LdapError) return undefined;
    throw error;
  }
}

/** All matches in order. The caller gives back its memory or keeps it. */
async function makeList(
  parts: ServerParts,
  operation: Operation,
  plan: SearchPlan,
  rules: readonly SortRule[],
): Promise<SortedList> {
  const { sortedLists } = parts;
  const maker = sortedLists.begin(rules);
  const all = { ...plan.bounds, sizeLimit: Number.POSITIVE_INFINITY, pageSize: Number.POSITIVE_INFINITY };
  try {
    const run = new SearchRun(parts, operation, { ...plan, start: undefined, bounds: all }, (entry, part) =>
      maker.add(keysOf(rules, plan.reader, entry), part, entry),
    );
    await run.run();
    return await maker.finish(() => checkTime(parts, operation, plan));
  } catch (error) {
    sortedLists.release(maker.bytes);
    throw error;
  }
}

/** Sorts that want no more entries than this may be answered from an ordering index. */
const FIRST_ENTRIES = 1000;
/** Entries looked at for that, whatever is wanted, and for each that is. */
const FIRST_LOOKED = 5000;
const LOOKED_EACH = 16;

/** As many as are wanted were found. */
class Enough extends Error {}

/**
 * The first matches in order and one more than the size limit, from an ordering index, without looking at the others. undefined: there is no such index, or
 * too many entries did not match on the way, so all matches are to be collected and sorted.
 */
async function firstInOrder(
  parts: ServerParts,
  operation: Operation,
  plan: SearchPlan,
  rules: readonly SortRule[],
): Promise<readonly SortedItem[] | undefined> {
  const { bounds, request, reader, filter, parts: found, referralParts, aliases } = plan;
  const [rule] = rules;
  const [part] = found;
  const wanted = bounds.sizeLimit + 1;
  const plain = !aliases && referralParts.length === 0 && found.length === 1 && rules.length === 1;
  if (!plain || wanted > FIRST_ENTRIES || rule === undefined) return undefined;
  const [attribute, ...others] = rule.keys;
  if (part?.domain === undefined || part.base === undefined || attribute === undefined) return undefined;
  if (rule.keys.some((key) => reader.mayHide(key))) return undefined;
  const ordered = part.domain.backend.ordered({
    base: part.base,
    scope: request.scope,
    filter: filter.compiled,
    attribute,
    rule: rule.rule,
    reverse: rule.reverse,
    others,
  });
  if (ordered === undefined) return undefined;
  const items: SortedItem[] = [];
  const looked = FIRST_LOOKED + wanted * LOOKED_EACH;
  const all = { ...bounds, sizeLimit: Number.POSITIVE_INFINITY, lookThroughLimit: looked };
  const walk = { ...plan, start: undefined, bounds: all, parts: [{ ...part, open: () => ordered }] };
  const run = new SearchRun(parts, operation, walk, (entry: NamedEntry & { uuid?: EntryUuid }) => {
    items.push({ keys: [], part, uuid: entry.uuid, entry: undefined });
    if (items.length >= wanted) throw new Enough();
  });
  try {
    await run.run();
  } catch (error) {
    if (error instanceof LdapError && error.result === 'adminLimitExceeded') return undefined;
    if (!(error instanceof Enough)) throw error;
  }
  return items;
}

function checkTime(parts: ServerParts, operation: Operation, plan: SearchPlan): void {
  checkStopped(operation);
  if (parts.clock.monotonicMs() < plan.bounds.deadlineMs) return;
  throw new LdapError('timeLimitExceeded', 'The search took longer than its time limit.');
}

/** The entry of an item as it is now; undefined: it is gone. */
function storedItem({ part, uuid, id }: SortedItem): StoredEntry | undefined {
  const backend = part.domain?.backend;
  const entry = id === undefined ? undefined : backend?.byId(id);
  if (entry?.uuid === uuid) return entry;
  return uuid === undefined ? undefined : backend?.byUuid(uuid);
}

/** At once where it can be: most entries need not wait for rows. */
function sendNow(send: () => boolean | Promise<boolean>): boolean | Promise<boolean> {
  try {
    return send();
  } catch (error) {
    if (!(error instanceof RowsAway)) throw error;
    return withRows(send);
  }
}

/** Reads items again and sends them, as fast as the client reads. `given`: entries of earlier pages, which count against the size limit. */
async function give(
  parts: ServerParts,
  operation: Operation,
  plan: SearchPlan,
  items: readonly SortedItem[],
  from: number,
  to: number,
  given: number,
): Promise<void> {
  const { request, bounds, reader } = plan;
  const selection = parts.selections.get(request.attributes, request.typesOnly);
  let turnMs = parts.clock.monotonicMs();
  for (let i = from; i < to && !operation.stream.closed; i++) {
    const item = items[i] as SortedItem;
    const entry = item.uuid === undefined ? item.entry : storedItem(item);
    if (entry === undefined || !reader.seesEntry(entry)) continue;
    if (operation.entries + given >= bounds.sizeLimit) {
      throw new LdapError(
        'sizeLimitExceeded',
        `More than ${counted(bounds.sizeLimit, 'entry matches', 'entries match')}; ${bounds.sizeLimit === 1 ? 'this is' : 'these are'} the first.`,
      );
    }
    operation.entries += 1;
    const sent = sendNow(() => sendEntry(parts, operation, plan, selection, entry));
    if (!(sent instanceof Promise ? await sent : sent)) await operation.stream.ready();
    if (parts.clock.monotonicMs() - turnMs < TURN_MS) continue;
    await new Promise<void>((resolve) => {
      parts.clock.after(0, resolve);
    });
    checkTime(parts, operation, plan);
    turnMs = parts.clock.monotonicMs();
  }
}
