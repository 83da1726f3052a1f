/**
 * `polyarch replication resolve`: settles a line of the conflict journal: what a conflict took comes back by an ordinary change over LDAP, or the operator says that the outcome is right.
 *
 * Works on any server of the domain: journal lines have the same ids everywhere, and both the change and the word that a line is settled replicate like any other. Access rules and
 * schema apply.
 */
import { LdapError } from '../../base/ldap-error.js';
import { OperatorError } from '../../base/operator-error.js';
import type { LdapClient } from '../../io/ldap-client.js';
import { defineCommand, jsonOption } from '../command.js';
import { entryWith, type LineOverLdap, readLine, settle, siblings } from '../conflict-lines.js';
import { addAnew, mergeLost } from '../lost-add.js';
import { printData } from '../output.js';
import { schemaOver } from '../schema-source.js';
import { connectToServer, targetOptions, targetWords } from '../server-target.js';

/** CSN and number of a journal line. */
const ID = /^[0-9a-f]{24}\.[0-9]{1,9}$/;
/** Kinds of lines that hold a value of an attribute. */
const WITH_VALUE: ReadonlySet<string> = new Set(['value-lost', 'change-of-deleted-entry', 'add-lost']);

interface Ways {
  readonly 'restore-value': boolean;
  readonly 'replace-value': boolean;
  readonly merge: boolean;
  readonly 'as-new-entry': boolean;
  readonly keep: boolean;
  readonly reopen: boolean;
  readonly rename?: string | undefined;
  readonly parent?: string | undefined;
}

/** What was done, and to which lines of the journal. */
interface Done {
  readonly dn: string | undefined;
  readonly said: string;
  /** Lines that are settled by it; a line that goes by itself is none. */
  readonly lines: readonly LineOverLdap[];
  readonly left?: readonly string[];
}

export const replicationResolve = defineCommand({
  options: {
    ...targetOptions,
    ...jsonOption,
    id: { type: 'string', describe: 'The line, as replication conflicts shows it' },
    'restore-value': { type: 'boolean', default: false, describe: 'Add the value that did not survive' },
    'replace-value': {
      type: 'boolean',
      default: false,
      describe: 'Put the value that did not survive in the place of all that are there',
    },
    rename: {
      type: 'string',
      describe: 'Give the entry this RDN, such as "uid=ann2"; with --as-new-entry: the name of the new one',
    },
    'as-new-entry': {
      type: 'boolean',
      default: false,
      describe: 'Of a line add-lost: add what the lost add brought as an entry of its own, with a new UUID',
    },
    parent: { type: 'string', describe: 'With --as-new-entry: DN of the entry to put it under' },
    merge: {
      type: 'boolean',
      default: false,
      describe: 'Of a line add-lost: add all values that the lost add brought to the entry that has its UUID',
    },
    keep: {
      type: 'boolean',
      default: false,
      describe: 'Change nothing: the outcome is right, the line is settled',
    },
    reopen: { type: 'boolean', default: false, describe: 'The line is not settled after all' },
  },
  examples: [
    [
      '$0 replication resolve --id 0190a1b2c3d4000000000001.1 --restore-value --dir ./server-1',
      'Bring a lost value back, on all servers',
    ],
    [
      '$0 replication resolve --id 0190a1b2c3d4000000000004.1 --as-new-entry --rename uid=ann2 --url ldap://localhost:1389',
      'The entry that lost its UUID to another becomes one of its own',
    ],
    [
      '$0 replication resolve --id 0190a1b2c3d4000000000005.1 --keep --url ldap://localhost:1389',
      'Nothing is to be done about it: the line counts no more',
    ],
  ],
  async run(args) {
    if (args.id === undefined || !ID.test(args.id))
      throw new OperatorError(
        'COMMAND_INVALID',
        `say which line with --id; see: polyarch replication conflicts ${targetWords(args)}`,
      );
    checkWays(args);
    const client = await connectToServer(args);
    try {
      const line = await readLine(client, args.id);
      const { dn, said, lines, left } = await settleBy(client, line, args);
      await settle(client, lines, !args.reopen);
      const data = { id: args.id, dn, kind: line.kind, resolved: lines.map(({ id }) => id), left };
      printData(data, args.json, () => said);
    } finally {
      client.unbind();
    }
    return undefined;
  },
});

/** Throws OperatorError COMMAND_INVALID. */
function checkWays(args: Ways): void {
  const anew = args['as-new-entry'];
  const ways = [
    args['restore-value'],
    args['replace-value'],
    args.merge,
    anew,
    args.keep,
    args.reopen,
    args.rename !== undefined && !anew,
  ];
  if (ways.filter(Boolean).length !== 1)
    throw new OperatorError(
      'COMMAND_INVALID',
      'give one of --restore-value, --replace-value, --rename, --as-new-entry, --merge, --keep and --reopen',
    );
  if (args.parent !== undefined && !anew)
    throw new OperatorError('COMMAND_INVALID', '--parent goes with --as-new-entry');
}

async function settleBy(client: LdapClient, line: LineOverLdap, args: Ways): Promise<Done> {
  if (args.keep) return { dn: undefined, said: `${line.id} is settled as it is`, lines: [line] };
  if (args.reopen) return { dn: undefined, said: `${line.id} is open again`, lines: [line] };
  if (args['as-new-entry'] || args.merge) return await resolveAdd(client, line, args);
  const dn = await dnOf(client, line);
  // The line of a name goes by itself.
  if (args.rename !== undefined) {
    await client.modifyDn(dn, args.rename, true);
    return { dn, said: `done for ${dn}`, lines: [] };
  }
  await bringBack(client, dn, line, args['replace-value'] ? 'replace' : 'add');
  return { dn, said: `done for ${dn}`, lines: [line] };
}

async function resolveAdd(client: LdapClient, line: LineOverLdap, args: Ways): Promise<Done> {
  if (line.kind !== 'add-lost')
    throw new OperatorError(
      'COMMAND_INVALID',
      `the line is about a ${line.kind}; --as-new-entry and --merge are for add-lost`,
    );
  const lines = await siblings(client, line);
  const schema = await schemaOver(client);
  if (args.merge) {
    const { dn, attributes, left } = await mergeLost(client, schema, lines);
    const got = attributes.length === 0 ? 'nothing was to be added to' : `${attributes.join(', ')} went to`;
    const kept =
      left.length === 0
        ? ''
        : `; ${left.join(', ')} can have one value, which stays (--replace-value changes it)`;
    // What stays as it is was not brought back: its lines are for the operator.
    const settled = lines.filter(({ attribute }) => attribute === undefined || !left.includes(attribute));
    return { dn, said: `${got} ${dn}${kept}`, lines: settled, left };
  }
  const { dn, whole } = await addAnew(client, schema, lines, args);
  const source = whole
    ? ''
    : '; the change log does not hold the add any more: what both adds brought alike was taken from the entry as it is now';
  return { dn, said: `added ${dn}${source}`, lines };
}

async function dnOf(client: LdapClient, { entry, domain }: LineOverLdap): Promise<string> {
  const found = await entryWith(client, domain, entry, ['1.1']);
  if (found !== undefined) return found.dn;
  throw new LdapError(
    'noSuchObject',
    `the entry ${entry} is not there; to bring it back: polyarch undelete --entry ${entry}`,
  );
}

async function bringBack(
  client: LdapClient,
  dn: string,
  { kind, attribute, value }: LineOverLdap,
  operation: 'add' | 'replace',
): Promise<void> {
  if (attribute === undefined || value === undefined || !WITH_VALUE.has(kind))
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
