/**
 * One change as an entry of cn=changelog (draft-good-ldap-changelog-04; attribute names as OpenDJ has them).
 *
 * targetDN: of an add the name it was given below its parent's present name; else the name that the entry has now, or had when it died. targetEntryUUID is what never
 * changes. `changes` is LDIF without its first lines. Values are as they are stored: passwords are hashes.
 */
import { generalizedTime } from '../../backend/rows/computed-attributes.js';
import { unreachable } from '../../base/assert.js';
import { ByteWriter } from '../../base/binary.js';
import { utf8Encode } from '../../base/bytes.js';
import { LONG_OCTETS, type Steps } from '../../base/steps.js';
import { type AttributeChange, type Change, ROOT_UUID } from '../../change/change.js';
import { formatNamedRdn } from '../../change/named-rdn.js';
import { csnReplica, csnTimeMs } from '../../csn/csn.js';
import { formatRdn, parseDn } from '../../dn/dn-text.js';
import type { EntryModification } from '../../entry/modification.js';
import { changePieces } from '../../ldif/format-record.js';
import type { LdifChange } from '../../ldif/ldif-record.js';
import type { Schema } from '../../schema/schema.js';
import type { Domain } from '../directory.js';
import { CHANGELOG_DN, SUBSCHEMA_DN } from '../trees/root-dse.js';
import { type NamedEntry, type VirtualValues, virtualEntry } from '../trees/virtual-tree.js';
import type { ChangelogDomain } from './changelog-tree.js';

const LINE_FEED = 0x0a;

/** The entry of a change, in steps where it has many values. `number`: 0 where it is not asked for; `cookie`: the position behind it. */
export function* changelogEntryInSteps(
  schema: Schema,
  { domain, included }: Pick<ChangelogDomain, 'domain' | 'included'>,
  change: Change,
  number: number,
  cookie: string | undefined,
): Steps<NamedEntry> {
  const { csn, body } = change;
  const dn =
    number > 0
      ? `changeNumber=${number},${CHANGELOG_DN}`
      : `replicationCSN=${csn},${domain.baseText},${CHANGELOG_DN}`;
  const target = targetDn(domain, change);
  const values: Record<string, VirtualValues> = {
    objectClass: ['top', 'changeLogEntry'],
    changeNumber: String(number),
    changeTime: generalizedTime(csnTimeMs(csn)),
    changeType: typeOf(change),
    targetDN: target,
    changes: (yield* changesInSteps(change)) ?? [],
    includedAttributes: included?.of(domain, change) ?? [],
    replicationCSN: csn,
    replicaIdentifier: String(csnReplica(csn)),
    targetEntryUUID: change.entry,
    changeLogCookie: cookie === undefined ? [] : [cookie],
    changeInitiatorsName: change.initiator === '' ? [] : [change.initiator],
  };
  if (body.kind === 'modifyDn') {
    values.newRDN =
      body.rdn === undefined ? formatRdn(parseDn(target).rdns[0] ?? []) : formatNamedRdn(body.rdn);
    values.deleteOldRDN = body.attributes.some(({ remove, clear }) => clear || remove.length > 0)
      ? 'TRUE'
      : 'FALSE';
    if (body.parent !== undefined) values.newSuperior = nameOf(domain, body.parent);
  }
  return virtualEntry(schema, dn, values, {
    entryDN: dn,
    subschemaSubentry: SUBSCHEMA_DN,
    hasSubordinates: 'FALSE',
    numSubordinates: '0',
  });
}

function typeOf({ body }: Change): string {
  if (body.kind === 'modifyDn') return 'modrdn';
  return body.kind === 'undelete' ? 'add' : body.kind;
}

function nameOf(domain: Domain, uuid: Change['entry']): string {
  return domain.backend.lastName(uuid) ?? `entryUUID=${uuid},${domain.baseText}`;
}

function targetDn(domain: Domain, { entry, body }: Change): string {
  if (body.kind !== 'add') return nameOf(domain, entry);
  if (body.parent === ROOT_UUID) return domain.baseText;
  return `${formatNamedRdn(body.rdn)},${nameOf(domain, body.parent)}`;
}

/** LDIF of what the change does, without dn and changetype; undefined for one that says it all by its type. */
function* changesInSteps({ body }: Change): Steps<Uint8Array | undefined> {
  const change = ldifOf(body);
  if (change === undefined) return undefined;
  const writer = new ByteWriter(1024);
  for (const piece of changePieces(change)) {
    if (writer.length >= LONG_OCTETS) yield;
    writer.raw(utf8Encode(piece));
  }
  if (writer.length === 0) writer.u8(LINE_FEED);
  return writer.length < LONG_OCTETS ? writer.finish() : yield* writer.finishInSteps();
}

function ldifOf(body: Change['body']): LdifChange | undefined {
  switch (body.kind) {
    case 'add':
      return {
        kind: 'add',
        attributes: body.attributes.map(({ name, values }) => ({ description: name, values })),
      };
    case 'modify':
      return { kind: 'modify', modifications: body.attributes.flatMap(modificationsOf) };
    case 'modifyDn':
    case 'delete':
    case 'undelete':
      return undefined;
    default:
      return unreachable(body);
  }
}

function modificationsOf(change: AttributeChange): EntryModification[] {
  const { name, clear, remove, add, increment } = change;
  const made: EntryModification[] = [];
  const one = (operation: EntryModification['operation'], values: readonly Uint8Array[]) =>
    made.push({ operation, attribute: { description: name, values } });
  if (clear) one('replace', add);
  else {
    if (remove.length > 0) one('delete', remove);
    if (add.length > 0) one('add', add);
  }
  if (increment !== 0n) one('increment', [utf8Encode(String(increment))]);
  return made;
}
