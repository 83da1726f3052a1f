/**
 * `polyarch policy explain`: which password policy governs a user, why, how the account stands, and what its next bind comes to.
 */
import type { PolicyReport } from '../../operation/bind/policy-report.js';
import { requireDn } from '../base-dn.js';
import { defineCommand, jsonOption } from '../command.js';
import { facts, printData } from '../output.js';
import { callServer, targetOptions } from '../server-target.js';

export const policyExplain = defineCommand({
  options: {
    ...targetOptions,
    ...jsonOption,
    user: { type: 'string', demandOption: true, describe: 'DN of the user' },
  },
  examples: [
    [
      '$0 policy explain --dir /var/lib/polyarch --user "uid=user.1,ou=people,dc=example,dc=com"',
      'Why a user cannot log in, or when the password expires',
    ],
  ],
  async run(args) {
    requireDn(args.user, '--user');
    const report = (await callServer(args, { command: 'policy-explain', dn: args.user })) as PolicyReport;
    printData(report, args.json, () => show(report));
    return undefined;
  },
});

const WHY = {
  entry: "named by the user's pwdPolicySubentry",
  subtree: 'of the nearest subtree with a policy',
  default: 'the default of this server (passwords.defaultPolicy)',
} as const;

const LOCKS = {
  administrator: 'by an administrator, for good',
  failures: 'by wrong passwords',
  delay: 'a wait after a wrong password',
  notYet: 'the account is not valid yet (pwdStartTime)',
  over: 'the account is not valid any more (pwdEndTime)',
  idle: 'too long without a bind (pwdMaxIdle)',
} as const;

const BINDS = {
  admitted: 'let in',
  changeOnly: 'let in, to change the password and nothing else',
  accountLocked: 'refused: the account is locked',
  passwordExpired: 'refused: the password has expired',
} as const;

function show({ dn, policy, passedOver, account, nextBind }: PolicyReport): string {
  const { lock } = account;
  const until = lock === null || lock.until === null ? '' : `, until ${lock.until}`;
  return facts([
    ['User', dn],
    ['Policy', policy === null ? 'none' : `${policy.dn} (${WHY[policy.why]})`],
    ...passedOver.map((name) => ['Passed over', `${name}: no password policy`] as const),
    ['Password changed', account.passwordChanged ?? 'never under a policy'],
    ['Password expires', account.expires ?? 'never'],
    ['Must be changed', account.mustChange ? 'yes: somebody else set it' : 'no'],
    ['Grace binds left', account.graceLeft],
    ['Wrong passwords', account.failures],
    ['Old ones kept', account.remembered],
    ['Last bind', account.lastSuccess],
    ['Locked', lock === null ? 'no' : `${LOCKS[lock.why]}${until}`],
    ['Next bind', BINDS[nextBind]],
  ]);
}
