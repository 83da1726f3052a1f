/** A fraction that was changed: what writes are told, what links are told, and when a copy is taken unasked (docs/replication.md). */
import t from 'tap';
import { PartRenewal } from '../../lib/replica/part-renewal.js';

function renewalOf(part: { text: string; wantedText: string; outdated: string | undefined } | undefined) {
  const timers: (() => void)[] = [];
  const copied: string[] = [];
  const allowed = new Set(['two']);
  const renewal = new PartRenewal({
    server: 'one',
    part,
    clock: {
      after: (_delayMs, run) => {
        timers.push(run);
        return () => timers.splice(0);
      },
    },
    mayCopy: (peer) => allowed.has(peer),
    initialize: (peer) => copied.push(peer),
  });
  return { renewal, timers, copied };
}

t.test('as configured: nothing waits and nothing is taken', async (t) => {
  const { renewal, timers } = renewalOf({
    text: 'exclude *:mail',
    wantedText: 'exclude *:mail',
    outdated: undefined,
  });
  t.equal(renewal.reason, undefined);
  t.equal(renewal.told('follow'), 'exclude *:mail');
  renewal.greeted({ server: 'two' });
  t.equal(timers.length, 0);
  t.equal(renewalOf(undefined).renewal.told('initialize'), undefined);
});

t.test('changed: writes wait, and one copy is taken from a peer that may give it', async (t) => {
  const part = { text: '', wantedText: 'include *:cn', outdated: 'its data differ' as string | undefined };
  const { renewal, timers, copied } = renewalOf(part);
  t.equal(renewal.reason, 'one must be initialized (polyarch replication initialize): its data differ');
  t.equal(renewal.told('follow'), undefined, 'what it holds');
  t.equal(renewal.told('initialize'), 'include *:cn', 'what it will hold');
  renewal.greeted({ server: 'three' });
  t.equal(timers.length, 0, 'not from just anybody');
  renewal.greeted({ server: 'two' });
  renewal.greeted({ server: 'two' });
  t.equal(timers.length, 1, 'one attempt at a time');
  timers.splice(0)[0]?.();
  t.same(copied, ['two']);
  renewal.greeted({ server: 'two' });
  part.outdated = undefined;
  timers.splice(0)[0]?.();
  t.same(copied, ['two'], 'the copy came meanwhile');
  renewal.stop();
  part.outdated = 'again';
  renewal.greeted({ server: 'two' });
  t.equal(timers.length, 0, 'stopped');
});
