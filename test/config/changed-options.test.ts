/** Which options a running server takes over, and which count from the next start. */
import t from 'tap';
import { changedOptions } from '../../lib/config/changed-options.js';
import type { Settings } from '../../lib/config/option-table.js';

t.test('what differs is named, by when it counts; what is equal is not', (t) => {
  const before = {
    'alerts.everySeconds': 10,
    domains: ['dc=a'],
    'server.site': 'here',
  } as unknown as Settings;
  const after = {
    ...before,
    'alerts.everySeconds': 5,
    'alerts.command': 'true',
    domains: ['dc=a'],
    'server.site': 'there',
  } as Settings;
  t.same(changedOptions(before, after), {
    reloaded: ['alerts.everySeconds', 'alerts.command'],
    atNextStart: ['server.site'],
  });
  t.same(changedOptions(after, after), { reloaded: [], atNextStart: [] });
  t.end();
});
