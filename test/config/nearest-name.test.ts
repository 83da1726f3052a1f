/** "Did you mean": slips are found, strangers are not. */
import t from 'tap';
import { nearestName } from '../../lib/config/nearest-name.js';

t.test('one slip finds its name', (t) => {
  const names = ['limits', 'listen', 'log', 'durability'];
  t.equal(nearestName('limts', names), 'limits');
  t.equal(nearestName('Limits', names), 'limits');
  t.equal(nearestName('lsiten', names), 'listen', 'two neighbours swapped');
  t.equal(nearestName('durabilty', names), 'durability');
  t.end();
});

t.test('what is far from every name finds none', (t) => {
  t.equal(nearestName('replication', ['limits', 'log']), undefined);
  t.equal(nearestName('x'.repeat(1000), ['x']), undefined);
  t.end();
});
