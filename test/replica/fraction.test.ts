/**
 * A fractional replica beside a whole one (docs/replication.md): the same changes leave what its fraction leaves of the whole one's rows, however they came; digests of the part
 * prove it and find what was damaged; what it cannot decide it refuses.
 */
import t from 'tap';
import type { EntryId } from '../../lib/backend/backend.js';
import { checkRecord, decodeState, encodeRecord, parentIdOf } from '../../lib/backend/rows/entry-record.js';
import { TAG } from '../../lib/backend/rows/key-space.js';
import { must } from '../../lib/base/assert.js';
import { latin1 } from '../../lib/base/bytes.js';
import { askThrough, relayingAnswerer } from '../../lib/broker/relayed-questions.js';
import type { Change, EntryUuid } from '../../lib/change/change.js';
import { decodeChange } from '../../lib/change/change-codec.js';
import type { EntryState } from '../../lib/conflict/entry-state.js';
import { journalKey } from '../../lib/conflict/journal.js';
import type { ReplicaId } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import { Fraction } from '../../lib/entry/fraction.js';
import { configuredFraction } from '../../lib/entry/fraction-text.js';
import { Divergence } from '../../lib/replica/divergence.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import {
  adding,
  attributesOf,
  type Engine,
  freshUuid,
  openEngine,
  schema,
  violations,
} from '../backend/engine.js';
import { entryFacts } from '../conflict/memory-domain.js';
import { add, BASE, change, csn, id, modify, remove, rename } from '../conflict/story.js';

const PERSON = ['top', 'person', 'organizationalPerson', 'inetOrgPerson'];

function fractionOf(...exclude: string[]): Fraction {
  const fraction = configuredFraction({ exclude, include: [] }, schema);
  if (fraction instanceof Fraction) return fraction;
  throw new Error(fraction.join());
}

const NO_MAIL = fractionOf('inetOrgPerson:mail', '*:description');

/** People with what is not held, concurrent changes of it, a death, a rename, losses of both kinds. */
function story(): Change[] {
  const person = (sn: string) => ({
    objectClass: PERSON,
    cn: ['a'],
    sn: [sn],
    mail: ['m@x'],
    description: ['d'],
  });
  const unit = { objectClass: ['top', 'device'], cn: ['u'], mail: ['kept@x'], description: ['d'] };
  const changes = [
    change(
      1,
      9,
      BASE,
      add('00000000-0000-0000-0000-000000000000' as EntryUuid, 'base', { objectClass: ['top'] }),
    ),
    change(2, 9, id(2), add(BASE, 'a', person('one'))),
    change(3, 9, id(3), add(BASE, 'b', person('two'))),
    change(4, 9, id(4), add(BASE, 'u', unit)),
  ];
  const seen = changes.map(({ csn }) => csn);
  changes.push(
    change(10, 1, id(2), modify({ clear: true, add: ['x@x'] }, { name: 'sn', add: ['more'] }), seen),
    change(
      11,
      2,
      id(2),
      modify({ clear: true, add: ['y@x'] }, { name: 'sn', clear: true, add: ['s'] }),
      seen,
    ),
    change(12, 1, id(3), modify({ add: ['lost@x'] }), seen),
    change(13, 2, id(3), remove, seen),
    change(14, 1, id(2), rename('c', { name: 'description', add: ['e'] }), seen),
    change(15, 2, id(4), modify({ name: 'description', clear: true }, { add: ['too@x'] }), seen),
  );
  const last = new Map<string, Change['csn']>();
  return changes.map((one) => {
    const origin = one.csn.slice(20);
    const previous = last.get(origin);
    last.set(origin, one.csn);
    return { ...one, previous };
  });
}

async function facts({ backend }: Engine): Promise<string[]> {
  const { store, keys, dictionary } = backend.parts;
  const states: EntryState[] = [];
  for await (const rows of store.scan(keys.tagRange(TAG.entry)))
    for (const { value } of rows) states.push(decodeState(checkRecord(value), dictionary));
  const lines: string[] = [];
  for await (const slice of backend.journal()) for (const line of slice) lines.push(journalKey(line));
  return [...entryFacts(states), ...lines.sort()];
}

