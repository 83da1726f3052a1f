/**
 * Random writes to the tree: adds, renames, moves, deletes of leaves and subtrees, and deleted entries brought back.
 */
import { CONTROL_OIDS } from '../../lib/ldap/control-oids.js';
import { BASE } from '../e2e/harness.js';
import { attributes, CHAOS, CONTESTED, change, type Hand, rdnOf, uuidOf } from './hand.js';
import { csnMs } from './ledger.js';
import type { SeenEntry } from './session.js';

export async function add(hand: Hand): Promise<void> {
  const parent = await hand.someParent();
  if (parent === undefined) return;
  const token = hand.token();
  const rdn = hand.random.chance(0.4) ? `uid=contested.${hand.random.below(CONTESTED)}` : `uid=${token}`;
  const dn = `${rdn},${parent.dn}`;
  const entry = attributes({
    objectClass: ['inetOrgPerson', 'posixAccount'],
    ...{ uid: rdn.slice(4), cn: token, sn: token, title: token },
    ...{ uidNumber: '1', gidNumber: '1', homeDirectory: '/' },
  });
  const outcome = await hand.session.write((client, controls) => client.add(dn, entry, { controls }), {
    read: 'after',
    assured: hand.random.chance(0.1),
  });
  if (!hand.note('add', dn, outcome) || outcome.kind !== 'done') return;
  const uuid = uuidOf(outcome.seen);
  const facts = hand.ledger.entry(uuid);
  facts.attribute('title').steps.push({ csn: outcome.csn, kind: 'add', values: [token] });
  facts.renames.push({ csn: outcome.csn, rdn });
  hand.made.push(uuid);
}

async function modifyDn(
  hand: Hand,
  kind: string,
  entry: SeenEntry,
  newRdn: string,
  parent?: SeenEntry,
): Promise<void> {
  const deleteOld = hand.random.chance(0.7);
  const outcome = await hand.session.write(
    (client, controls) => client.modifyDn(entry.dn, newRdn, deleteOld, parent?.dn, { controls }),
    { read: 'before', assured: false },
  );
  const more = { uuid: uuidOf(entry), newRdn, parent: parent?.dn };
  const done = hand.note(kind, entry.dn, outcome, more);
  if (outcome.kind === 'unknown') hand.ledger.entry(uuidOf(entry)).nameUnsure = true;
  if (!done || outcome.kind !== 'done') return;
  const facts = hand.ledger.entry(uuidOf(outcome.seen));
  if (rdnOf(outcome.seen?.dn ?? '') !== newRdn) facts.renames.push({ csn: outcome.csn, rdn: newRdn });
  if (parent !== undefined) facts.moves.push({ csn: outcome.csn, parent: uuidOf(parent) });
}

export async function rename(hand: Hand): Promise<void> {
  const entry = await hand.some();
  if (entry === undefined) return;
  const contested = hand.random.chance(0.4);
  const rdn = contested ? `uid=contested.${hand.random.below(CONTESTED)}` : `uid=${hand.token()}`;
  await modifyDn(hand, 'rename', entry, rdn);
}

export async function move(hand: Hand): Promise<void> {
  const entry = await hand.some();
  const parent = await hand.someParent();
  if (entry === undefined || parent === undefined || entry.dn === parent.dn) return;
  const rdn = hand.random.chance(0.3) ? `uid=${hand.token()}` : rdnOf(entry.dn);
  await modifyDn(hand, 'move', entry, rdn, parent);
}

export async function remove(hand: Hand, tree: boolean): Promise<void> {
  const entry = await hand.some();
  if (entry === undefined) return;
  const more = tree ? [{ oid: CONTROL_OIDS.treeDelete, critical: true, value: undefined }] : [];
  const outcome = await hand.session.write((client, controls) => client.delete(entry.dn, { controls }), {
    read: 'before',
    assured: false,
    more,
  });
  const kind = tree ? 'treeDelete' : 'delete';
  const done = hand.note(kind, entry.dn, outcome, { uuid: uuidOf(entry) });
  if (outcome.kind === 'refused') return;
  const facts = hand.ledger.entry(uuidOf(done && outcome.kind === 'done' ? outcome.seen : entry));
  facts.deleted = true;
  facts.livesUnsure = true;
  if (!tree) return;
  if (outcome.kind === 'done') hand.ledger.treeDeletes.push(csnMs(outcome.csn));
  else hand.ledger.treeDeleteUnsure = true;
}

export async function undelete(hand: Hand): Promise<void> {
  const control = { oid: CONTROL_OIDS.showDeleted, critical: true, value: undefined };
  const names = ['entryUUID', 'lastKnownParent'];
  const found = await hand.session.search(BASE, '(isDeleted=TRUE)', names, [control]);
  if (found.length === 0) return;
  const entry = hand.random.pick(found);
  const dn = `uid=${hand.token()},${hand.random.chance(0.5) ? CHAOS : `ou=c0,${CHAOS}`}`;
  const modifications = [change('delete', 'isDeleted'), change('replace', 'distinguishedName', dn)];
  const outcome = await hand.session.write(
    (client, controls) => client.modify(entry.dn, modifications, { controls }),
    { read: 'not', assured: false, more: [control] },
  );
  hand.note('undelete', entry.dn, outcome, { uuid: uuidOf(entry), dn });
  if (outcome.kind === 'refused') return;
  const facts = hand.ledger.entry(uuidOf(entry));
  facts.livesUnsure = true;
  facts.nameUnsure = true;
}
