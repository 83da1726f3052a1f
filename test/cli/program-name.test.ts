/** Command lines in messages can be pasted where the user stands. */
import t from 'tap';
import { programName } from '../../lib/cli/program-name.js';

t.test('the program is named as it can be called', (t) => {
  t.equal(programName(undefined, '/home/u'), 'polyarch');
  t.equal(programName('polyarch', '/home/u'), 'polyarch');
  t.equal(programName('/home/u/p/bin/polyarch', '/home/u/p'), 'bin/polyarch');
  t.equal(programName('bin/polyarch', '/home/u/p'), 'bin/polyarch');
  t.equal(programName('/opt/p/bin/polyarch', '/home/u'), '/opt/p/bin/polyarch');
  t.equal(programName('/opt/my p/bin/polyarch', '/home/u'), "'/opt/my p/bin/polyarch'");
  t.end();
});
