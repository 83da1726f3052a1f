/**
 * Servers of different versions send each other nothing that one of both cannot read (lib/sync/formats.ts).
 */
import t from 'tap';
import { IMAGE_FORMAT } from '../../lib/backend/load/total-update.js';
import type { ReplicaId } from '../../lib/csn/csn.js';
import { OLDEST_FORMATS, OWN_FORMATS } from '../../lib/sync/formats.js';
import type { Hello } from '../../lib/sync/frames.js';
import { checkHello } from '../../lib/sync/hello-check.js';
import { newPublisher, stepPublisher } from '../../lib/sync/publisher-session.js';
import { openSubscriber, stepSubscriber } from '../../lib/sync/subscriber-session.js';
import { FACTS, hello } from './session-fixtures.js';

const newer = (more: Partial<Hello> = {}) => hello('new', 1, { formats: OWN_FORMATS, ...more });
/** Of a build before formats were told: data format 1. */
const older = (more: Partial<Hello> = {}) => hello('old', 2, more);
const DIALED = (name: string) => ({ ...FACTS, expected: name });

t.test('what this build reads of copies is the format of its images', (t) => {
  t.equal(OWN_FORMATS.copies, IMAGE_FORMAT);
  t.end();
});

t.test('a total update towards an older build is refused at both ends, before anything is sent', (t) => {
  const sentence =
    /^old reads copies of data format 1 at most, new gives data format 2: nothing was sent; update old, or initialize old from/;
  const asking = older({ purpose: 'initialize' });
  const { state, effects } = stepPublisher(
    newPublisher(0),
    { kind: 'hello', own: newer(), peer: asking, facts: FACTS, importing: false },
    0,
  );
  t.equal(state.kind, 'closed');
  t.notOk(
    effects.some(({ kind }) => kind === 'open-snapshot'),
    'no copy is made',
  );
  const sent = effects.flatMap((effect) => (effect.kind === 'send' ? effect.frame : []));
  t.match(sent, [{ kind: 'refuse', code: 'version', sentence }], 'the older one is told, and drops nothing');
  t.match(
    effects.find(({ kind }) => kind === 'refused'),
    { code: 'version', reason: sentence },
  );

  const own = { ...asking, formats: OLDEST_FORMATS };
  const target = stepSubscriber(
    openSubscriber(own, 0).state,
    { kind: 'hello', peer: newer(), facts: DIALED('new') },
    0,
  );
  t.match(target.effects, [{ kind: 'send', frame: { kind: 'refuse', code: 'version', sentence } }, {}, {}]);
  t.end();
});

t.test('a newer server takes a copy of an older one, and both follow each other', (t) => {
  const asking = newer({ purpose: 'initialize' });
  t.equal(checkHello(older(), asking, FACTS), undefined);
  t.equal(checkHello(asking, older(), DIALED('old')), undefined);
  for (const [own, peer] of [
    [older(), newer()],
    [newer(), older()],
  ] as const) {
    t.equal(checkHello(own, peer, FACTS), undefined);
    t.equal(checkHello(own, peer, DIALED(peer.server)), undefined);
  }
  t.end();
});

t.test('through a broker it counts what the target reads, not what the broker would', (t) => {
  const behalf = { server: 'old', replica: 2 as ReplicaId, hops: 1 };
  const broker = hello('b', undefined, { formats: OWN_FORMATS });
  t.equal(
    checkHello(broker, older({ purpose: 'initialize' }), FACTS),
    undefined,
    'the broker gives nothing of its own',
  );
  const asks = { ...broker, purpose: 'initialize' as const, behalf };
  t.equal(checkHello(newer(), asks, FACTS), undefined);
  t.match(checkHello(newer(), { ...asks, formats: OLDEST_FORMATS }, FACTS), {
    code: 'version',
    sentence: /^old \(through b\) reads copies of data format 1 .* update old and the brokers on the way/,
  });
  t.end();
});

t.test('changes of a later format go to nobody who cannot read them; the other direction stays', (t) => {
  const later = hello('later', 3, { formats: { copies: 9, changes: 2 } });
  t.match(checkHello(later, newer(), FACTS), {
    code: 'version',
    sentence: 'new reads changes of format 1 at most, later gives format 2: nothing was sent; update new',
  });
  t.match(checkHello(newer(), later, DIALED('later')), { code: 'version' });
  t.equal(checkHello(newer(), later, FACTS), undefined);
  t.equal(checkHello(later, newer(), DIALED('new')), undefined);
  t.end();
});