async function engineOf(fraction: Fraction | undefined, replica: number, empty = false): Promise<Engine> {
  const engine = await openEngine({
    replica: replica as ReplicaId,
    pause: () => Promise.resolve(),
    // Values stand in rows of their own.
    values: { most: 0, load: 1 },
    ...(fraction === undefined ? {} : { fraction }),
  });
  if (!empty) {
    await engine.backend.startGeneration('g');
    await engine.backend.replay(story());
  }
  return engine;
}

async function copy(from: Engine, to: Engine): Promise<void> {
  const snapshot = await from.backend.exportSnapshot(to.backend.parts.fraction.wantedText);
  await to.backend.beginImport();
  // Unlucky cuts: each image on its own.
  for await (const images of snapshot.images())
    for (const image of images) await to.backend.importImages([image]);
  await to.backend.finishImport(snapshot.generationId, snapshot.state);
  await snapshot.close();
}

t.test(
  'replayed, or copied from a whole replica, or from one that holds more: the same rows, and sound',
  async (t) => {
    const whole = await engineOf(undefined, 5);
    const replayed = await engineOf(NO_MAIL, 6);
    const copied = await engineOf(NO_MAIL, 7, true);
    await copy(whole, copied);
    const expected = await facts(replayed);
    t.notSame(expected, await facts(whole));
    t.notMatch(expected.join('\n'), /m@x|y@x|lost@x|description/);
    t.match(expected.join('\n'), /kept@x\|too@x/, 'a class that the list does not name keeps its mail');
    t.match(expected.join('\n'), /change-of-deleted-entry .* $/m, 'a loss is said, not what it wanted');
    t.same(await facts(copied), expected);
    const middle = await engineOf(fractionOf('*:description'), 8, true);
    await copy(whole, middle);
    const second = await engineOf(NO_MAIL, 8, true);
    await copy(middle, second);
    t.same(await facts(second), expected);
    for (const asked of ['', 'exclude *:title', 'nonsense'])
      await t.rejects(middle.backend.exportSnapshot(asked), {
        result: 'unavailable',
        message: /^it holds exclude/,
      });
    const histories = async (engine: Engine) =>
      JSON.stringify(await engine.backend.history(id(2)), (_, held: unknown) =>
        held instanceof Uint8Array ? latin1(held) : typeof held === 'bigint' ? String(held) : held,
      );
    t.equal(await histories(copied), await histories(replayed));
    t.notMatch(await histories(copied), /y@x/);
    for (const engine of [whole, replayed, copied, second]) t.same(await violations(engine), []);
    t.equal(copied.backend.parts.fraction.text, 'exclude *:description;inetorgperson:mail');
  },
);

t.test(
  'lines about an entry that is forgotten name nothing that its class might leave out: nothing that is not held is stored',
  async (t) => {
    const whole = await engineOf(undefined, 5);
    const purged = await whole.backend.purge({
      horizon: { stable: ServerState.of([csn(99, 1), csn(99, 2), csn(99, 9)]), before: csn(1000, 1) },
      buryBeforeMs: Number.MAX_SAFE_INTEGER,
      journalBeforeMs: undefined,
      stopped: () => false,
    });
    t.equal(purged.tombstones, 1);
    t.match((await facts(whole)).join('\n'), /lost@x/);
    const part = await engineOf(NO_MAIL, 6, true);
    await copy(whole, part);
    const left = (await facts(part)).join('\n');
    t.notMatch(left, /lost@x/);
    t.match(left, /change-of-deleted-entry .* $/m, 'that a change was lost is said');
    t.same(await violations(part), []);
  },
);

