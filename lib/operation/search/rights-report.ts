/**
 * What an identity may do with one entry, as plain data, each right with the rule that decides: for who administers the server.
 */
import { entryRights, type Right, renameRight } from '../../access/effective-rights.js';
import { ANONYMOUS, type Requester, requesterDn } from '../../access/requester.js';
import { LdapError } from '../../base/ldap-error.js';
import { requesterOf, requesterOfDn } from '../bind/identities.js';
import { namedRights, type RightsParts, rightsQuestion } from './effective-rights.js';

export interface JudgedRight {
  readonly right: string;
  readonly allowed: boolean;
  readonly rule: string;
}

export interface RightsReport {
  /** '' for anonymous clients. */
  readonly user: string;
  readonly entry: string;
  readonly rights: readonly JudgedRight[];
  readonly attributes: readonly { readonly name: string; readonly rights: readonly JudgedRight[] }[];
}

/** What is to be explained. */
export interface RightsWish {
  /** A DN, `dn:...`, `u:...`, or `anonymous`. */
  readonly user: string;
  /** DN. */
  readonly entry: string;
  /** Names with commas between them; absent: the attributes that the entry has. */
  readonly attributes?: string;
}

/** Judges now. Rejects with LdapError: noSuchObject, noSuchAttribute, invalidDNSyntax, unwillingToPerform where uid has no index. */
export async function explainRights(parts: RightsParts, wish: RightsWish): Promise<RightsReport> {
  const subject = await subjectOf(parts, wish.user);
  if (subject === undefined) throw new LdapError('noSuchObject', `there is no identity ${wish.user}`);
  const question = rightsQuestion(parts, subject, parts.directory.route(wish.entry).dn);
  if (question === undefined) throw new LdapError('noSuchObject', `this server holds no entry ${wish.entry}`);
  const { entry } = question;
  const named = wish.attributes?.split(',').map((name) => name.trim());
  const names = named ?? [...entry.stored.values()].map(({ name }) => name);
  return {
    user: requesterDn(subject),
    entry: entry.dnText,
    rights: [...entryRights(question), renameRight(question)].map(judged),
    attributes: names.flatMap((name) => {
      const rights = namedRights(parts, question, name);
      if (rights !== undefined) return [{ name, rights: rights.map(judged) }];
      if (named === undefined) return [];
      throw new LdapError('noSuchAttribute', `the schema has no attribute ${name}`);
    }),
  };
}

function judged({ name, verdict }: Right): JudgedRight {
  return { right: name, ...verdict };
}

function subjectOf(parts: RightsParts, user: string): Requester | undefined | Promise<Requester | undefined> {
  if (user.toLowerCase() === 'anonymous') return ANONYMOUS;
  return /^(dn|u):/i.test(user) ? requesterOf(parts, user) : requesterOfDn(parts, user);
}
