/**
 * `polyarch verify`: checks every invariant of a server's store; a running server checks itself.
 */

import { readServerConfig } from '../../app/config/read-config.js';
import { callControl, isRunning } from '../../app/control/control-client.js';
import { type VerifyReport, verifyOffline } from '../../app/data/verify-store.js';
import { defineCommand, dirOption, jsonOption } from '../command.js';
import { EXIT_OTHER } from '../exit-code.js';
import { printData, table } from '../output.js';

export const verify = defineCommand({
  options: {
    ...dirOption,
    ...jsonOption,
  },
  examples: [
    ['$0 verify --dir /var/lib/polyarch', 'Faults of the store, one a line; exit code 80 when there are any'],
  ],
  async run(args) {
    const config = await readServerConfig(args.dir);
    const running = await isRunning(config.files);
    const reports = running
      ? ((await callControl(config.files, { command: 'verify' })) as readonly VerifyReport[])
      : await verifyOffline(config);
    printData({ running, domains: reports }, args.json, () => show(reports));
    return reports.some((report) => report.faults.length > 0) ? EXIT_OTHER : undefined;
  },
});

function show(reports: readonly VerifyReport[]): string {
  const lines = [
    table(
      ['domain', 'entries', 'faults'],
      reports.map((report) => [report.baseDn, report.entries, report.faults.length]),
    ),
  ];
  for (const { baseDn, faults, doubles } of reports) {
    for (const line of [...faults, ...doubles]) lines.push(`${baseDn}: ${line}`);
  }
  return lines.join('\n');
}
