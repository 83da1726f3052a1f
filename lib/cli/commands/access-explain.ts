/**
 * `polyarch access explain`: what a user may do with an entry, and which rule says so.
 */
import type { JudgedRight, RightsReport } from '../../operation/search/rights-report.js';
import { defineCommand, jsonOption } from '../command.js';
import { facts, printData, table } from '../output.js';
import { callServer, targetOptions } from '../server-target.js';

export const accessExplain = defineCommand({
  options: {
    ...targetOptions,
    ...jsonOption,
    user: { type: 'string', demandOption: true, describe: 'DN of the user, u:UID, or anonymous' },
    entry: { type: 'string', demandOption: true, describe: 'DN of the entry' },
    attribute: {
      type: 'string',
      array: true,
      describe: 'Name of an attribute; may be repeated. Absent: all that the entry has',
    },
  },
  examples: [
    [
      '$0 access explain --dir /var/lib/polyarch --user u:user.1 --entry "uid=user.1,ou=people,dc=example,dc=com" --attribute userPassword',
      'Whether a user may change the own password, and why',
    ],
  ],
  async run(args) {
    const report = (await callServer(args, {
      command: 'access-explain',
      user: args.user,
      entry: args.entry,
      ...(args.attribute === undefined ? {} : { attributes: args.attribute.join(',') }),
    })) as RightsReport;
    printData(report, args.json, () => show(report));
    return undefined;
  },
});

function show({ user, entry, rights, attributes }: RightsReport): string {
  const rows = [...lines('the entry', rights), ...attributes.flatMap((one) => lines(one.name, one.rights))];
  return [
    facts([
      ['User', user === '' ? 'anonymous' : user],
      ['Entry', entry],
    ]),
    table(['to', 'may', 'may not', 'because'], rows),
  ].join('\n');
}

/** One line for all rights that one rule grants or denies. */
function lines(to: string, rights: readonly JudgedRight[]): readonly (readonly string[])[] {
  const byRule = new Map<string, { readonly allowed: boolean; readonly names: string[] }>();
  for (const { right, allowed, rule } of rights) {
    const line = byRule.get(rule) ?? { allowed, names: [] };
    byRule.set(rule, line);
    line.names.push(right);
  }
  return [...byRule].map(([rule, { allowed, names }]) =>
    allowed ? [to, names.join(', '), '', rule] : [to, '', names.join(', '), rule],
  );
}
