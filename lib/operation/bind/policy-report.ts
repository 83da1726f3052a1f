/**
 * What password policies say of one account, as plain data: which policy, why that one, what the entry says, and what would become of a bind with the right password.
 *
 * Owns the translation only; times are ISO 8601. Nothing is written.
 */
import { type AccountState, readAccount } from '../../access/account-state.js';
import {
  admission,
  countedFailures,
  expiryMs,
  graceBinds,
  type Lock,
  lockOf,
} from '../../access/bind-rules.js';
import { NO_POLICY, type PasswordPolicy } from '../../access/password-policy.js';
import type { StoredEntry } from '../../backend/backend.js';
import { withRows } from '../../backend/index/reverse-lookup.js';
import { LdapError } from '../../base/ldap-error.js';
import type { Clock } from '../../port/clock.js';
import { isAdminDn } from './identities.js';
import { type Governing, governing, type PolicyParts } from './password-policies.js';

export interface PolicyReport {
  readonly dn: string;
  /** null: none. `why`: the entry names it, it is of the nearest subtree, or it is the server's default. */
  readonly policy: { readonly dn: string; readonly why: Governing['why'] } | null;
  /** What the policy asks for. */
  readonly asks: PasswordPolicy | null;
  /** Names of policies that lead to none. */
  readonly passedOver: readonly string[];
  readonly account: {
    readonly passwordChanged: string | null;
    readonly expires: string | null;
    readonly failures: number;
    readonly graceLeft: number;
    readonly mustChange: boolean;
    readonly remembered: number;
    readonly lastSuccess: string | null;
    readonly lock: { readonly why: Lock['why']; readonly until: string | null } | null;
  };
  /** With the right password. */
  readonly nextBind: 'admitted' | 'changeOnly' | 'accountLocked' | 'passwordExpired';
}

/** Judges the account of a DN now. Rejects with LdapError: noSuchObject, invalidDNSyntax, unwillingToPerform for the administrator. */
export async function explainPolicy(
  parts: PolicyParts & { readonly clock: Clock },
  text: string,
): Promise<PolicyReport> {
  const route = parts.directory.route(text);
  if (isAdminDn(parts, route.dn))
    throw new LdapError('unwillingToPerform', 'The administrator is subject to no password policy.');
  const domain = route.kind === 'domain' ? route.domain : undefined;
  const entry = domain?.backend.byDn(route.dn);
  if (domain === undefined || entry === undefined)
    throw new LdapError('noSuchObject', `this server holds no entry ${text}`);
  return await withRows(() => {
    const passedOver: string[] = [];
    const found = governing(parts, domain.backend, entry, (name) => passedOver.push(name));
    return reportOf(entry, found, passedOver, parts.clock.wallMs());
  });
}

function reportOf(
  entry: StoredEntry,
  found: Governing | undefined,
  passedOver: readonly string[],
  nowMs: number,
): PolicyReport {
  const policy = found?.policy ?? NO_POLICY;
  const state = readAccount(entry);
  const judged = admission(policy, state, nowMs);
  return {
    dn: entry.dnText,
    policy: found === undefined ? null : { dn: found.dn, why: found.why },
    asks: found?.policy ?? null,
    passedOver,
    account: accountOf(policy, state, nowMs),
    nextBind: judged.kind === 'refused' ? judged.fault : judged.mustChange ? 'changeOnly' : 'admitted',
  };
}

function accountOf(policy: PasswordPolicy, state: AccountState, nowMs: number): PolicyReport['account'] {
  const lock = lockOf(policy, state, nowMs);
  return {
    passwordChanged: timeText(state.changedMs),
    expires: timeText(expiryMs(policy, state)),
    // A lock that was recorded settles the failures that made it.
    failures: lock?.why === 'failures' ? state.failures.length : countedFailures(policy, state, nowMs).length,
    graceLeft: graceBinds(policy, state, nowMs),
    mustChange: policy.mustChange && state.reset,
    remembered: state.history.length,
    lastSuccess: timeText(state.lastSuccessMs),
    lock: lock === undefined ? null : { why: lock.why, until: timeText(lock.untilMs) },
  };
}

function timeText(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
