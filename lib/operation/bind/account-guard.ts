/**
 * AccountGuard: a password policy at the bind of one account: before the password is tried, after it was wrong, after it was right or not needed.
 *
 * Rules are access/bind-rules.ts; here is when they are asked and how their writes reach the account. Invariants: an account that no policy governs and that says nothing of itself has no
 * guard; what a wrong password leaves is decided in the write's turn, so that no two failures count as one, and nobody waits for it: an answer that took longer would tell that there is such an
 * account; a server that takes no writes writes nothing.
 */
import { limitsItself, readAccount } from '../../access/account-state.js';
import {
  type Admission,
  admission,
  admissionWithoutPassword,
  afterFailure,
  isExpired,
  lockOf,
  mustChangeReset,
} from '../../access/bind-rules.js';
import { NO_POLICY, type PasswordPolicy } from '../../access/password-policy.js';
import type { ReadView, StoredEntry } from '../../backend/backend.js';
import { rowsOrWait, withRows } from '../../backend/index/reverse-lookup.js';
import { applyModifications } from '../../entry/apply-modifications.js';
import type { EntryModification } from '../../entry/modification.js';
import type { Domain } from '../directory.js';
import type { Operation } from '../operation.js';
import type { ServerParts } from '../server-parts.js';
import { invalidCredentials } from './invalid-credentials.js';
import { governing } from './password-policies.js';
import { refuse } from './policy-answer.js';

/** Who the server's own changes to accounts are recorded under. */
const POLICY_INITIATOR = 'cn=Password Policy';

/** The guard of an account; undefined: nothing is asked of it. A promise where rows must be read first. */
export function guardOf(
  parts: ServerParts,
  domain: Domain,
  entry: StoredEntry,
): AccountGuard | undefined | Promise<AccountGuard | undefined> {
  return rowsOrWait(() => {
    const policy = governing(parts, domain.backend, entry)?.policy;
    if (policy === undefined && !limitsItself(entry)) return undefined;
    return new AccountGuard(parts, domain, entry, policy ?? NO_POLICY);
  });
}

/** See the file header. */
export class AccountGuard {
  readonly #parts: ServerParts;
  readonly #domain: Domain;
  readonly #entry: StoredEntry;
  readonly #policy: PasswordPolicy;

  constructor(parts: ServerParts, domain: Domain, entry: StoredEntry, policy: PasswordPolicy) {
    this.#parts = parts;
    this.#domain = domain;
    this.#entry = entry;
    this.#policy = policy;
  }

  /** Whether no password opens the account now. */
  get locked(): boolean {
    return lockOf(this.#policy, readAccount(this.#entry), this.#nowMs) !== undefined;
  }

  /** The password was wrong, or the account is locked: what is to be noted of it. */
  failed(operation: Operation): void {
    if (this.locked) operation.passwordPolicy = { fault: 'accountLocked' };
    const state = readAccount(this.#entry);
    if (!this.#writes || afterFailure(this.#policy, state, this.#nowMs).length === 0) return;
    this.#submit((entry) => afterFailure(this.#policy, readAccount(entry), this.#nowMs)).catch(
      (error: unknown) => this.#parts.log.warn({ error }, 'a failed bind could not be recorded'),
    );
  }

  /** The password was right: lets the account in on the policy's terms, or rejects with LdapError invalidCredentials. */
  async succeeded(operation: Operation): Promise<void> {
    const judged = await this.#admit(admission);
    if (judged.kind === 'refused') {
      // Whoever knows the password may know that it has expired; that an account is locked is for those who ask.
      if (judged.fault === 'passwordExpired')
        refuse(operation, judged.fault, 'invalidCredentials', 'The password has expired.');
      operation.passwordPolicy = { fault: judged.fault };
      throw invalidCredentials();
    }
    const { fault, expiresInSeconds, graceLeft, mustChange } = judged;
    operation.passwordPolicy = {
      fault,
      expiresInSeconds,
      graceLeft,
      mustChange: mustChange ? () => this.#mustChange() : undefined,
    };
  }

  /** Who it is was proved without the password: lets the account in where it may be used, or rejects with LdapError invalidCredentials. */
  async identified(operation: Operation): Promise<void> {
    const judged = await this.#admit(admissionWithoutPassword);
    if (judged.kind === 'refused')
      refuse(operation, judged.fault, 'invalidCredentials', 'The account is locked, or not valid now.');
  }

  /** Judges by `rule`, and has what that asks for written. */
  async #admit(rule: typeof admission): Promise<Admission> {
    const judge = (entry: StoredEntry) => rule(this.#policy, readAccount(entry), this.#nowMs);
    // As it is after the wait for the password: what was recorded meanwhile counts.
    let judged = judge(this.#domain.backend.byUuid(this.#entry.uuid) ?? this.#entry);
    if (judged.kind === 'admitted' && judged.writes.length > 0 && this.#writes) {
      // Judged again in its turn: a grace bind or a lock of the same moment counts.
      await this.#submit((entry) => {
        judged = judge(entry);
        return judged.kind === 'admitted' ? judged.writes : [];
      });
    }
    return judged;
  }

  #mustChange(): boolean {
    const entry = this.#domain.backend.byUuid(this.#entry.uuid);
    if (entry === undefined) return true;
    const state = readAccount(entry);
    return mustChangeReset(this.#policy, state) || isExpired(this.#policy, state, this.#nowMs);
  }

  get #nowMs(): number {
    return this.#parts.clock.wallMs();
  }

  /** Whether this server takes writes at all. */
  get #writes(): boolean {
    return this.#parts.settings.writers === undefined;
  }

  async #submit(writes: (entry: StoredEntry) => readonly EntryModification[]): Promise<void> {
    const { schema } = this.#parts;
    const decide = (view: ReadView) => {
      const entry = view.byUuid(this.#entry.uuid);
      const modifications = entry === undefined ? [] : writes(entry);
      if (entry === undefined || modifications.length === 0) return [];
      const { changes } = applyModifications(entry.stored, modifications, schema, { permissive: true });
      return [{ entry: entry.uuid, body: { kind: 'modify', attributes: changes } } as const];
    };
    await withRows(() => this.#domain.backend.submit(POLICY_INITIATOR, decide));
  }
}
