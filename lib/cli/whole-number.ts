/** Whole numbers on the command line: one sentence that names the option and its bounds. */
import { OperatorError } from '../base/operator-error.js';

/** Throws OperatorError COMMAND_INVALID when the value of `option` (`--port`) is no whole number from `least` to `most`. */
export function requireWhole(value: number, least: number, most: number, option: string): void {
  if (!Number.isInteger(value) || value < least || value > most)
    throw new OperatorError('COMMAND_INVALID', `${option} takes a whole number from ${least} to ${most}`);
}
