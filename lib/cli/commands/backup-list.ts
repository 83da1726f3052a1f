/**
 * `polyarch backup list`: what a folder of backups holds, from the headers alone.
 */
import { readCatalog } from '../../app/backup/backup-catalog.js';
import { backupFolder, backupOptions } from '../backup-options.js';
import { defineCommand, dirOption, jsonOption } from '../command.js';
import { EXIT_OTHER } from '../exit-code.js';
import { printData, table } from '../output.js';

export const backupList = defineCommand({
  options: { ...dirOption, folder: backupOptions.folder, ...jsonOption },
  examples: [['$0 backup list --folder /mnt/backups', 'Backups by time; what goes on from what']],
  async run(args) {
    const { backups, faults } = await readCatalog(backupFolder(args));
    const rows = backups.map(({ path, bytes, encrypted, header }) => ({
      id: header.id,
      kind: header.kind,
      parent: header.parent,
      taken: new Date(header.takenMs).toISOString(),
      server: header.server.name,
      encrypted,
      bytes,
      path,
    }));
    printData({ backups: rows, faults }, args.json, () => {
      if (rows.length === 0 && faults.length === 0) return 'no backups';
      const lines = rows.map(({ id, kind, parent, taken, server, encrypted, bytes }) => [
        id.slice(0, 8),
        kind,
        parent?.slice(0, 8) ?? '',
        taken,
        server,
        encrypted ? 'yes' : 'no',
        bytes,
      ]);
      const head = ['id', 'kind', 'goes on from', 'taken', 'server', 'encrypted', 'octets'];
      return [table(head, lines), ...faults].join('\n');
    });
    return faults.length > 0 ? EXIT_OTHER : undefined;
  },
});
