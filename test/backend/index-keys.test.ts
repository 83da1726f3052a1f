/** Index rows of two states of an entry: what a change makes of them is the difference of what each state has by itself. */
import t from 'tap';
import { IndexConfig } from '../../lib/backend/index/index-config.js';
import { type IndexedState, IndexKeys } from '../../lib/backend/index/index-keys.js';
import { type DomainNumber, KeySpace } from '../../lib/backend/rows/key-space.js';
import { latin1, utf8Encode } from '../../lib/base/bytes.js';
import type { EntryState, Stamp } from '../../lib/conflict/entry-state.js';
import type { Attribute } from '../../lib/entry/entry.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import { cn, csn, Dice, id } from '../conflict/story.js';
import { schema } from './engine.js';

const keys = new KeySpace(1 as DomainNumber);
const config = new IndexConfig(
  {
    cn: { equality: true, substring: true },
    description: { equality: true, presence: true },
    uidNumber: { equality: true, ordering: true },
    createTimestamp: { ordering: true },
    modifyTimestamp: { ordering: true },
  },
  schema,
);
const indexKeys = new IndexKeys(config, keys);

const stamp = (t: number): Stamp => ({ csn: csn(t * 1000, 1), by: 'cn=x' });

function indexed(made: Stamp, modified: Stamp, attributes: Map<AttributeKey, Attribute>): IndexedState {
  const { csn: at } = made;
  const state: EntryState = {
    ...{ uuid: id(3), created: made, modified, preserved: {}, life: [], parent: id(1), parentCsn: at },
    ...{ rdn: cn('a'), rdnCsn: at, rdnSince: at, claimCsn: at, merged: false, attributes },
    place: { parent: id(1), conflict: false },
  };
  return { state, shown: attributes };
}

/** Rows gained and lost, each once. */
function difference(before: IndexedState | undefined, after: IndexedState | undefined) {
  const gained = new Set<string>();
  const lost = new Set<string>();
  let twice = 0;
  indexKeys.difference(before, after, (key, kind, normal, add) => {
    const rows = add ? gained : lost;
    const row = `${key} ${kind} ${latin1(keys.indexValue(key, kind, normal))}`;
    if (rows.has(row)) twice += 1;
    rows.add(row);
  });
  return { gained, lost, twice };
}

t.test(
  'a change gains what the state after it has and that before it has not, and loses the reverse',
  async (t) => {
    const dice = new Dice(Number(process.env.POLYARCH_SEED ?? 7));
    const long = (tail: string) => `${'long '.repeat(14)}${tail}`;
    const texts = ['a', 'A', 'b', 'ab cd', long('x'), long('y')];
    for (let n = 0; n < 40; n++) texts.push(`v${n}`);
    const names = ['cn', 'description', 'description;lang-de', 'uidNumber', 'l'];
    let made = stamp(5);
    let before = indexed(made, made, new Map());
    const wrong: unknown[] = [];
    for (let step = 0; step < 500; step++) {
      const attributes = new Map(before.shown);
      for (let edits = dice.roll(3); edits >= 0; edits--) {
        const name = names[dice.roll(names.length)] as string;
        const key = name.toLowerCase() as AttributeKey;
        const few = dice.once(20) ? 40 : dice.roll(4);
        const kept = (attributes.get(key)?.values ?? []).filter(() => dice.once(2));
        const more = Array.from({ length: few }, () =>
          utf8Encode(name === 'uidNumber' ? String(dice.roll(50)) : dice.pick(texts)),
        );
        // Distinct under the rule; those that stay are the same octets.
        const distinct = new Map<string, Uint8Array>();
        for (const value of [...kept, ...more]) {
          const normal = latin1(value).toLowerCase();
          if (!distinct.has(normal)) distinct.set(normal, value);
        }
        if (distinct.size === 0) attributes.delete(key);
        else attributes.set(key, { name, values: [...distinct.values()] });
      }
      if (dice.once(50)) made = stamp(step);
      const after = indexed(made, stamp(step + dice.roll(2)), attributes);
      const [was, is] = [difference(undefined, before), difference(undefined, after)];
      const { gained, lost, twice } = difference(before, after);
      const due = [...is.gained].filter((row) => !was.gained.has(row));
      const gone = [...was.gained].filter((row) => !is.gained.has(row));
      const back = difference(after, undefined);
      const same = (a: Iterable<string>, b: Iterable<string>) =>
        [...a].sort().join() === [...b].sort().join();
      if (!same(gained, due) || !same(lost, gone) || twice > 0 || !same(back.lost, is.gained))
        wrong.push({ step, gained: [...gained], due, lost: [...lost], gone, twice });
      before = after;
    }
    t.same(wrong.slice(0, 2), []);
  },
);

t.test('another second of the last change is one row less and one more, the same second none', async (t) => {
  const at = (ms: number) => indexed(stamp(1), { csn: csn(ms, 1), by: 'cn=x' }, new Map());
  const { gained, lost } = difference(at(100_000), at(101_000));
  t.same([gained.size, lost.size], [1, 1]);
  t.not([...gained][0], [...lost][0]);
  const same = difference(at(100_000), at(100_999));
  t.same([same.gained.size, same.lost.size], [0, 0]);
});
