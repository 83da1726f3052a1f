/** What the parser says of a wrong command line becomes one sentence that a person can act on. */
import t from 'tap';
import { type CommandLine, faultSentence } from '../../lib/cli/command-line-fault.js';

const start: CommandLine = {
  words: ['start'],
  isCommand: true,
  next: undefined,
  given: [],
  takes: undefined,
  options: ['dir', 'log-level', 'detach'],
};
const nothing: CommandLine = {
  ...start,
  words: [],
  isCommand: false,
  next: 'setp',
  given: ['setp'],
  options: ['help', 'version'],
};
const group: CommandLine = { ...nothing, words: ['replication'], next: 'stats', given: ['stats'] };

t.test('a slip is named as it was written, with what was probably meant', async (t) => {
  for (const [complaint, line, sentence] of [
    [
      'Unknown arguments: log-levl, logLevl',
      start,
      'there is no option --log-levl; did you mean --log-level?',
    ],
    ['Unknown argument: qwertyuiop', start, 'there is no option --qwertyuiop'],
    ['Unknown arguments: x, y', start, 'there is no option -x, there is no option -y'],
    [
      'Unknown argument: here',
      { ...start, next: 'here', given: ['here'] },
      "'here' is no option, and no option takes it",
    ],
    [
      'Unknown argument: 4',
      { ...start, given: ['--log-level', '3', '4'] },
      "'4' is no option, and no option takes it",
    ],
    [
      'name a command',
      { ...nothing, next: undefined, given: ['--versoin'] },
      'there is no option --versoin; did you mean --version?',
    ],
    [
      'Not enough non-option arguments: got 0, need at least 1',
      { ...start, takes: '<setting..>' },
      'a setting must be given',
    ],
    [
      'Invalid values:\n  Argument: scope, Given: "all", Choices: "sub", "one", "base"',
      start,
      '--scope takes one of sub, one, base; not "all"',
    ],
    ['Did you mean setup?', nothing, "there is no command 'setp'; did you mean 'setup'?"],
    [
      'Did you mean status?',
      group,
      "there is no command 'replication stats'; did you mean 'replication status'?",
    ],
    ['Unknown argument: setp', nothing, "there is no command 'setp'"],
    ['Unknown argument: stats', group, "there is no command 'replication stats'"],
    ['Not enough arguments following: dir', start, 'the option --dir takes a value'],
    ['Missing required argument: dir', start, '--dir must be given'],
    ['Missing required arguments: dir, file', start, '--dir, --file must be given'],
  ] as const)
    t.equal(faultSentence(complaint, line), sentence);
});

t.test('what is not known is told as it is, on one line', async (t) => {
  t.equal(faultSentence('name a command', nothing), 'name a command');
  t.equal(faultSentence('Something new:\n  of the parser', start), 'Something new:;   of the parser');
});