t.test(
  'the fraction of the rows is recorded; another one asks for a new copy and changes nothing before it',
  async (t) => {
    const whole = await engineOf(undefined, 5);
    const part = await engineOf(NO_MAIL, 6, true);
    await copy(whole, part);
    const again = await openEngine({ store: part.store, fraction: NO_MAIL });
    t.equal(again.backend.parts.fraction.outdated, undefined);
    const offline = await openEngine({ store: part.store });
    t.equal(offline.backend.parts.fraction.text, 'exclude *:description;inetorgperson:mail');
    const wider = await openEngine({ store: part.store, fraction: Fraction.ALL });
    t.equal(
      wider.backend.parts.fraction.outdated,
      'its data hold exclude *:description;inetorgperson:mail and its configuration asks for all attributes',
    );
    await copy(whole, wider);
    t.equal(wider.backend.parts.fraction.outdated, undefined);
    t.same(await facts(wider), await facts(whole));
  },
);

t.test('local writes: what is not held is refused (53), the change goes out whole', async (t) => {
  const part = await engineOf(fractionOf('*:description,uid'), 6);
  const { backend, sink } = part;
  const ann = { objectClass: PERSON, cn: ['a'], sn: ['b'], mail: ['a@x'], uid: ['ann'] };
  const uuid = freshUuid();
  await backend.submit('cn=x', adding('uid=ann,cn=base', ann, uuid));
  const made = decodeChange(must(sink.given.at(-1), 'logged').bytes).body;
  t.ok(made.kind === 'add' && made.attributes.some(({ key }) => key === 'uid'), 'whole in the log');
  const stored = must(backend.byUuid(uuid), 'stored');
  t.notOk(stored.state.attributes.has('uid' as AttributeKey));
  t.ok(stored.stored.has('uid' as AttributeKey), 'the value of the name is shown');
  const refused = async (write: Promise<unknown>, message: RegExp) =>
    await t.rejects(write, { result: 'unwillingToPerform', message });
  await refused(
    backend.submit('cn=x', adding('uid=ben,cn=base', { ...ann, uid: ['ben', 'other'] })),
    /does not hold attribute 'uid'/,
  );
  const modifying = (name: string, value: string) =>
    backend.submit('cn=x', () => [{ entry: uuid, body: modify({ name, add: [value] }) }]);
  await refused(modifying('description', 'd'), /does not hold attribute 'description'/);
  await refused(modifying('objectClass', 'posixAccount'), /cannot judge other object classes/);
  await modifying('mail', 'b@x');
  const body = rename('q', { name: 'uid', remove: ['ann'] });
  await backend.submit('cn=x', () => [{ entry: uuid, body }]);
  t.notOk(backend.byUuid(uuid)?.stored.has('uid' as AttributeKey), 'and goes with it');
  t.same(await violations(part), []);
});

class Compared {
  readonly engine: Engine;
  readonly divergence: Divergence;
  readonly peers = new Map<string, Compared>();
  readonly alerts: string[] = [];

  constructor(engine: Engine, server: string) {
    this.engine = engine;
    this.divergence = new Divergence({
      server,
      backend: engine.backend,
      clock: engine.clock,
      ask: (peer, question) => this.ask(peer, question),
      following: () => [...this.peers.keys()],
      alert: ({ kind }) => this.alerts.push(kind),
    });
  }

  async ask(peer: string, question: Uint8Array): Promise<Uint8Array | undefined> {
    return await this.peers.get(peer)?.divergence.answer(question);
  }

  async verdicts(repair?: { readonly from: string | undefined }) {
    const result = await this.divergence.verify([...this.peers.keys()], repair);
    return { ...result, verdicts: result.reports.map(({ verdict }) => verdict).join() };
  }

  async damage(uuid: EntryUuid, key: string): Promise<void> {
    const { store, keys, dictionary, tree } = this.engine.backend.parts;
    const at = must(tree.rows.idOf(uuid), 'stored') as EntryId;
    const record = checkRecord(must(store.get(keys.entry(at)), 'stored'));
    const state = decodeState(record, dictionary);
    const [attribute] = attributesOf({ [key]: ['bent'] });
    const { key: of, name, values } = must(attribute, 'one');
    const attributes = new Map(state.attributes).set(of, { name, values });
    const value = encodeRecord({ ...state, attributes }, parentIdOf(record), true, dictionary);
    await store.batch([{ type: 'put', key: keys.entry(at), value }], { sync: false });
  }
}

