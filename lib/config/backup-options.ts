/** Options of the backups that a server takes by itself: rows of the option table. */
import { integer, type Option, text } from './option.js';
import { backupTimesFault } from './option-faults.js';

/** Rows of the option table (option-table.ts). */
export const BACKUP_OPTIONS = {
  'backup.schedule': text(
    'When the server takes a full backup by itself, in UTC: `daily 01:00`, or days and times such as `mon-fri 01:00, sat 12:30`. One that was missed is taken when the server runs again. `none`: never.',
    { preset: 'none', check: backupTimesFault },
  ),
  'backup.incrementMinutes': integer(
    'Minutes after which the server takes an incremental backup, between the full ones; 0: none.',
    0,
    10_080,
    { preset: 0 },
  ),
  'backup.folder': text("Folder of these backups, relative to the server's directory or absolute.", {
    preset: 'backup',
  }),
  'backup.keyFile': text(
    'File with the key that encrypts these backups (16 octets or more). Absent: they are not encrypted.',
  ),
  'backup.keepDays': integer(
    'Days for which these backups are kept; a chain goes as a whole, when its newest is older.',
    1,
    36_500,
    { preset: 30 },
  ),
  'backup.keepChains': integer(
    'Full backups with what goes on from them that are kept whatever their age.',
    1,
    1000,
    { preset: 2 },
  ),
} as const satisfies Record<string, Option>;
