/** Which other servers a benchmark is run beside: those that `--peers` names and that are installed. */
import { ds389Missing } from './ds389.js';
import { slapdInstalled } from './slapd.js';

export type PeerName = 'slapd' | '389ds';

/** Of a list such as `slapd,389ds`, those that can run here; says why the others do not. Throws on a name that is not known. */
export function presentPeers(list: string): readonly PeerName[] {
  const missing = new Map<PeerName, () => string | undefined>([
    ['slapd', () => (slapdInstalled() ? undefined : 'slapd is not installed (apt-get install slapd)')],
    ['389ds', ds389Missing],
  ]);
  return list
    .split(',')
    .filter((name) => name !== '' && name !== 'none')
    .flatMap((given) => {
      const name = [...missing.keys()].find(
        (peer) => peer === given || (peer === '389ds' && given === '389'),
      );
      if (name === undefined) throw new Error(`--peers knows slapd, 389ds and none, not ${given}`);
      const why = missing.get(name)?.();
      if (why === undefined) return [name];
      process.stdout.write(`without ${name}: ${why}\n`);
      return [];
    });
}
