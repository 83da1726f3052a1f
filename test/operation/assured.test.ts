/** Claims about assured writes as clients see them: when the answer comes, and what it says. */
import t from 'tap';
import { must } from '../../lib/base/assert.js';
import { utf8Decode, utf8Encode } from '../../lib/base/bytes.js';
import type { Csn } from '../../lib/csn/csn.js';
import { CONTROL_OIDS } from '../../lib/ldap/control-oids.js';
import type { Control } from '../../lib/ldap/message.js';
import type { AssuredMode, AssuredOutcome, DomainAssurance } from '../../lib/operation/write/assured.js';
import { BASE, modifyRequest, type Reply, settle, TestServer } from './test-server.js';

const ANN = `uid=ann,ou=people,${BASE}`;
const asking = (text: string): Control => ({
  oid: CONTROL_OIDS.assured,
  critical: true,
  value: utf8Encode(text),
});
const told = (reply: Reply): string | undefined => {
  const value = reply.controls.find(({ oid }) => oid === CONTROL_OIDS.assured)?.value;
  return value === undefined ? undefined : utf8Decode(value);
};
const REACHED: AssuredOutcome = { kind: 'reached', have: ['s2'], missing: [], leftOut: [] };
const LATE: AssuredOutcome = { kind: 'timeout', have: ['s2'], missing: ['s3', 's4'], leftOut: ['s5'] };

/** Other servers, as a test wants them. */
class Others implements DomainAssurance {
  preset: AssuredMode | undefined;
  timeoutMs = 2000;
  tell: DomainAssurance['tell'] = 'diagnostic';
  outcome: AssuredOutcome = REACHED;
  gate: Promise<void> = Promise.resolve();
  readonly asked: { csn: Csn; wish: AssuredMode; timeoutMs: number }[] = [];

  async wait(csn: Csn, wish: AssuredMode, timeoutMs: number): Promise<AssuredOutcome> {
    this.asked.push({ csn, wish, timeoutMs });
    await this.gate;
    return this.outcome;
  }
}

async function withOthers() {
  const server = await TestServer.open();
  const admin = await server.populate();
  const others = new Others();
  Object.assign(must(server.service.directory.domains[0], 'a domain'), { assurance: others });
  return { server, admin, others };
}

t.test(
  'the answer waits, the next write of the connection does not; the change is there meanwhile',
  async (t) => {
    const { server, admin, others } = await withOthers();
    let open = (): void => {};
    others.gate = new Promise((resolve) => {
      open = resolve;
    });
    const id = admin.send(modifyRequest(ANN, [['replace', 'description', 'one']]), [
      asking('safe-read timeout=500'),
    ]);
    const next = admin.send(modifyRequest(ANN, [['replace', 'title', 'two']]));
    t.equal((await admin.reply(next)).result, 'success');
    await settle();
    t.notOk(admin.transport.responses.some((one) => one.id === id));
    const found = await server.connect().search({ base: ANN, scope: 'base' });
    t.same(found.entries[0]?.attributes.description, ['one'], 'it is made already');
    open();
    const reply = await admin.reply(id);
    t.same([reply.result, reply.diagnostic, told(reply)], ['success', '', 'reached have=s2']);
    t.same(
      others.asked.map(({ wish, timeoutMs }) => [wish.mode, timeoutMs]),
      [['safe-read', 500]],
    );
  },
);

t.test(
  'less than was asked: the response says it; with `required` it is an error, and the change stays',
  async (t) => {
    const { server, admin, others } = await withOthers();
    others.outcome = LATE;
    const soft = await admin.modify(ANN, [['replace', 'description', 'one']], [asking('safe-data=2')]);
    t.same([soft.result, told(soft)], ['success', 'timeout have=s2 missing=s3,s4 left-out=s5']);
    const hard = await admin.modify(
      ANN,
      [['replace', 'description', 'two']],
      [asking('safe-data=2 required')],
    );
    t.equal(hard.result, 'other');
    t.equal(
      hard.diagnostic,
      'The change is made and stays, but less is assured than was asked; other servers that have it: s2; not in time: s3, s4; not waited for: s5.',
    );
    t.ok(told(hard));
    const found = await server.connect().search({ base: ANN, scope: 'base' });
    t.same(found.entries[0]?.attributes.description, ['two']);
    t.same(others.asked[0]?.wish, { mode: 'safe-data', level: 2 });
  },
);

t.test('what the domain is configured for: told as configured', async (t) => {
  const { admin, others } = await withOthers();
  others.preset = { mode: 'safe-data', level: 1 };
  others.outcome = LATE;
  const write = (n: number) => admin.modify(ANN, [['replace', 'description', `${n}`]]);
  const answers: (readonly [string, boolean])[] = [];
  for (const tell of ['none', 'diagnostic', 'error'] as const) {
    others.tell = tell;
    const reply = await write(answers.length);
    answers.push([reply.result, reply.diagnostic !== '']);
    t.same(reply.controls, []);
  }
  t.same(answers, [
    ['success', false],
    ['success', true],
    ['other', true],
  ]);
  others.outcome = REACHED;
  const reply = await write(9);
  t.same([reply.result, reply.diagnostic], ['success', '']);
  t.equal(others.asked.length, 4);
  await admin.modify(ANN, []);
  t.equal(others.asked.length, 4, 'a write that had nothing to do does not wait');
  await admin.delete(`uid=bob,ou=people,${BASE}`);
  await admin.add(`uid=new,ou=people,${BASE}`, { objectClass: ['account'], uid: 'new' });
  t.equal(others.asked.length, 6);
});

t.test('a server without others: reduced', async (t) => {
  const server = await TestServer.open();
  const admin = await server.populate();
  const reply = await admin.modify(ANN, [['replace', 'description', 'x']], [asking('safe-data')]);
  t.same([reply.result, told(reply)], ['success', 'reduced']);
  const search = await admin.search({}, [asking('safe-read')]);
  t.equal(search.result, 'unavailableCriticalExtension', 'no control of a read');
});
