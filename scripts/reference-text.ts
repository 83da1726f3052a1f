/**
 * Reference pages made from tables: options (option-table.ts) and operator errors (base/operator-error.ts, error-advice.ts).
 */
import { OPERATOR_ERRORS, type OperatorErrorCode } from '../lib/base/operator-error.js';
import { RESULT_CODES } from '../lib/base/result-code.js';
import { type Option, optionFlag, optionVariable } from '../lib/config/option.js';
import { OPTION_KEYS, optionOf } from '../lib/config/option-table.js';
import { ERROR_ADVICE } from './error-advice.js';

const GENERATED = '<!-- Generated from the tables in lib/ by `npm run reference`. Do not edit. -->';

/** docs/reference-options.md. */
export function optionReference(): string {
  const lines = [
    '# Options of a server',
    '',
    GENERATED,
    '',
    'Each option may stand in `polyarch.yaml` (a key `a.b` is `b` under `a`), in an environment variable, or on the command line of `polyarch start`.',
    'The command line goes first, then the environment, then the file, then the default. Unknown keys are refused. Lists on the command line and in',
    'the environment are joined by `;`, maps are `name=value` joined by `;`. Relative file names are relative to the directory of the server.',
    '',
    'A running server takes options with "SIGHUP" in the last column over when it gets that signal; all others count from the next start. The log names both kinds (`kind: reloaded`). Certificates are read again by themselves.',
    '',
    '| option | kind | default | environment variable | flag | applies |',
    '|---|---|---|---|---|---|',
  ];
  for (const key of OPTION_KEYS) {
    const option = optionOf(key);
    const variable = optionVariable(key);
    const shown = option.secret ? `\`${variable}\`, \`${variable}_FILE\`` : `\`${variable}\``;
    lines.push(
      `| [\`${key}\`](#${anchor(key)}) | ${kindOf(option)} | ${presetOf(option)} | ${shown} | \`--${optionFlag(key)}\` | ${option.reloads ? 'SIGHUP' : 'start'} |`,
    );
  }
  for (const key of OPTION_KEYS) {
    const option = optionOf(key);
    lines.push(
      '',
      `## ${key}`,
      '',
      option.help,
      '',
      `${capital(kindOf(option))}${boundsOf(option)}. Default: ${presetOf(option)}.`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** docs/errors.md. */
export function errorReference(): string {
  const lines = [
    '# Errors',
    '',
    GENERATED,
    '',
    'A command that fails prints one sentence that says the cause and the next step, with every fault below it, and ends with an exit code:',
    '',
    '| exit code | meaning |',
    '|---|---|',
    '| 0 | success |',
    '| 1 to 80, 118 to 123 | the LDAP result code of the operation that failed (80, `other`, also for what has no code of its own) |',
    '| 70 | an error of Polyarch itself: please report it |',
    '| 78 | the configuration or topology file has faults |',
    '| 89 | the command line is wrong, or a password is missing |',
    '| 91 | the server cannot be reached |',
    '',
    '## Faults that an operator can mend',
    '',
    'The code is stable: scripts may rely on it (`"code"` in JSON logs).',
  ];
  for (const code of Object.keys(OPERATOR_ERRORS) as OperatorErrorCode[])
    lines.push('', `### ${code}`, '', `${capital(OPERATOR_ERRORS[code])}.`, '', ERROR_ADVICE[code]);
  lines.push('', '## LDAP result codes', '', '| code | name |', '|---|---|');
  for (const [name, code] of Object.entries(RESULT_CODES)) lines.push(`| ${code} | \`${name}\` |`);
  return `${lines.join('\n')}\n`;
}

const KINDS: Readonly<Record<Option['form'], string>> = {
  text: 'text',
  integer: 'whole number',
  boolean: 'true or false',
  choice: 'one word',
  list: 'list of texts',
  map: 'map of texts',
  lists: 'map of lists of words',
};

function kindOf(option: Option): string {
  return KINDS[option.form];
}

function boundsOf(option: Option): string {
  const schema = option.schema as { minimum?: number; maximum?: number; enum?: readonly string[] };
  if (schema.minimum !== undefined) return ` from ${schema.minimum} to ${schema.maximum}`;
  if (schema.enum !== undefined) return `: ${schema.enum.map((word) => `\`${word}\``).join(', ')}`;
  return '';
}

function presetOf(option: Option): string {
  if (option.required) return 'none, must be given';
  const { preset } = option;
  if (preset === undefined) return 'none';
  if (typeof preset !== 'object' || preset === null) return `\`${String(preset)}\``;
  if (Array.isArray(preset)) return preset.length === 0 ? 'empty' : `\`${preset.join('; ')}\``;
  const entries = Object.entries(preset);
  if (entries.length === 0) return 'empty';
  return `\`${entries.map(([name, words]) => `${name}=${(words as string[]).join(',')}`).join('; ')}\``;
}

function anchor(key: string): string {
  return key.toLowerCase().replaceAll('.', '');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
