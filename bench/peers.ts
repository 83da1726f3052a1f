/** Which other servers a benchmark is run beside: those that `--peers` names and that are installed. */
import { ds389Missing } from './ds389.js';
import { slapdInstalled } from './slapd.js';

export type PeerName = 'slapd' | '389ds';

/** Of the value of PEERS (options.ts), those that can run here; says why the others do not. */
export function presentPeers(names: readonly string[]): readonly PeerName[] {
  const missing = new Map<PeerName, () => string | undefined>([
    ['slapd', () => (slapdInstalled() ? undefined : 'slapd is not installed (apt-get install slapd)')],
    ['389ds', ds389Missing],
  ]);
  return [...missing].flatMap(([name, whyMissing]) => {
    if (!names.includes(name)) return [];
    const why = whyMissing();
    if (why === undefined) return [name];
    process.stdout.write(`without ${name}: ${why}\n`);
    return [];
  });
}
