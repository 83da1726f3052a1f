/** Which servers of a topology take writes from clients, as LDAP URLs: where a read-only server refers them. */
import { elderOf, type TopologyMember } from './member-list.js';

/** `ldap://` and `ldaps://` URLs of all members with entries that are not read-only, those of the site of the server called `name` first; not its own. */
export function writerUrls(members: readonly TopologyMember[], name: string): readonly string[] {
  const site = members.find((member) => member.name === name)?.site;
  const writers = members.filter(
    (member) =>
      member.name !== name &&
      member.standing === 'member' &&
      member.runs !== 'broker' &&
      member.readOnly !== true &&
      elderOf(members, member) === undefined,
  );
  const near = writers.filter((member) => member.site === site);
  const far = writers.filter((member) => member.site !== site);
  return [...near, ...far].flatMap(({ ldap, ldaps }) => [
    ...(ldap === undefined ? [] : [`ldap://${ldap}`]),
    ...(ldaps === undefined ? [] : [`ldaps://${ldaps}`]),
  ]);
}
