/**
 * Effective rights: what one identity may do with one entry and its attributes, as the get effective rights control names it (Sun, OpenDJ).
 *
 * Owns the names of the rights and which act each asks for; whether the act is allowed says the access policy, as for every operation.
 */
import type { AttributeKey } from '../schema/attribute-type.js';
import type { AccessPolicy, AttributeAccess, SubjectEntry, Verdict } from './access-policy.js';
import type { Requester } from './requester.js';

/** A right, and whether the identity has it. */
export interface Right {
  readonly name: string;
  readonly verdict: Verdict;
}

/** What is asked about. */
export interface RightsQuestion {
  readonly policy: AccessPolicy;
  /** Whose rights. */
  readonly subject: Requester;
  readonly entry: SubjectEntry;
  /** undefined: of a naming context. */
  readonly parent: SubjectEntry | undefined;
  /** Whether the identity may act under that of the entry. */
  readonly proxy: Verdict;
}

/** Rights to the entry: `add` is to add it where it stands, `write` to modify anything of it. */
export function entryRights({ policy, subject, entry, parent, proxy }: RightsQuestion): readonly Right[] {
  return [
    { name: 'add', verdict: policy.judge(subject, { kind: 'add', dn: entry.dn, parent }) },
    { name: 'delete', verdict: policy.judge(subject, { kind: 'delete', entry }) },
    { name: 'read', verdict: policy.judge(subject, { kind: 'see', entry }) },
    { name: 'write', verdict: policy.judge(subject, { kind: 'modify', entry, accesses: [] }) },
    { name: 'proxy', verdict: proxy },
  ];
}

/** To give the entry another name where it stands; no right of the control. */
export function renameRight({ policy, subject, entry }: RightsQuestion): Right {
  return {
    name: 'rename',
    verdict: policy.judge(subject, { kind: 'rename', entry, newParent: undefined }),
  };
}

const MAINTAINED: Verdict = { allowed: false, rule: 'the server maintains this attribute' };

/** Rights to one attribute. `write` is to replace it; `maintained`: nobody may write it (NO-USER-MODIFICATION). */
export function attributeRights(
  { policy, subject, entry, proxy }: RightsQuestion,
  key: AttributeKey,
  maintained: boolean,
): readonly Right[] {
  const seen = policy.judge(subject, { kind: 'see', entry });
  const read = seen.allowed ? policy.judge(subject, { kind: 'read', entry, key }) : seen;
  const write = (operation: AttributeAccess['operation']): Verdict =>
    maintained
      ? MAINTAINED
      : policy.judge(subject, { kind: 'modify', entry, accesses: [{ key, operation }] });
  return [
    { name: 'search', verdict: read },
    { name: 'read', verdict: read },
    { name: 'compare', verdict: read },
    { name: 'write', verdict: write('replace') },
    { name: 'selfwrite_add', verdict: write('add') },
    { name: 'selfwrite_delete', verdict: write('delete') },
    { name: 'proxy', verdict: proxy },
  ];
}

/** A value of aclRights: `add:0,delete:0,read:1,write:0,proxy:0`. */
export function rightsText(rights: readonly Right[]): string {
  return rights.map(({ name, verdict }) => `${name}:${verdict.allowed ? 1 : 0}`).join(',');
}
