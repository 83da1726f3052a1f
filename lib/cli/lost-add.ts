/**
 * What an add brought that found its UUID taken (journal lines `add-lost`): as an entry of its own, or as values of the entry that has the UUID.
 *
 * The whole add stands in the change log while that keeps it. Later there are the journal's lines, which name what the other add did not bring alike; the rest is then taken from the entry as it is now.
 */
import { latin1, utf8Decode } from '../base/bytes.js';
import { LdapError } from '../base/ldap-error.js';
import { parentDn } from '../dn/dn.js';
import { formatDn, formatRdn, parseDn, parseRdn } from '../dn/dn-text.js';
import { parseFilter } from '../filter/filter-text.js';
import type { LdapClient } from '../io/ldap-client.js';
import { CONTROL_OIDS } from '../ldap/control-oids.js';
import { LdifReader } from '../ldif/ldif-reader.js';
import { CHANGELOG_DN } from '../operation/trees/root-dse.js';
import type { Schema } from '../schema/schema.js';
import { entryWith, type FoundEntry, firstOf, type LineOverLdap } from './conflict-lines.js';

type Values = readonly Uint8Array[];

/** The add as it can be told. */
interface LostAdd {
  readonly rdn: string;
  /** DN; undefined: it is not there. */
  readonly parent: string | undefined;
  readonly attributes: ReadonlyMap<string, Values>;
  /** It is what the change log holds. */
  readonly whole: boolean;
}

export interface NewName {
  /** RDN; absent: that of the add. */
  readonly rename?: string | undefined;
  /** DN; absent: where the add put it. */
  readonly parent?: string | undefined;
}

/** Adds it as an entry with a UUID of its own. `lines`: all of the add. Rejects with LdapError. */
export async function addAnew(
  client: LdapClient,
  schema: Schema,
  lines: readonly LineOverLdap[],
  name: NewName,
): Promise<{ readonly dn: string; readonly whole: boolean }> {
  const lost = (await fromChangelog(client, lines)) ?? (await fromJournal(client, lines));
  const parent = name.parent ?? lost.parent;
  if (parent === undefined)
    throw new LdapError(
      'noSuchObject',
      'the place where the add put the entry is not there: give one with --parent',
    );
  const rdn = name.rename ?? lost.rdn;
  const dn = `${rdn},${parent}`;
  const attributes = name.rename === undefined ? lost.attributes : renamed(schema, lost, name.rename);
  try {
    await client.add(
      dn,
      [...attributes].map(([description, values]) => ({ description, values })),
    );
  } catch (error) {
    if (!(error instanceof LdapError) || error.result !== 'entryAlreadyExists') throw error;
    throw new LdapError(
      'entryAlreadyExists',
      `there is an entry ${dn}: give another name with --rename, such as --rename "uid=ann2"`,
    );
  }
  return { dn, whole: lost.whole };
}

export interface Merged {
  readonly dn: string;
  /** Attributes that got values. */
  readonly attributes: readonly string[];
  /** Attributes with one value, which stays. */
  readonly left: readonly string[];
}

/** Adds the values that did not survive to the entry that has the UUID: all at once, or none. Rejects with LdapError. */
export async function mergeLost(
  client: LdapClient,
  schema: Schema,
  lines: readonly LineOverLdap[],
): Promise<Merged> {
  const { dn, attributes: there } = await survivorOf(client, lines);
  const merged: [string, Values][] = [];
  const left: string[] = [];
  for (const [description, values] of valuesOf(lines)) {
    const single = schema.attributeType(baseName(description))?.singleValue === true;
    if (single && firstOf(there, description) !== undefined) left.push(description);
    else merged.push([description, values]);
  }
  if (merged.length > 0)
    await client.modify(
      dn,
      merged.map(([description, values]) => ({ operation: 'add', attribute: { description, values } })),
      { controls: [{ oid: CONTROL_OIDS.permissiveModify, critical: true, value: undefined }] },
    );
  return { dn, attributes: merged.map(([description]) => description), left };
}

function baseName(description: string): string {
  return description.split(';', 1)[0] ?? description;
}

/** The attributes with the values of one name replaced by those of another. */
function renamed(schema: Schema, { rdn, attributes }: LostAdd, rename: string): ReadonlyMap<string, Values> {
  const keyOf = (name: string) => schema.attributeType(name)?.key ?? name.toLowerCase();
  const all = new Map(attributes);
  const change = (type: string, values: (before: Values) => Values): void => {
    const known = [...all.keys()].find((one) => keyOf(one) === keyOf(type)) ?? type;
    const after = values(all.get(known) ?? []);
    if (after.length === 0) all.delete(known);
    else all.set(known, after);
  };
  for (const { type, value } of parseRdn(rdn))
    change(type, (before) => before.filter((one) => latin1(one) !== latin1(value)));
  for (const { type, value } of parseRdn(rename))
    change(type, (before) => [...before.filter((one) => latin1(one) !== latin1(value)), value]);
  return all;
}

