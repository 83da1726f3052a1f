/**
 * Passwords for commands: from a file, the environment or a prompt; never printed or logged.
 */
import { readFileSync } from 'node:fs';
import { isCancel, password as promptPassword } from '@clack/prompts';
import { OperatorError } from '../base/operator-error.js';
import { systemReason } from '../io/files.js';

export interface PasswordSources {
  /** What the password is for, to finish "Password of ...". */
  readonly of: string;
  /** File whose first line is the password; `-` reads standard input. */
  readonly file: string | undefined;
  /** Variable that holds it; the same name with _FILE names a file. */
  readonly variable: string;
}

/** The password, or undefined when no source has it and nobody can be asked. */
export function givenPassword(sources: PasswordSources, env = process.env): string | undefined {
  if (sources.file !== undefined) return firstLine(sources.file);
  const value = env[sources.variable];
  if (value !== undefined && value !== '') return value;
  const file = env[`${sources.variable}_FILE`];
  return file === undefined || file === '' ? undefined : firstLine(file);
}

/** The password; asks on a terminal. Throws OperatorError PASSWORD_MISSING. */
export async function requirePassword(sources: PasswordSources): Promise<string> {
  const given = givenPassword(sources);
  if (given !== undefined) return given;
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) throw missing(sources);
  const answer = await promptPassword({ message: `Password of ${sources.of}` });
  if (isCancel(answer) || answer === '') throw missing(sources);
  return answer;
}

function missing(sources: PasswordSources): OperatorError {
  return new OperatorError(
    'PASSWORD_MISSING',
    `no password of ${sources.of} was given; use --password-file FILE or set ${sources.variable}`,
  );
}

function firstLine(file: string): string {
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new OperatorError(
      'PASSWORD_MISSING',
      `cannot read the password file ${file}: ${systemReason(error)}`,
      [],
      {
        cause: error,
      },
    );
  }
  const end = text.indexOf('\n');
  const line = (end < 0 ? text : text.slice(0, end)).replace(/\r$/, '');
  if (line === '') throw new OperatorError('PASSWORD_MISSING', `the password file ${file} is empty`);
  return line;
}
