/** Entries by the texts of their names: what is remembered is proved by the entry, and most of what was put is found again. */
import t from 'tap';
import type { EntryId } from '../../lib/backend/backend.js';
import type { HeldEntry } from '../../lib/backend/rows/stored-entry.js';
import { DnTexts } from '../../lib/backend/tree/dn-texts.js';

const BASE = 'ou=people,dc=example,dc=com';
const COUNT = 100_000;

/** Entries by number, each under a name that tells it. */
function people(nameOf: (id: number) => string) {
  let looks = 0;
  const entry = (id: number) => {
    const dnText = nameOf(id);
    return { id, dnText, isNamed: (text: string) => text === dnText } as unknown as HeldEntry;
  };
  return {
    entry,
    byId: (id: EntryId) => {
      looks += 1;
      return entry(id);
    },
    taken: () => {
      const count = looks;
      looks = 0;
      return count;
    },
  };
}

t.test('of 100,000 names put once nearly all are found at one look, and none is taken for another', (t) => {
  const nameOf = (id: number) => `uid=user.${id},${BASE}`;
  const source = people(nameOf);
  const texts = new DnTexts();
  for (let id = 16; id < COUNT; id++) texts.put(nameOf(id), source.entry(id));
  let found = 0;
  let wrong = 0;
  for (let id = 16; id < COUNT; id++) {
    const entry = texts.get(nameOf(id), source);
    if (entry === undefined) continue;
    found += 1;
    if (entry.id !== id) wrong += 1;
  }
  t.equal(wrong, 0);
  t.ok(found > COUNT * 0.9, `${found} are found`);
  t.ok(source.taken() < found * 1.05, 'few looks for each');
  t.equal(texts.get(`uid=nobody,${BASE}`, source), undefined);
  t.end();
});

t.test(
  'numbers are whole up to the largest, two names share a place, and the older goes for a third',
  (t) => {
    const large = 2 ** 48 - 1;
    const source = people((id) => `uid=${id},${BASE}`);
    const texts = new DnTexts();
    texts.put(`uid=${large},${BASE}`, source.entry(large));
    t.equal(texts.get(`uid=${large},${BASE}`, source)?.id, large);
    texts.put(`uid=${large},${BASE}`, source.entry(large));
    t.equal(texts.get(`uid=${large},${BASE}`, source)?.id, large);
    t.equal(texts.get(`UID=${large},${BASE}`, source), undefined, 'another spelling was not put');
    texts.put(`UID=${large},${BASE}`, source.entry(large));
    t.equal(texts.get(`UID=${large},${BASE}`, source)?.id, large);
    texts.clear();
    t.equal(texts.get(`uid=${large},${BASE}`, source), undefined);
    t.equal(texts.get(`UID=${large},${BASE}`, source), undefined);
    t.end();
  },
);

t.test('an entry that was renamed is not found under the name before', (t) => {
  const texts = new DnTexts();
  const before = people((id) => `uid=${id},${BASE}`);
  texts.put(`uid=20,${BASE}`, before.entry(20));
  texts.put(`UID=20,${BASE}`, before.entry(20));
  const after = people((id) => `uid=new.${id},${BASE}`);
  t.equal(texts.get(`uid=20,${BASE}`, after), undefined);
  t.equal(texts.get(`UID=20,${BASE}`, after), undefined);
  t.end();
});

t.test('the row of an entry that is gone is read once for its name', (t) => {
  const texts = new DnTexts();
  let reads = 0;
  const gone = {
    byId: () => {
      reads += 1;
      return undefined;
    },
  };
  const there = people((id) => `uid=${id},${BASE}`);
  texts.put(`uid=20,${BASE}`, there.entry(20));
  for (let n = 0; n < 3; n++) t.equal(texts.get(`uid=20,${BASE}`, gone), undefined);
  t.equal(reads, 1);
  t.end();
});

t.test('a name that is forgotten is not looked for, and others are', (t) => {
  const texts = new DnTexts();
  const source = people((id) => `uid=${id},${BASE}`);
  for (const id of [20, 21]) texts.put(`uid=${id},${BASE}`, source.entry(id));
  texts.forget(`uid=20,${BASE}`);
  t.equal(texts.get(`uid=20,${BASE}`, source), undefined);
  t.equal(source.taken(), 0);
  t.equal(texts.get(`uid=21,${BASE}`, source)?.id, 21);
  t.end();
});
