/**
 * Lines of the conflict journal as commands read them over LDAP (cn=conflicts,cn=monitor), the entries that they are about, and the mark that a line is settled.
 */
import { utf8Decode, utf8Encode } from '../base/bytes.js';
import { LdapError } from '../base/ldap-error.js';
import type { Attribute } from '../entry/entry.js';
import { parseFilter } from '../filter/filter-text.js';
import type { LdapClient } from '../io/ldap-client.js';
import { CONFLICTS_DN } from '../operation/trees/conflict-tree.js';

export interface LineOverLdap {
  readonly id: string;
  readonly kind: string;
  /** UUID. */
  readonly entry: string;
  /** Base DN. */
  readonly domain: string;
  /** CSN of the change that lost. */
  readonly loser: string;
  readonly attribute: string | undefined;
  readonly value: Uint8Array | undefined;
}

/** An entry as a client sees it. */
export interface FoundEntry {
  readonly dn: string;
  readonly attributes: readonly Attribute[];
}

/** The line with this id. Rejects with LdapError noSuchObject. */
export async function readLine(client: LdapClient, id: string): Promise<LineOverLdap> {
  const [line] = await readLines(client, `(cn=${id})`);
  if (line !== undefined) return line;
  throw new LdapError(
    'noSuchObject',
    `the server has no journal line ${id}; "polyarch replication conflicts" lists those that it has`,
  );
}

/** All lines of the same kind about the same change. */
export function siblings(
  client: LdapClient,
  { kind, loser }: LineOverLdap,
): Promise<readonly LineOverLdap[]> {
  return readLines(client, `(&(conflict-loser=${loser})(conflict-kind=${kind}))`);
}

async function readLines(client: LdapClient, text: string): Promise<readonly LineOverLdap[]> {
  const filter = parseFilter(text);
  const found = await client.searchAll({ base: CONFLICTS_DN, scope: 'one', filter, attributes: ['*', '+'] });
  return found.entries.map(({ attributes }) => {
    const textOf = (name: string) => utf8Decode(firstOf(attributes, name) ?? new Uint8Array(0)) ?? '';
    const attribute = textOf('conflict-attribute');
    return {
      id: textOf('cn'),
      kind: textOf('conflict-kind'),
      entry: textOf('conflict-entry'),
      domain: textOf('domain-name'),
      loser: textOf('conflict-loser'),
      attribute: attribute === '' ? undefined : attribute,
      value: firstOf(attributes, 'conflict-value'),
    };
  });
}

/** The first value of an attribute. */
export function firstOf(attributes: readonly Attribute[], name: string): Uint8Array | undefined {
  const wanted = name.toLowerCase();
  return attributes.find((attribute) => attribute.name.toLowerCase() === wanted)?.values[0];
}

/** The live entry with this UUID in a domain. */
export async function entryWith(
  client: LdapClient,
  domain: string,
  uuid: string,
  attributes: readonly string[],
): Promise<FoundEntry | undefined> {
  const filter = parseFilter(`(entryUUID=${uuid})`);
  return (await client.searchAll({ base: domain, filter, attributes })).entries[0];
}

/** Says of lines that somebody settled them, or that they are open again. */
export async function settle(
  client: LdapClient,
  lines: readonly LineOverLdap[],
  resolved: boolean,
): Promise<void> {
  const values = [utf8Encode(resolved ? 'TRUE' : 'FALSE')];
  for (const { id } of lines)
    await client.modify(`cn=${id},${CONFLICTS_DN}`, [
      { operation: 'replace', attribute: { description: 'conflict-resolved', values } },
    ]);
}
