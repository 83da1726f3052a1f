/**
 * `polyarch alerts`: what a running server finds wrong with itself now, and since when.
 */
import type { StandingAlert } from '../../app/monitor/alert-book.js';
import { defineCommand, jsonOption } from '../command.js';
import { pasteableAdvice, printData } from '../output.js';
import { callServer, targetOptions } from '../server-target.js';

export const alerts = defineCommand({
  options: { ...targetOptions, ...jsonOption },
  examples: [
    ['$0 alerts --dir /var/lib/polyarch', 'Alerts that stand, with the time when each was first seen'],
    ['$0 alerts --url ldaps://ldap1.example.com --ca-file ca.pem --json', 'From another machine'],
  ],
  async run(args) {
    const list = (await callServer(args, { command: 'alerts' })) as readonly StandingAlert[];
    printData(list, args.json, () => (list.length === 0 ? 'no alerts' : list.map(show).join('\n')));
    return undefined;
  },
});

function show({ id, severity, about, what, why, mend, firstMs }: StandingAlert): string {
  const since = new Date(firstMs).toISOString();
  return `${id} ${severity} since ${since}: ${about}: ${what}\n     why: ${why}\n     do:  ${pasteableAdvice(mend)}`;
}
