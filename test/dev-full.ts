/** Why a test of a full device is skipped, or false where the system has one: Linux does, others may not. */
import { existsSync, lstatSync } from 'node:fs';

const FULL = '/dev/full';

export const noDevFull: string | false =
  existsSync(FULL) && lstatSync(FULL).isCharacterDevice() ? false : `this system has no ${FULL}`;
