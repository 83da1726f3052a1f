/** The judge of chaos runs finds what it is there for: without this a run that sees nothing would pass. */
import t from 'tap';
import { CHAOS, COUNTERS } from './hand.js';
import { type JournalLine, judgeMoves, judgeWrites, type Shown } from './judge.js';
import { Ledger } from './ledger.js';
import type { SeenEntry } from './session.js';

const csn = (time: number) => `${time.toString(16).padStart(12, '0')}000000000001`;

function entry(
  uuid: string,
  dn: string,
  values: Readonly<Record<string, readonly string[]>> = {},
): SeenEntry {
  return { dn, values: new Map(Object.entries({ entryuuid: [uuid], ...values })) };
}

const counters = COUNTERS.map((name) => entry(name, `uid=${name},${CHAOS}`, { uidnumber: ['5'] }));

/** A ledger of one entry: `a` and `b` were added, `b` was knowingly taken, it was renamed and moved. */
function told(): Ledger {
  const ledger = new Ledger();
  const facts = ledger.entry('u');
  const title = facts.attribute('title');
  title.steps.push({ csn: csn(3), kind: 'delete', values: ['b'] });
  title.steps.push({ csn: csn(1), kind: 'add', values: ['a'] }, { csn: csn(2), kind: 'add', values: ['b'] });
  title.taken.add('b');
  facts.renames.push({ csn: csn(5), rdn: 'uid=y' }, { csn: csn(1), rdn: 'uid=x' });
  facts.moves.push({ csn: csn(6), parent: 'p' });
  for (const name of COUNTERS) ledger.counters.set(name, { sure: 5, unsure: 2 });
  return ledger;
}

const parent = entry('p', `ou=c0,${CHAOS}`);

function judged(live: readonly SeenEntry[], journal: readonly JournalLine[] = [], ledger = told()): string[] {
  const shown: Shown = { live: [parent, ...counters, ...live], deleted: [] };
  return [...judgeWrites(ledger, shown, journal), ...judgeMoves(ledger, shown, journal)];
}

t.test('what CSN order makes of the writes is right, everything else a fault', (t) => {
  const at = (rdn: string, values: readonly string[]) =>
    judged([entry('u', `${rdn},ou=c0,${CHAOS}`, { title: values })]);
  t.same(at('uid=y', ['a']), []);
  t.match(at('uid=y', []), [/a was acknowledged/, /a would be there/]);
  t.match(at('uid=y', ['a', 'b']), [/b was taken away and is there/, /b would not be there/]);
  t.match(at('uid=x', ['a']), [/newest rename/]);
  t.match(at('entryUUID=u+uid=y', ['a']), [/conflict name without a line/]);
  const elsewhere = [entry('u', `uid=y,${CHAOS}`, { title: ['a'] })];
  t.match(judged(elsewhere), [/newest move/]);
  t.same(
    judged(elsewhere, [{ kind: 'name-conflict', entryUuid: 'p' }]),
    [],
    'the name was another entry then',
  );
  t.match(judged([]), [/u is gone/]);
  t.end();
});

t.test('an entry that is among the deleted was deleted by somebody', (t) => {
  const dead = entry('u', 'entryUUID=u', { title: ['a'], modifytimestamp: ['20260101000000Z'] });
  const shown = { live: counters, deleted: [dead] };
  t.match(judgeWrites(told(), shown, []), [/is deleted, by nobody/]);
  const ledger = told();
  ledger.entry('u').deleted = true;
  t.same(judgeWrites(ledger, shown, []), []);
  ledger
    .entry('u')
    .attribute('title')
    .steps.push({ csn: csn(9), kind: 'add', values: ['c'] });
  t.match(judgeWrites(ledger, shown, []), [/c was acknowledged/], 'an edit that found it dead is journalled');
  const line = { kind: 'change-of-deleted-entry', entryUuid: 'u', attribute: 'title', value: 'c' };
  t.same(judgeWrites(ledger, shown, [line]), []);
  t.end();
});

t.test('increments count once, those without an answer at most once', (t) => {
  const with5 = { live: counters, deleted: [] };
  const of = (sure: number, unsure: number) => {
    const ledger = new Ledger();
    for (const name of COUNTERS) ledger.counters.set(name, { sure, unsure });
    return judgeWrites(ledger, with5, []).length;
  };
  t.equal(of(5, 0), 0);
  t.equal(of(3, 2), 0);
  t.equal(of(6, 0), 2);
  t.equal(of(3, 1), 2);
  t.end();
});

t.test(
  'what was made anew may take the place of what came meanwhile; what could not be made stands in `replication unseen`',
  (t) => {
    const shown: Shown = { live: [parent, ...counters, entry('u', `uid=y,ou=c0,${CHAOS}`)], deleted: [] };
    const ledger = told();
    ledger.madeAnew.add(2);
    t.match(judgeWrites(ledger, shown, []), [/a was acknowledged/], 'neither here');
    t.same(judgeWrites(ledger, shown, [], 'add: title\ntitle: a\n'), []);
    ledger
      .entry('u')
      .attribute('title')
      .steps.push({ csn: `${csn(1).slice(0, 20)}0002`, kind: 'replace', values: [] });
    t.same(judgeWrites(ledger, shown, []), []);
    t.end();
  },
);