async function compared(...fractions: (Fraction | undefined)[]): Promise<Compared[]> {
  const all: Compared[] = [];
  for (const [i, fraction] of fractions.entries())
    all.push(new Compared(await engineOf(fraction, i + 1), `s${i + 1}`));
  for (const one of all)
    for (const [i, other] of all.entries()) if (other !== one) one.peers.set(`s${i + 1}`, other);
  return all;
}

t.test('whole and fractional replicas are equal in what both hold, seen from either side', async (t) => {
  const [whole, part, less] = (await compared(
    undefined,
    NO_MAIL,
    fractionOf('inetOrgPerson:mail,title', '*:description'),
  )) as [Compared, Compared, Compared];
  for (const side of [whole, part, less]) t.equal((await side.verdicts()).verdicts, 'equal,equal');
  for (const side of [whole, part, less]) t.same(side.alerts, []);
  const [, odd] = (await compared(NO_MAIL, fractionOf('*:title'))) as [Compared, Compared];
  const { reports } = await odd.verdicts();
  t.match(reports[0], { verdict: 'refused', reason: /s1 holds exclude .* only/ });
});

/** One that follows a broker alone, which leads to the others. */
class Behind extends Compared {
  override ask(peer: string, question: Uint8Array): Promise<Uint8Array | undefined> {
    const isBroker = (name: string): boolean => name === 'b';
    const onward = {
      following: () => [...this.peers.keys()],
      ask: async (to: string | ReplicaId, asked: Uint8Array) => await super.ask(String(to), asked),
    };
    const broker = relayingAnswerer('b', onward, isBroker);
    const own = {
      following: () => ['b'],
      ask: async (to: string | ReplicaId, asked: Uint8Array) =>
        to === 'b' ? await broker(asked) : undefined,
    };
    const replica = Number(peer.slice(1)) as ReplicaId;
    return askThrough('self', own, isBroker, { server: peer, replica, path: [], question });
  }
}

t.test('behind a broker the part is compared as it is beside the whole', async (t) => {
  const whole = new Compared(await engineOf(undefined, 1), 's1');
  const part = new Behind(await engineOf(NO_MAIL, 2), 's2');
  part.peers.set('s1', whole);
  t.equal((await part.verdicts()).verdicts, 'equal');
  await part.damage(id(2), 'sn');
  const { reports } = await part.verdicts();
  t.match(reports[0], { verdict: 'different', differences: [{ uuid: id(2), parts: ['sn'] }] });
});

t.test(
  'damage of what is held is found from both sides and mended; damage of the rest concerns nobody',
  async (t) => {
    const [whole, part, other] = (await compared(undefined, NO_MAIL, undefined)) as [
      Compared,
      Compared,
      Compared,
    ];
    await part.damage(id(2), 'sn');
    t.match((await whole.verdicts()).reports[0], { verdict: 'different', differences: [{ uuid: id(2) }] });
    const seen = await part.verdicts({ from: undefined });
    t.match(seen.reports[0], { verdict: 'different', differences: [{ uuid: id(2), parts: ['sn'] }] });
    t.match(seen.repairs[0], { done: true });
    t.equal((await part.verdicts()).verdicts, 'equal,equal');
    t.notMatch((await facts(part.engine)).join('\n'), /y@x/, 'nothing more came with the repair');
    t.same(await violations(part.engine), []);
    await whole.damage(id(2), 'mail');
    t.equal((await part.verdicts()).verdicts, 'equal,equal', 'not held here');
    await whole.damage(id(2), 'sn');
    other.peers.delete('s1');
    whole.peers.delete('s3');
    const unsure = await whole.verdicts({ from: undefined });
    t.match(unsure.repairs[0], {
      done: false,
      why: /s2 holds exclude .* only: nothing that this server holds/,
    });
    whole.peers.set('s3', other);
    t.match((await whole.verdicts({ from: 's3' })).repairs[0], { done: true });
  },
);
