/** What protects the octets of a connection: passwords travel under TLS, or over a Unix-domain socket, whose octets leave no machine. */
import { LdapError } from '../../base/ldap-error.js';
import type { TransportSecurity } from '../../port/ldap-transport.js';
import type { Operation } from '../operation.js';
import type { ServerParts } from '../server-parts.js';

/** Whether nobody on a network can read or change the octets. */
export function isProtected({ tls, local }: TransportSecurity): boolean {
  return tls || local === true;
}

/** Throws LdapError confidentialityRequired where a password came unprotected and the option binds.passwordsNeedTls forbids it. */
export function checkProtected({ settings }: Pick<ServerParts, 'settings'>, { transport }: Operation): void {
  if (!settings.requireTlsForPasswords || isProtected(transport.secure)) return;
  throw new LdapError(
    'confidentialityRequired',
    'Passwords are accepted over TLS only: use ldaps:// or StartTLS.',
  );
}
