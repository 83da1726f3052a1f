/**
 * Changes as LDIF, and those of this server that no other one is known to have: what to look at before its data are replaced, or to apply elsewhere by hand.
 */

import { utf8Encode } from '../../base/bytes.js';
import type { Change } from '../../change/change.js';
import { decodeChange } from '../../change/change-codec.js';
import { formatNamedRdn } from '../../change/named-rdn.js';
import { type Csn, toReplicaId } from '../../csn/csn.js';
import type { EntryModification } from '../../entry/modification.js';
import { formatRecord } from '../../ldif/format-record.js';
import type { LdifChange } from '../../ldif/ldif-record.js';
import type { RunningDomain } from '../domain/domain.js';

/** The LDIF records, one text each; values of `isSecret` attributes are left out. */
export async function* unseenChanges(
  domain: RunningDomain,
  serverId: number,
  isSecret: (attribute: string) => boolean,
): AsyncGenerator<string, undefined> {
  const own = toReplicaId(serverId);
  if (own === undefined) return undefined;
  const { changelog, members, reissue } = domain.upkeep;
  let seen: Csn | undefined;
  for (const { replica, report } of members.rows()) {
    const known = replica === own ? undefined : report?.state.get(own);
    if (known !== undefined && (seen === undefined || known > seen)) seen = known;
  }
  for (const known of domain.heldByPeers(own)) if (seen === undefined || known > seen) seen = known;
  if (reissue !== undefined)
    for await (const changes of reissue.left())
      for (const change of changes) yield changeRecord(domain, change, isSecret);
  for await (const slice of changelog.scan(own, seen))
    for (const { bytes } of slice) yield changeRecord(domain, decodeChange(bytes), isSecret);
  return undefined;
}

/** One change as an LDIF record, or a comment where LDIF has no word for it; values of `isSecret` attributes are left out. */
export function changeRecord(
  domain: RunningDomain,
  change: Change,
  isSecret: (attribute: string) => boolean,
): string {
  const { body, csn, entry, initiator } = change;
  const named = (uuid: Change['entry']) => domain.backend.byUuid(uuid)?.dnText ?? `entryUUID=${uuid}`;
  const dn = body.kind === 'add' ? `${formatNamedRdn(body.rdn)},${named(body.parent)}` : named(entry);
  const comments = [`change ${csn} by ${initiator}`];
  const shown = <T extends { readonly key: string }>(all: readonly T[]): readonly T[] =>
    all.filter(({ key }) => {
      if (isSecret(key)) comments.push(`values of ${key} are not shown`);
      return !isSecret(key);
    });
  let record: LdifChange;
  if (body.kind === 'add') {
    const attributes = shown(body.attributes).map(({ name, values }) => ({ description: name, values }));
    record = {
      kind: 'add',
      attributes: [...attributes, { description: 'entryUUID', values: [utf8Encode(entry)] }],
    };
  } else if (body.kind === 'modify')
    record = { kind: 'modify', modifications: shown(body.attributes).flatMap(modifications) };
  else if (body.kind === 'modifyDn') {
    const rdn = body.rdn ?? domain.backend.byUuid(entry)?.state.rdn;
    const newRdn = rdn === undefined ? `entryUUID=${entry}` : formatNamedRdn(rdn);
    const newSuperior = body.parent === undefined ? undefined : named(body.parent);
    const deleteOldRdn = body.attributes.some(({ remove }) => remove.length > 0);
    record = { kind: 'modifyDn', newRdn, deleteOldRdn, newSuperior };
  } else {
    if (body.kind === 'undelete') return `# change ${csn} by ${initiator}: undelete of ${dn}\n\n`;
    record = { kind: 'delete' };
  }
  return formatRecord({ kind: 'change', dn, controls: [], change: record }, { comments });
}

function modifications(
  change: Extract<Change['body'], { kind: 'modify' }>['attributes'][number],
): EntryModification[] {
  const { name, clear, remove, add, increment } = change;
  const of = (
    operation: EntryModification['operation'],
    values: readonly Uint8Array[],
  ): EntryModification => ({
    operation,
    attribute: { description: name, values },
  });
  const made: EntryModification[] = [];
  if (clear) made.push(of('replace', add));
  else {
    if (remove.length > 0) made.push(of('delete', remove));
    if (add.length > 0) made.push(of('add', add));
  }
  if (increment !== 0n) made.push(of('increment', [utf8Encode(String(increment))]));
  return made;
}
