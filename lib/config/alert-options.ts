/** Options of the watch over a server's own health: rows of the option table. */
import { integer, type Option, text } from './option.js';

/** Rows of the option table (option-table.ts). */
export const ALERT_OPTIONS = {
  'alerts.everySeconds': integer(
    'How often the server looks at itself by the rules of `polyarch health`; what it finds stands in cn=alerts,cn=monitor.',
    1,
    3600,
    { preset: 10, reloads: true },
  ),
  'alerts.command': text(
    'Command line for the shell, run for each alert that begins or ends to stand, with the alert as a line of JSON on its standard input: at most 120 times an hour, 30 seconds each.',
    { reloads: true, onlyHere: true },
  ),
} as const satisfies Record<string, Option>;
