/** Account usability beside the entries of a search: what a bind with the right password would come to, without one. */
import { readAccount } from '../../access/account-state.js';
import { expiryMs, graceBinds, isExpired, lockOf, mustChangeReset } from '../../access/bind-rules.js';
import { NO_POLICY } from '../../access/password-policy.js';
import { rowsOrWait } from '../../backend/index/reverse-lookup.js';
import type { EntryView } from '../../entry/entry.js';
import { CONTROL_OIDS } from '../../ldap/control-oids.js';
import { type AccountUsability, encodeAccountUsability } from '../../ldap/controls/account-usability.js';
import type { Control } from '../../ldap/message.js';
import type { ServerParts } from '../server-parts.js';
import { governing } from './password-policies.js';

/** The control for an entry, as its reader sees it; none for entries that are not stored. A promise where rows must be read first. */
export function usabilityControls(
  parts: ServerParts,
  view: EntryView,
): readonly Control[] | Promise<readonly Control[]> {
  const route = parts.directory.routeDn(view.dn);
  if (route.kind !== 'domain') return [];
  const { backend } = route.domain;
  return rowsOrWait(() => {
    const policy = governing(parts, backend, view)?.policy ?? NO_POLICY;
    const value = encodeAccountUsability(usabilityOf(policy, view, parts.clock.wallMs()));
    return [{ oid: CONTROL_OIDS.accountUsability, critical: false, value }];
  });
}

function usabilityOf(policy: typeof NO_POLICY, view: EntryView, nowMs: number): AccountUsability {
  const state = readAccount(view);
  const lock = lockOf(policy, state, nowMs);
  const expired = isExpired(policy, state, nowMs);
  const reset = mustChangeReset(policy, state);
  if (lock === undefined && !expired && !reset) {
    const endMs = expiryMs(policy, state);
    return { kind: 'available', seconds: endMs === undefined ? -1 : secondsTo(endMs, nowMs) };
  }
  return {
    kind: 'unavailable',
    inactive: lock !== undefined,
    reset,
    expired,
    graceLeft: expired ? graceBinds(policy, state, nowMs) : undefined,
    secondsBeforeUnlock: lock?.untilMs === undefined ? undefined : secondsTo(lock.untilMs, nowMs),
  };
}

function secondsTo(endMs: number, nowMs: number): number {
  return Math.ceil((endMs - nowMs) / 1000);
}
