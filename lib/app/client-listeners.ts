/** Where LDAP clients get in: LDAP, LDAPS and the Unix-domain socket, as the options say, under one limit of connections. */

import { LIMITS } from '../base/limits.js';
import { OperatorError } from '../base/operator-error.js';
import type { Settings } from '../config/option-table.js';
import { ConnectionLimit, type LdapListener, listenLdap } from '../io/ldap-listener.js';
import type { TlsContext } from '../io/tls-context.js';
import { listenSocket } from '../io/unix-socket.js';
import type { LdapService } from '../operation/ldap-service.js';
import type { Log } from '../port/log.js';
import { formatAddress, parseAddress } from '../topology/address.js';
import type { Listening } from './server.js';
import type { Undo } from './undo.js';

/** Opens the listeners and notes where. Rejects with an OperatorError. */
export async function letClientsIn(
  settings: Settings,
  tls: TlsContext,
  listening: Listening,
  { log, service, undo }: { readonly log: Log; readonly service: LdapService; readonly undo: Undo },
): Promise<void> {
  const limit = new ConnectionLimit(() => service.settings.maxConnections);
  const common = {
    tls,
    requestCertificates: settings['tls.requestClientCertificates'],
    tlsHandshakeMs: LIMITS.tlsHandshakeMs,
    writeStallMs: LIMITS.writeStallMs,
    outputBytes: LIMITS.outputBytes,
    limit,
    log,
  };
  const opened = (listener: LdapListener): LdapListener => {
    undo.add(async () => listener.close());
    return listener;
  };
  for (const kind of ['ldap', 'ldaps'] as const) {
    const text = settings[`listen.${kind}`];
    if (text === 'none') continue;
    const address = parseAddress(text);
    if (address === undefined)
      throw new OperatorError('CONFIG_INVALID', `listen.${kind}: "${text}" is not an address`);
    const { host, port } = opened(
      await listenLdap({ ...common, ...address, ldaps: kind === 'ldaps' }, service.accept),
    );
    listening[kind] = formatAddress({ host, port });
  }
  const path = settings['listen.ldapi'];
  if (path === 'none') return;
  opened(await listenSocket({ ...common, path }, service.accept));
  listening.ldapi = path;
}
