/**
 * `polyarch health`: what is wrong with a server, running or stopped, why it matters, and the command that mends it.
 */
import { gatherHealth } from '../../app/monitor/gather-health.js';
import { examine, type Finding, type HealthFacts } from '../../app/monitor/health-rules.js';
import { defineCommand, jsonOption } from '../command.js';
import { pasteableAdvice, printData } from '../output.js';
import { callUrl, targetOf, targetOptions } from '../server-target.js';

/** Exit codes of --exit-code. */
const EXIT_WARNINGS = 1;
const EXIT_ERRORS = 2;

export const health = defineCommand({
  options: {
    ...targetOptions,
    ...jsonOption,
    'exit-code': {
      type: 'boolean',
      default: false,
      describe: 'Exit with 1 when there are warnings, with 2 when there are errors',
    },
  },
  examples: [
    ['$0 health --dir /var/lib/polyarch', 'What is wrong, and what to do'],
    ['$0 health --dir /var/lib/polyarch --exit-code --json', 'For a monitoring system'],
  ],
  async run(args) {
    const target = targetOf(args);
    const facts =
      target.kind === 'dir'
        ? await gatherHealth(target.dir)
        : ((await callUrl(target.url, args, { command: 'health' })) as HealthFacts);
    const findings = examine(facts);
    printData({ running: facts.status !== undefined, findings }, args.json, () => show(findings));
    if (!args['exit-code'] || findings.length === 0) return undefined;
    return findings.some(({ severity }) => severity === 'error') ? EXIT_ERRORS : EXIT_WARNINGS;
  },
});

function show(findings: readonly Finding[]): string {
  if (findings.length === 0) return 'nothing is wrong';
  return findings
    .map(
      ({ code, severity, about, what, why, mend }) =>
        `${code} ${severity}: ${about}: ${what}\n     why: ${why}\n     do:  ${pasteableAdvice(mend)}`,
    )
    .join('\n');
}
