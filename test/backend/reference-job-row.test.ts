/** Reference jobs that wait (docs/data-format.md, tag `f`): verify reads each to its last octet and tells what cannot be done. */
import t from 'tap';
import { textOp } from '../../lib/backend/domain-facts.js';
import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import {
  decodeJob,
  encodeJob,
  jobNumber,
  type ReferenceJob,
} from '../../lib/backend/rules/reference-job-row.js';
import { must } from '../../lib/base/assert.js';
import { concatBytes } from '../../lib/base/bytes.js';
import { adding, freshUuid, openEngine, violations } from './engine.js';

const BASE = 'dc=example,dc=com';
const NUMBER = 1_700_000_000_000_000;

async function withBase() {
  const store = new MemoryStore();
  const engine = await openEngine({ store });
  await engine.backend.submit('cn=admin', adding(BASE, { objectClass: ['top', 'domain'], dc: ['example'] }));
  const { keys } = engine.backend.parts;
  await store.batch([textOp(keys, 'base', BASE)], { sync: false });
  const row = keys.referenceJob(NUMBER);
  const { uuid } = must(engine.backend.byDnText(BASE), 'the base');
  const found = async (key: Uint8Array, value: Uint8Array) => {
    await store.batch([{ type: 'put', key, value }], { sync: false });
    const told = await violations(engine);
    await store.batch([{ type: 'del', key }], { sync: false });
    return told;
  };
  const job: ReferenceJob = {
    moved: uuid,
    key: `uid=a\\2cb+cn=x,${BASE}`,
    deep: true,
    initiator: 'cn=admin',
  };
  return { engine, row, found, job };
}

t.test('a job is read as it was written, and verify has nothing to say of it', async (t) => {
  const { engine, row, found, job } = await withBase();
  t.equal(jobNumber(row), NUMBER);
  for (const one of [
    job,
    { ...job, deep: false, initiator: '' },
    { moved: undefined, key: BASE, deep: false, initiator: 'uid=a\\,b,o=x' },
  ]) {
    t.same(decodeJob(encodeJob(one)), one);
    t.same(await found(row, encodeJob(one)), []);
  }
  await engine.backend.close();
});

t.test(
  'verify tells a job that cannot be read, wherever it was cut, or that says what cannot be',
  async (t) => {
    const { engine, row, found, job } = await withBase();
    const sound = encodeJob(job);
    for (let length = 0; length < sound.length; length++)
      t.match(await found(row, sound.slice(0, length)), [/Row f .* cannot be read/], `${length} octets`);
    const stranger = freshUuid();
    const breaks: readonly (readonly [string, Uint8Array, Uint8Array, RegExp])[] = [
      ['octets behind the end', row, concatBytes([sound, Uint8Array.of(0)]), /cannot be read/],
      ['an unknown flag', row, concatBytes([Uint8Array.of(7), sound.subarray(1)]), /cannot be read/],
      ['a key cut short', row.slice(0, 9), sound, /cannot be read: .*length/],
      ['a key too long', concatBytes([row, Uint8Array.of(1)]), sound, /cannot be read: .*length/],
      ['a number out of range', concatBytes([row.subarray(0, 3), row.slice(3).fill(0xff)]), sound, /number/],
      ['no name', row, encodeJob({ ...job, key: `uid,${BASE}` }), /is no name/],
      ['an empty name', row, encodeJob({ ...job, key: '' }), /is no name/],
      ['a name elsewhere', row, encodeJob({ ...job, key: 'uid=a,dc=org' }), /does not lie in the domain/],
      ['an entry of nowhere', row, encodeJob({ ...job, moved: stranger }), /is not stored/],
      ['names below one that went', row, encodeJob({ ...job, moved: undefined }), /leaves no names below it/],
      ['asked for by no one', row, encodeJob({ ...job, initiator: 'somebody' }), /who asked for it/],
    ];
    for (const [what, key, value, expected] of breaks) t.match(await found(key, value), [expected], what);
    t.same(await violations(engine), []);
    await engine.backend.close();
  },
);
