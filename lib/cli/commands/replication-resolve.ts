/**
 * `polyarch replication resolve`: undoes what a conflict took, by an ordinary change over LDAP: a value that lost comes back, an entry under a conflict name gets a name of its own.
 *
 * Works on any server of the domain: journal lines have the same ids everywhere, and the change replicates like any other. Access rules and schema apply.
 */
import { utf8Decode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import { OperatorError } from '../../base/operator-error.js';
import type { Attribute } from '../../entry/entry.js';
import { parseFilter } from '../../filter/filter-text.js';
import type { LdapClient } from '../../io/ldap-client.js';
import { CONFLICTS_DN } from '../../operation/conflict-tree.js';
import { defineCommand, jsonOption } from '../command.js';
import { connectTo, givenUrl, ldapOptions } from '../ldap-options.js';
import { printData } from '../output.js';

/** CSN and number of a journal line. */
const ID = /^[0-9a-f]{24}\.[0-9]{1,9}$/;

export const replicationResolve = defineCommand({
  options: {
    ...ldapOptions,
    ...jsonOption,
    id: { type: 'string', describe: 'The line, as replication conflicts shows it' },
    'restore-value': { type: 'boolean', default: false, describe: 'Add the value that did not survive' },
    'replace-value': {
      type: 'boolean',
      default: false,
      describe: 'Put the value that did not survive in the place of all that are there',
    },
    rename: { type: 'string', describe: 'Give the entry this RDN, such as "uid=ann2"' },
  },
  examples: [
    [
      '$0 replication resolve --id 0190a1b2c3d4000000000001.1 --restore-value --url ldap://localhost:1389',
      'Bring a lost value back, on all servers',
    ],
  ],
  async run(args) {
    const url = givenUrl(args);
    if (args.id === undefined || !ID.test(args.id))
      throw new OperatorError(
        'COMMAND_INVALID',
        'say which line with --id; see: polyarch replication conflicts',
      );
    const ways = [args['restore-value'], args['replace-value'], args.rename !== undefined];
    if (ways.filter(Boolean).length !== 1)
      throw new OperatorError('COMMAND_INVALID', 'give one of --restore-value, --replace-value and --rename');
    if (url === undefined) throw new OperatorError('COMMAND_INVALID', 'say which server with --url');
    const client = await connectTo(url, args);
    try {
      const line = await readLine(client, args.id);
      const dn = await dnOf(client, line);
      if (args.rename !== undefined) await client.modifyDn(dn, args.rename, true);
      else await bringBack(client, dn, line, args['replace-value'] ? 'replace' : 'add');
      printData({ id: args.id, dn, kind: line.kind }, args.json, () => `done for ${dn}`);
    } finally {
      client.unbind();
    }
    return undefined;
  },
});

interface Line {
  readonly kind: string;
  readonly entry: string;
  readonly domain: string;
  readonly attribute: string | undefined;
  readonly value: Uint8Array | undefined;
}

async function readLine(client: LdapClient, id: string): Promise<Line> {
  const base = CONFLICTS_DN;
  const filter = parseFilter(`(cn=${id})`);
  for await (const item of client.search({ base, scope: 'one', filter, attributes: ['+'] })) {
    if (item.kind !== 'entry') continue;
    const of = (name: string) => firstOf(item.attributes, name);
    const text = (name: string) => utf8Decode(of(name) ?? new Uint8Array(0)) ?? '';
    const attribute = text('conflict-attribute');
    return {
      kind: text('conflict-kind'),
      entry: text('conflict-entry'),
      domain: text('domain-name'),
      attribute: attribute === '' ? undefined : attribute,
      value: of('conflict-value'),
    };
  }
  throw new LdapError(
    'noSuchObject',
    `the server has no journal line ${id}; see: polyarch replication conflicts`,
  );
}

function firstOf(attributes: readonly Attribute[], name: string): Uint8Array | undefined {
  return attributes.find((attribute) => attribute.name.toLowerCase() === name)?.values[0];
}

async function dnOf(client: LdapClient, { entry, domain }: Line): Promise<string> {
  const filter = parseFilter(`(entryUUID=${entry})`);
  for await (const item of client.search({ base: domain, filter, attributes: ['1.1'] }))
    if (item.kind === 'entry') return item.dn;
  throw new LdapError(
    'noSuchObject',
    `the entry ${entry} is not there; to bring it back: polyarch undelete --entry ${entry}`,
  );
}

async function bringBack(
  client: LdapClient,
  dn: string,
  line: Line,
  operation: 'add' | 'replace',
): Promise<void> {
  const { kind, attribute, value } = line;
  if (
    attribute === undefined ||
    value === undefined ||
    (kind !== 'value-lost' && kind !== 'change-of-deleted-entry')
  )
    throw new OperatorError(
      'COMMAND_INVALID',
      `the line is about a ${kind} and holds no value of an attribute; an entry gets another name with --rename`,
    );
  try {
    await client.modify(dn, [{ operation, attribute: { description: attribute, values: [value] } }]);
  } catch (error) {
    // What was wanted is so.
    if (error instanceof LdapError && error.result === 'attributeOrValueExists') return;
    throw error;
  }
}
