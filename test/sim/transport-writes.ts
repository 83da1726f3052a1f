/**
 * Writes without content, for runs that look at transport alone.
 */
import { type NamedRdn, ROOT_UUID } from '../../lib/change/change.js';
import { entryUuid } from './entry-uuid.js';
import type { MakeWrite } from './simulation.js';

/** Adds and deletes over a small pool of entries, without content: transport alone is looked at. */
export function transportWrites(): MakeWrite {
  let made = 0;
  return (server, random) => {
    if (made === 0 || random.chance(0.5)) {
      return { entry: entryUuid(++made), body: { kind: 'add', parent: ROOT_UUID, rdn: RDN, attributes: [] } };
    }
    const entry = entryUuid(1 + random.below(made));
    return server.directory?.knows(entry) === true ? { entry, body: { kind: 'delete' } } : undefined;
  };
}

const RDN = {
  avas: [{ key: 'cn', name: 'cn', value: new Uint8Array([0x78]), equality: 'caseIgnoreMatch' }],
} as unknown as NamedRdn;
