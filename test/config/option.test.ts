/** Rows of the option table: defaults of a row, and names from keys. */
import t from 'tap';
import {
  choice,
  flag,
  integer,
  list,
  lists,
  map,
  optionFlag,
  optionVariable,
  text,
} from '../../lib/config/option.js';

t.test('a row without extras is optional, public and unchecked', (t) => {
  for (const row of [
    text('x'),
    integer('x', 0, 1),
    flag('x'),
    choice('x', ['a']),
    list('x'),
    map('x'),
    lists('x', ['a']),
  ])
    t.match(row, { help: 'x', preset: undefined, required: false, secret: false, check: undefined });
  t.end();
});

t.test('names follow from keys', (t) => {
  t.equal(optionFlag('peerAddresses'), 'peer-addresses');
  t.equal(optionVariable('peerAddresses'), 'POLYARCH_PEER_ADDRESSES');
  t.equal(optionFlag('cache.entryMiB'), 'cache-entry-mib');
  t.end();
});
