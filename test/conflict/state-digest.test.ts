/** Digests of states (replication-model.md section 7): the same for the same state however it came about, another one for each fact that differs. */
import t from 'tap';
import { utf8Encode } from '../../lib/base/bytes.js';
import type { EntryState } from '../../lib/conflict/entry-state.js';
import { digestState, NO_DIGEST, sameDigest } from '../../lib/conflict/state-digest.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { sampleState as sample, withValues } from './sample-state.js';
import { csn, id } from './story.js';

t.test('neither the order of attributes nor that of values counts', (t) => {
  const one = withValues(withValues(sample(), 'mail', ['a', 'b', 'c']), 'sn', ['x']);
  const other = withValues(withValues(sample(), 'sn', ['x']), 'mail', ['c', 'a', 'b']);
  t.ok(sameDigest(digestState(one), digestState(other)));
  t.notOk(sameDigest(digestState(one), NO_DIGEST));
  t.end();
});

t.test('every fact counts', (t) => {
  const base = withValues(sample(), 'mail', ['a', 'b']);
  const others: EntryState[] = [
    { ...base, uuid: id(9) },
    { ...base, created: { ...base.created, by: 'cn=y' } },
    { ...base, modified: { ...base.modified, csn: csn(8, 1) } },
    { ...base, preserved: { creatorsName: 'cn=z' } },
    { ...base, life: [{ csn: csn(7, 1), kind: 'delete' }] },
    { ...base, parent: id(8) },
    { ...base, parentCsn: csn(9, 1) },
    { ...base, rdnCsn: csn(9, 1) },
    { ...base, rdnCsn: csn(9, 1), rdnSince: csn(9, 1) },
    { ...base, claimCsn: csn(9, 1) },
    { ...base, place: { ...base.place, conflict: true } },
    { ...base, place: { ...base.place, parent: id(7) } },
    { ...base, merged: true },
    { ...base, rdn: { avas: base.rdn.avas.map((ava) => ({ ...ava, value: utf8Encode('other') })) } },
    withValues(base, 'mail', ['a']),
    withValues(base, 'mail', ['a', 'c']),
    withValues(base, 'mail', ['ab']),
    withValues(base, 'mail', ['a', 'b'], 'MAIL'),
    withValues(base, 'sn', ['x']),
  ];
  const seen = new Set(others.concat(base).map((state) => JSON.stringify(digestState(state))));
  t.equal(seen.size, others.length + 1);
  t.end();
});

t.test('values of one attribute are told from those of another', (t) => {
  const keys = ['mail', 'cn', 'sn', 'description'] as AttributeKey[];
  const seen = new Set<string>();
  for (const key of keys)
    for (let i = 0; i < 500; i++) seen.add(JSON.stringify(digestState(withValues(sample(), key, [`v${i}`]))));
  t.equal(seen.size, 2000);
  t.end();
});
