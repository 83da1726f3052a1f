/**
 * Clocks that are wrong, for the servers of a chaos run: the environment in which a process sees another time than the machine's. Owns no choice of who is wrong by how much.
 */
import { ENV } from '../e2e/harness.js';

/** The environment of a server whose clock is ahead by so much, ms; behind where it is negative. */
export function skewed(ms: number): NodeJS.ProcessEnv {
  const code = `const now=Date.now;Date.now=()=>now()+(${ms});const D=Date;globalThis.Date=class extends D{constructor(...a){if(a.length===0)super(D.now());else super(...a)}};`;
  return { ...ENV, NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(code)}` };
}
