/** StartTLS: when it may begin (RFC 4511 section 4.14.1). The connection does the rest. */
import { LdapError } from '../../base/ldap-error.js';
import type { LdapTransport } from '../../port/ldap-transport.js';
import type { Operation } from '../operation.js';

/** Throws LdapError when TLS cannot be started now. `running`: operations of this connection that have not ended. */
export function checkStartTls(transport: LdapTransport, operation: Operation, running: number): void {
  const { request } = operation.message;
  if (request.kind === 'extended' && request.value !== undefined) {
    throw new LdapError('protocolError', 'A StartTLS request has no value.');
  }
  if (transport.secure.tls)
    throw new LdapError('operationsError', 'TLS is in force on this connection already.');
  if (running > 0)
    throw new LdapError('operationsError', 'StartTLS must wait for the end of every operation before it.');
  if (!transport.canStartTls) {
    throw new LdapError('protocolError', 'This listener has no certificate, so StartTLS is not supported.');
  }
}
