/** Which options a running server takes over is what the option table says: no setting follows an option that does not reload. */
import t from 'tap';
import { liveSettings, startSettings } from '../../lib/app/config/operation-settings.js';
import { OPTION_KEYS, optionOf, type Settings } from '../../lib/config/option-table.js';

const ELSEWHERE = new Set(['alerts.everySeconds', 'alerts.command', 'log.access', 'log.level']);

function read(of: (settings: Settings) => unknown): Set<string> {
  const seen = new Set<string>();
  const settings = new Proxy({} as Record<string, unknown>, {
    get: (_, key) => {
      seen.add(String(key));
      return optionOf(String(key) as keyof Settings).preset ?? '';
    },
  });
  of(settings as unknown as Settings);
  return seen;
}

t.test(
  'live settings come from options that reload, all of them; the others from options that do not',
  (t) => {
    const reloading = OPTION_KEYS.filter((key) => optionOf(key).reloads && !ELSEWHERE.has(key));
    t.same([...read(liveSettings)].sort(), [...reloading].sort());
    for (const key of read(startSettings)) t.equal(optionOf(key as keyof Settings).reloads, false, key);
    t.end();
  },
);
