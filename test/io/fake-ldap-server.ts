/** A server for client tests: frames and messages are real, the answers are a function of the test. */
import { BerWriter } from '../../lib/ber/ber-writer.js';
import { FrameAssembler } from '../../lib/ber/frame-assembler.js';
import { ConnectionLimit, type LdapListener, listenLdap } from '../../lib/io/ldap-listener.js';
import { silentLog } from '../../lib/io/pino-log.js';
import type { TlsContext } from '../../lib/io/tls-context.js';
import { decodeRequest } from '../../lib/ldap/decode-request.js';
import { encodeResponse } from '../../lib/ldap/encode-response.js';
import type { Control, LdapResponse, RequestMessage } from '../../lib/ldap/message.js';
import type { LdapTransport } from '../../lib/port/ldap-transport.js';

export interface FakeConnection {
  readonly transport: LdapTransport;
  reply(id: number, response: LdapResponse, controls?: readonly Control[]): void;
}

/** Starts a server that calls `answer` for each request. */
export async function fakeLdapServer(
  answer: (message: RequestMessage, connection: FakeConnection) => void,
  tls?: TlsContext,
): Promise<LdapListener> {
  const settings = {
    host: '127.0.0.1',
    port: 0,
    ldaps: false,
    limit: new ConnectionLimit(() => 10),
    tls,
    requestCertificates: false,
    tlsHandshakeMs: 60_000,
    writeStallMs: 60_000,
    outputBytes: 1_048_576,
    log: silentLog(),
  };
  return listenLdap(settings, (transport) => {
    const assembler = new FrameAssembler(1_048_576);
    const writer = new BerWriter();
    const connection: FakeConnection = {
      transport,
      reply(id, response, controls = []) {
        writer.reset();
        encodeResponse(writer, { id, response, controls });
        transport.send(writer.bytes());
      },
    };
    return {
      bytes(chunk) {
        assembler.push(chunk);
        for (let frame = assembler.next(); frame !== undefined; frame = assembler.next()) {
          answer(decodeRequest(frame), connection);
        }
      },
      drained() {},
      secured() {},
      ended: () => transport.close('ended'),
      closed() {},
    };
  });
}
