/** Entries below one whose name changed: their names changed with it, though no change names them. */
import type { StoredEntry } from '../../backend/backend.js';
import type { Dn } from '../../dn/dn.js';
import { formatDn } from '../../dn/dn-text.js';
import type { Domain } from '../directory.js';

/** An entry as it is now, and the name that it had before. */
export interface RenamedEntry {
  readonly entry: StoredEntry;
  readonly previousDn: Dn;
  readonly previousText: string;
}

/** Entries below `top` as they are now, parents first. `before`: the name that `top` had; the same as now where it is not known. */
export async function* belowRenamed(
  domain: Domain,
  top: StoredEntry,
  before: Dn,
): AsyncGenerator<RenamedEntry> {
  const now = domain.backend.byUuid(top.uuid);
  if (now === undefined) return;
  const { length } = now.dn.rdns;
  const stack: StoredEntry[] = [now];
  for (let parent = stack.pop(); parent !== undefined; parent = stack.pop()) {
    for await (const slice of domain.backend.children(parent)) {
      for (const entry of slice) {
        if (domain.backend.childCount(entry) > 0) stack.push(entry);
        const own = entry.dn.rdns.slice(0, entry.dn.rdns.length - length);
        const previousDn: Dn = { rdns: [...own, ...before.rdns] };
        yield { entry, previousDn, previousText: formatDn(previousDn) };
      }
    }
  }
}
