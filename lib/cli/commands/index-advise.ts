/**
 * `polyarch index advise`: the indexes that real searches have missed since the server started, and those to be made anew, as commands to paste.
 */
import { callControl } from '../../app/control/control-client.js';
import { type RareIndex, rareText } from '../../app/data/index-admin.js';
import { existingServer } from '../../app/server-files.js';
import { type AdviceRow, adviceText } from '../../operation/search/index-advice.js';
import { defineCommand, dirOption, jsonOption } from '../command.js';
import { pasteable, printData } from '../output.js';

export const indexAdvise = defineCommand({
  options: { ...dirOption, ...jsonOption },
  examples: [['$0 index advise --dir /var/lib/polyarch', 'Commands that would help, the best first']],
  async run(args) {
    const rows = (await callControl(existingServer(args.dir), {
      command: 'index-advise',
    })) as readonly (AdviceRow | RareIndex)[];
    printData(rows, args.json, () =>
      rows.length === 0
        ? 'no search has missed an index since the server started, and none is to be made anew'
        : rows
            .map((row) =>
              pasteable(`: ${'rare' in row ? rareText(row) : adviceText(row)} `)
                .slice(2)
                .trim(),
            )
            .join('\n'),
    );
    return undefined;
  },
});
