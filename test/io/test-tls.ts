/** A CA and server certificates in a test's own folder. */
import { join } from 'node:path';
import {
  issueServerCertificate,
  type KeyedCertificate,
  makeAuthority,
  writeCertificate,
} from '../../lib/io/certificates.js';
import { TlsContext } from '../../lib/io/tls-context.js';

/** A CA for tests. */
export function testAuthority(): Promise<KeyedCertificate> {
  return makeAuthority('Test CA', Date.now());
}

/** A loaded context of a server `name` under `ca`, whose files lie in `dir`. */
export async function testTls(dir: string, ca: KeyedCertificate, name: string): Promise<TlsContext> {
  const paths = { certificate: join(dir, `${name}.crt`), key: join(dir, `${name}.key`) };
  await writeCertificate(
    paths,
    await issueServerCertificate(ca, name, ['localhost', '127.0.0.1'], Date.now()),
  );
  const caPaths = { certificate: join(dir, `${name}-ca.crt`), key: join(dir, `${name}-ca.key`) };
  await writeCertificate(caPaths, ca);
  return TlsContext.load({ ...paths, ca: caPaths.certificate });
}
