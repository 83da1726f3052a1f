/** A server's directory for tests that run in the process: one domain, no peers, no listener but those named. Owns no claims. */
import { type SetupOptions, setupServer } from '../../lib/app/setup-server.js';

/** Makes it. `options`: what is not the usual; `dir` at least. */
export async function setUpOneServer(
  options: Pick<SetupOptions, 'dir' | 'domains' | 'empty'> & Partial<SetupOptions>,
): Promise<void> {
  await setupServer({
    id: 1,
    name: 's1',
    site: 'default',
    password: 'secret',
    listen: { ldap: 'none', ldaps: 'none', replication: 'none', http: 'none' },
    advertise: {},
    peers: new Map(),
    caFrom: undefined,
    sampleEntries: 0,
    hosts: [],
    ...options,
  });
}
