/**
 * Random writes to the attributes of entries: values, counters, groups, passwords, large values, and definitions of the schema.
 */
import { utf8Encode } from '../../lib/base/bytes.js';
import { LdapError } from '../../lib/base/ldap-error.js';
import type { LdapClient } from '../../lib/io/ldap-client.js';
import { EXTENDED_OIDS } from '../../lib/ldap/control-oids.js';
import { encodePasswordModify } from '../../lib/ldap/extended/password-modify.js';
import { CHAOS, COUNTERS, change, GROUPS, type Hand, uuidOf } from './hand.js';
import type { SeenEntry } from './session.js';

/** A modify whose steps are known, one for each attribute. */
async function modifyKnown(
  hand: Hand,
  kind: string,
  entry: SeenEntry,
  steps: readonly { attribute: string; kind: 'add' | 'delete' | 'replace'; values: readonly string[] }[],
): Promise<void> {
  const modifications = steps.map((step) => change(step.kind, step.attribute, ...step.values));
  const outcome = await hand.session.write(
    (client, controls) => client.modify(entry.dn, modifications, { controls }),
    { read: 'before', assured: hand.random.chance(0.1) },
  );
  const done = hand.note(kind, entry.dn, outcome, { uuid: uuidOf(entry), steps });
  if (outcome.kind === 'unknown')
    for (const { attribute } of steps) hand.ledger.entry(uuidOf(entry)).attribute(attribute).unsure = true;
  if (!done || outcome.kind !== 'done') return;
  for (const step of steps) {
    const facts = hand.ledger.entry(uuidOf(outcome.seen)).attribute(step.attribute);
    const before = outcome.seen?.values.get(step.attribute.toLowerCase()) ?? [];
    facts.steps.push({ csn: outcome.csn, kind: step.kind, values: step.values });
    const kept = step.kind === 'add' ? before : step.kind === 'replace' ? step.values : [];
    for (const value of step.kind === 'delete' ? step.values : before)
      if (!kept.includes(value)) facts.taken.add(value);
  }
}

export async function addValue(hand: Hand): Promise<void> {
  const entry = await hand.some();
  if (entry === undefined) return;
  const attribute = hand.random.pick(['description', 'title']);
  await modifyKnown(hand, 'addValue', entry, [{ attribute, kind: 'add', values: [hand.token()] }]);
}

export async function deleteValue(hand: Hand): Promise<void> {
  const entry = await hand.some();
  const attribute = hand.random.pick(['description', 'title']);
  const values = entry?.values.get(attribute) ?? [];
  if (entry === undefined || values.length === 0) return;
  await modifyKnown(hand, 'deleteValue', entry, [
    { attribute, kind: 'delete', values: [hand.random.pick(values)] },
  ]);
}

export async function replace(hand: Hand): Promise<void> {
  const entry = await hand.some();
  if (entry === undefined) return;
  const attribute = hand.random.pick(['description', 'title']);
  const values = Array.from({ length: hand.random.below(3) }, () => hand.token());
  await modifyKnown(hand, 'replace', entry, [{ attribute, kind: 'replace', values }]);
}

export async function single(hand: Hand): Promise<void> {
  const entry = await hand.some();
  if (entry === undefined) return;
  const kind = hand.random.chance(0.7) ? 'replace' : 'add';
  await modifyKnown(hand, 'single', entry, [{ attribute: 'displayName', kind, values: [hand.token()] }]);
}

export async function several(hand: Hand): Promise<void> {
  const entry = await hand.some();
  if (entry === undefined) return;
  await modifyKnown(hand, 'several', entry, [
    { attribute: 'title', kind: 'add', values: [hand.token(), hand.token()] },
    { attribute: 'displayName', kind: 'replace', values: [hand.token()] },
  ]);
}

export async function mail(hand: Hand): Promise<void> {
  const entry = await hand.some();
  if (entry === undefined) return;
  const mail = `m${hand.random.below(30)}@x`;
  const outcome = await hand.session.write(
    (client, controls) => client.modify(entry.dn, [change('replace', 'mail', mail)], { controls }),
    { read: 'not', assured: false },
  );
  hand.note('mail', entry.dn, outcome);
}

export async function increment(hand: Hand): Promise<void> {
  const name = hand.random.pick(COUNTERS);
  const dn = `uid=${name},${CHAOS}`;
  const by = 1 + hand.random.below(9);
  const outcome = await hand.session.write(
    (client, controls) => client.modify(dn, [change('increment', 'uidNumber', String(by))], { controls }),
    { read: 'not', assured: false },
  );
  const done = hand.note('increment', dn, outcome, { by });
  const facts = hand.ledger.counters.get(name) ?? { sure: 0, unsure: 0 };
  if (done) facts.sure += by;
  else if (outcome.kind === 'unknown') facts.unsure += by;
  hand.ledger.counters.set(name, facts);
}

export async function member(hand: Hand): Promise<void> {
  const entry = await hand.some();
  if (entry === undefined) return;
  const dn = `cn=${hand.random.pick(GROUPS)},${CHAOS}`;
  const kind = hand.random.pick(['add', 'add', 'add', 'delete', 'replace'] as const);
  const outcome = await hand.session.write(
    (client, controls) => client.modify(dn, [change(kind, 'member', entry.dn)], { controls }),
    { read: 'not', assured: false },
  );
  hand.note('member', dn, outcome, { step: kind, member: entry.dn });
}

export async function password(hand: Hand): Promise<void> {
  const entry = await hand.some();
  if (entry === undefined) return;
  const value = encodePasswordModify({
    user: entry.dn,
    oldPassword: undefined,
    newPassword: utf8Encode(hand.token()),
  });
  const request = { kind: 'extended', oid: EXTENDED_OIDS.passwordModify, value } as const;
  const outcome = await hand.session.write((client, controls) => succeeded(client, request, controls), {
    read: 'not',
    assured: false,
  });
  hand.note('password', entry.dn, outcome);
}

export async function large(hand: Hand): Promise<void> {
  const entry = await hand.some();
  if (entry === undefined) return;
  const photo = hand.random.bytes(hand.random.chance(0.2) ? 1_000_000 : 50_000);
  const outcome = await hand.session.write(
    (client, controls) => client.modify(entry.dn, [change('replace', 'jpegPhoto', photo)], { controls }),
    { read: 'not', assured: false },
  );
  hand.note('large', entry.dn, outcome);
}

export async function schema(hand: Hand): Promise<void> {
  const number = hand.random.below(12);
  const oid = `1.3.6.1.4.1.99999.7.${number}`;
  const definition = `( ${oid} NAME 'chaos${number}' DESC '${hand.token()}' SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )`;
  const outcome = await hand.session.write(
    (client, controls) =>
      client.modify('cn=schema', [change('add', 'attributeTypes', definition)], { controls }),
    { read: 'not', assured: false },
  );
  hand.ledger.count('schema', outcome.kind);
  hand.trace({ at: Date.now(), writer: hand.name, definition, ...outcome });
}

async function succeeded(
  client: LdapClient,
  request: Parameters<LdapClient['exchange']>[0],
  controls: readonly { oid: string; critical: boolean; value: Uint8Array | undefined }[],
) {
  const answer = await client.exchange(request, { controls });
  const { result, diagnostic } = answer.response.result;
  if (result !== 'success') throw new LdapError(result, diagnostic);
  return answer;
}
