/** The option indexes as commands change it. */
import t from 'tap';
import { parseIndexNames, withIndexes, withoutIndexes } from '../../lib/config/index-lists.js';

const keyOf = (name: string) => ({ surname: 'sn', sn: 'sn', mail: 'mail', uid: 'uid' })[name.toLowerCase()];
const LISTS = { uid: ['equality'], SN: ['equality', 'substring'] } as const;

t.test('names are read, or refused with every fault', async (t) => {
  t.same(parseIndexNames(['mail:equality, substring', 'sn'], false), [
    { attribute: 'mail', kinds: ['equality', 'substring'] },
    { attribute: 'sn', kinds: [] },
  ]);
  t.throws(() => parseIndexNames(['sn'], true), {
    code: 'COMMAND_INVALID',
    faults: [/say which kind/],
  } as never);
  t.throws(() => parseIndexNames([], true), { faults: [/name the indexes with --index/] } as never);
  t.throws(() => parseIndexNames(['mail:sub', ':equality'], true), {
    faults: [/"sub" is no kind of index/, /":equality"/],
  } as never);
});

t.test('an attribute keeps the spelling that it has', async (t) => {
  t.same(withIndexes(LISTS, parseIndexNames(['surname:ordering', 'mail:substring,equality'], true), keyOf), {
    uid: ['equality'],
    SN: ['equality', 'substring', 'ordering'],
    mail: ['equality', 'substring'],
  });
  t.same(withoutIndexes(LISTS, parseIndexNames(['surname:equality'], false), keyOf), {
    uid: ['equality'],
    SN: ['substring'],
  });
  t.same(withoutIndexes(LISTS, parseIndexNames(['sn', 'uid:equality'], false), keyOf), {});
  t.throws(() => withoutIndexes(LISTS, parseIndexNames(['mail', 'uid:ordering'], false), keyOf), {
    code: 'COMMAND_INVALID',
    faults: ['mail is not indexed', 'uid:ordering is not indexed'],
  } as never);
});