async function fromChangelog(
  client: LdapClient,
  lines: readonly LineOverLdap[],
): Promise<LostAdd | undefined> {
  const [{ loser, entry }] = lines as readonly [LineOverLdap];
  const filter = parseFilter(`(&(replicationCSN=${loser})(targetEntryUUID=${entry})(changeType=add))`);
  let found: FoundEntry | undefined;
  try {
    const { entries } = await client.searchAll({
      base: CHANGELOG_DN,
      scope: 'one',
      filter,
      attributes: ['*', '+'],
    });
    found = entries[0];
  } catch (error) {
    // It is turned off there, or not for this requester.
    if (!(error instanceof LdapError) || !ABSENT.has(error.result)) throw error;
  }
  const text = (name: string): string =>
    utf8Decode(firstOf(found?.attributes ?? [], name) ?? new Uint8Array(0)) ?? '';
  if (found === undefined || text('changes') === '') return undefined;
  const target = parseDn(text('targetDN'));
  const reader = new LdifReader();
  const [item] = [
    ...reader.push(`dn: ${formatRdn(target.rdns[0] ?? [])}\n${text('changes')}\n`),
    ...reader.end(),
  ];
  if (item?.kind !== 'record' || item.record.kind !== 'content') return undefined;
  const parent = parentDn(target);
  return {
    rdn: formatRdn(target.rdns[0] ?? []),
    parent: parent === undefined ? undefined : formatDn(parent),
    attributes: new Map(item.record.attributes.map(({ description, values }) => [description, values])),
    whole: true,
  };
}

const ABSENT: ReadonlySet<string> = new Set([
  'noSuchObject',
  'insufficientAccessRights',
  'unwillingToPerform',
]);
/** What the server gives each entry itself. */
const USER_ATTRIBUTES = ['*'];

async function fromJournal(client: LdapClient, lines: readonly LineOverLdap[]): Promise<LostAdd> {
  const { dn, attributes: there } = await survivorOf(client, lines);
  const own = parseDn(dn);
  const [{ domain }] = lines as readonly [LineOverLdap];
  const attributes = new Map<string, Values>();
  const lost = valuesOf(lines);
  const named = new Set([...lost.keys()].map((name) => name.toLowerCase()));
  for (const { name, values } of there) if (!named.has(name.toLowerCase())) attributes.set(name, values);
  for (const [name, values] of lost) attributes.set(name, values);
  const texts = lines.flatMap(({ attribute, value }) =>
    attribute === undefined && value !== undefined ? (utf8Decode(value) ?? []) : [],
  );
  const rdn = texts.find((text) => text.includes('=')) ?? formatRdn(own.rdns[0] ?? []);
  const uuid = texts.find((text) => !text.includes('='));
  const parent = parentDn(own);
  const above = uuid === undefined ? undefined : await entryWith(client, domain, uuid, ['1.1']);
  const place = uuid === undefined ? (parent === undefined ? undefined : formatDn(parent)) : above?.dn;
  const add: LostAdd = { rdn, parent: place, attributes, whole: false };
  return withName(add);
}

/** A name brings its values with it. */
function withName(add: LostAdd): LostAdd {
  const attributes = new Map(add.attributes);
  for (const { type, value } of parseRdn(add.rdn)) {
    const known = [...attributes.keys()].find((one) => one.toLowerCase() === type.toLowerCase()) ?? type;
    const values = attributes.get(known) ?? [];
    if (!values.some((one) => latin1(one) === latin1(value))) attributes.set(known, [...values, value]);
  }
  return { ...add, attributes };
}

function valuesOf(lines: readonly LineOverLdap[]): ReadonlyMap<string, Values> {
  const found = new Map<string, Values>();
  for (const { attribute, value } of lines)
    if (attribute !== undefined && value !== undefined)
      found.set(attribute, [...(found.get(attribute) ?? []), value]);
  return found;
}

async function survivorOf(client: LdapClient, lines: readonly LineOverLdap[]): Promise<FoundEntry> {
  const [{ domain, entry }] = lines as readonly [LineOverLdap];
  const found = await entryWith(client, domain, entry, USER_ATTRIBUTES);
  if (found !== undefined) return found;
  throw new LdapError(
    'noSuchObject',
    `the entry ${entry} is not there; to bring it back: polyarch undelete --entry ${entry}`,
  );
}
