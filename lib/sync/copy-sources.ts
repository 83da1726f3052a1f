/**
 * Of whom a broker without entries, or a server with too small a part of them, asks a copy for a server that wants one: a function of what those say that it follows.
 *
 * Servers that hold entries come first, the one with the newest change before the others; then brokers, which ask on, over a bounded number of them: so a copy is found
 * behind few brokers, and no question runs for ever. The server that the copy is for, and the one that asks, are never asked.
 */
import type { Behalf, Hello } from './frames.js';
import type { Upstream } from './source-selection.js';

/** Brokers that a copy passes at most. */
export const COPY_HOPS = 3;

/** Whether a server with too small a part of the entries asks on for this one: servers with entries are asked at any distance, so each bounds it itself. */
export function mayPassOn({ behalf }: Pick<Hello, 'behalf'>): boolean {
  return (behalf?.hops ?? 0) < COPY_HOPS;
}

/** Names, the best first. */
export function copySources(upstreams: readonly Upstream[], behalf: Behalf, asking: string): string[] {
  const others = upstreams.filter(
    ({ name }) => name !== undefined && name !== asking && name !== behalf.server,
  );
  const asked = others.filter(({ replica }) => replica !== undefined || behalf.hops + 1 < COPY_HOPS);
  const rank = (upstream: Upstream): number => (upstream.replica === undefined ? 1 : 0);
  const sorted = [...asked].sort((a, b) => {
    if (rank(a) !== rank(b)) return rank(a) - rank(b);
    const [newestA, newestB] = [a.log.newest() ?? '', b.log.newest() ?? ''];
    if (newestA !== newestB) return newestA > newestB ? -1 : 1;
    return (a.name ?? '') < (b.name ?? '') ? -1 : 1;
  });
  return sorted.flatMap(({ name }) => name ?? []);
}
