/**
 * Virtual list view: which entries of a sorted list a client sees (draft-ietf-ldapext-ldapv3-vlv-09 section 5.2).
 *
 * Pure arithmetic over positions from 1. Owns no list.
 */
import { latin1 } from '../../base/bytes.js';
import type { ListTarget, VirtualListRequest } from '../../ldap/controls/virtual-list.js';
import { compareKeys, type SortRule } from './sort-keys.js';
import type { SortedItem } from './sorted-list.js';

/** What is seen: items from..to (from 0, `to` excluded), the target at `position`. */
export interface ListView {
  readonly position: number;
  readonly from: number;
  readonly to: number;
}

/** The view, or the fault of its target. */
export function viewOf(
  items: readonly SortedItem[],
  rules: readonly SortRule[],
  request: VirtualListRequest,
): ListView | 'offsetRangeError' | 'inappropriateMatching' {
  const position = targetPosition(items, rules, request.target);
  if (typeof position === 'string') return position;
  return {
    position,
    from: Math.max(0, Math.min(position - 1, items.length) - request.before),
    to: Math.min(items.length, position + request.after),
  };
}

function targetPosition(
  items: readonly SortedItem[],
  rules: readonly SortRule[],
  target: ListTarget,
): number | 'offsetRangeError' | 'inappropriateMatching' {
  if (target.kind === 'value') return firstNotBefore(items, rules, target.value);
  const { offset, contentCount } = target;
  const size = items.length;
  if (offset < 1 || (contentCount > 0 && offset > contentCount)) return 'offsetRangeError';
  if (size === 0) return 0;
  if (contentCount === 0) return Math.min(offset, size);
  // The ends are the ends whatever the client believes of the size; in between its offset is a share of the list.
  if (offset === 1) return 1;
  if (offset === contentCount) return size;
  if (contentCount === size) return offset;
  return Math.max(1, Math.min(size, Math.round((size * offset) / contentCount)));
}

/** Place of the first item whose first key is not before the value; one past the end where all are. */
function firstNotBefore(
  items: readonly SortedItem[],
  rules: readonly SortRule[],
  value: Uint8Array,
): number | 'inappropriateMatching' {
  const first = rules.slice(0, 1);
  const normal = first[0]?.normalize(value);
  if (normal === undefined) return 'inappropriateMatching';
  const wanted = [latin1(normal)];
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = items[middle] as SortedItem;
    if (compareKeys(first, item.keys, wanted) < 0) low = middle + 1;
    else high = middle;
  }
  return low + 1;
}
