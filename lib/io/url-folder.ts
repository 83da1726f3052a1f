/**
 * Values of LDIF behind URLs (RFC 2849: `name:< file:///path`): files of one folder that the operator names, and nothing else.
 *
 * Invariants: no other scheme; links are followed before the folder is checked, so none leads out of it; only regular files, up to the bound of a value.
 */
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LIMITS } from '../base/limits.js';
import { OperatorError } from '../base/operator-error.js';
import { systemReason } from './files.js';

/** What LdifReader asks: the octets, or why they are refused, as a clause. Throws OperatorError COMMAND_INVALID when there is no such folder. */
export function urlsOfFolder(folder: string): (url: string) => Uint8Array | string {
  let root: string;
  try {
    root = realpathSync(folder);
  } catch (error) {
    throw new OperatorError(
      'COMMAND_INVALID',
      `cannot read the folder ${folder}: ${systemReason(error)}`,
      [],
      {
        cause: error,
      },
    );
  }
  const inside = root.endsWith(sep) ? root : `${root}${sep}`;
  return (url) => {
    const path = pathOf(url);
    if (path === undefined) return `${url.slice(0, 100)} is no file: URL of this machine`;
    try {
      const real = realpathSync(path);
      if (!real.startsWith(inside)) return `${path} does not lie in ${root}`;
      const facts = statSync(real);
      if (!facts.isFile()) return `${path} is not a file`;
      if (facts.size > LIMITS.ldifLineBytes)
        return `${path} has ${facts.size} octets; at most ${LIMITS.ldifLineBytes} are read (limit ldifLineBytes)`;
      return new Uint8Array(readFileSync(real));
    } catch (error) {
      return `${path}: ${systemReason(error)}`;
    }
  };
}

function pathOf(text: string): string | undefined {
  try {
    const url = new URL(text);
    return url.protocol === 'file:' && url.search === '' && url.hash === '' ? fileURLToPath(url) : undefined;
  } catch {
    return undefined;
  }
}
