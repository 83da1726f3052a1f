/**
 * Port: one LDAP client's byte stream, as the listener (io) gives it to the connection (operation).
 *
 * The transport owns the socket, TLS, corking and the stall timers; the connection owns frames, messages and order. Callbacks of a
 * sink come one at a time and never from inside a call to its transport. After `closed` nothing more is called.
 */

/** A certificate that the client proved to hold. */
export interface ClientCertificate {
  /** DER. */
  readonly der: Uint8Array;
  /** Common name of the subject; undefined where it has none. */
  readonly commonName: string | undefined;
  /** Whether it chains to a CA that the listener trusts. An unverified one authenticates nobody. */
  readonly verified: boolean;
}

export interface TransportSecurity {
  readonly tls: boolean;
  /** A Unix-domain socket: the octets stay on this machine. */
  readonly local?: boolean;
  /** Such as TLSv1.3. */
  readonly protocol?: string;
  readonly cipher?: string;
  /** Key length of the cipher; 0 without TLS. */
  readonly strengthBits: number;
  readonly clientCertificate?: ClientCertificate;
  /** The data of a channel binding type, such as tls-exporter, that only both ends of this connection can know; undefined for a type that there is not. */
  readonly channelBinding?: (type: string) => Uint8Array | undefined;
}

export interface LdapTransport {
  readonly peer: { readonly address: string; readonly port: number };
  readonly local: { readonly address: string; readonly port: number };
  /** Changes once when StartTLS succeeds. */
  readonly secure: TransportSecurity;
  /** False when the listener has no certificate: StartTLS must be refused. */
  readonly canStartTls: boolean;
  /**
   * Queues bytes; they are copied, so the caller may reuse its memory at once. All sends of one turn of the event loop leave in one
   * write. False: wait for drained() before producing more. Ignored after close().
   */
  send(bytes: Uint8Array): boolean;
  /** Octets queued and not yet taken by the kernel. */
  readonly queuedBytes: number;
  /** Stops or resumes delivery of bytes. A chunk already on its way may still be delivered after pause(). */
  pause(): void;
  resume(): void;
  /** Sends what is queued, then closes, at the latest after the write-stall time. `reason` is one clause for the log. */
  close(reason: string): void;
  /** Closes at once; what is queued is lost. */
  abort(reason: string): void;
  /**
   * Upgrades after the bytes given so far have left; no plaintext is delivered from now on. The sink must itself throw away (and answer
   * with close) what it holds behind the StartTLS request. Then secured(), or closed() when the handshake fails.
   */
  startTls(): void;
}

/** What a transport calls. */
export interface LdapConnectionSink {
  /** Received octets. The sink may keep views of them; they are never written again. */
  bytes(chunk: Uint8Array): void;
  /** The queue fell low after a send() that answered false. */
  drained(): void;
  /** StartTLS is complete; transport.secure says how. */
  secured(): void;
  /** The client sent its FIN: nothing more will come, but it may still read answers. The sink ends with close(). */
  ended(): void;
  /** Gone. Called exactly once. */
  closed(reason: string): void;
}

/** Makes the connection of a new transport; throws to refuse it. */
export type AcceptConnection = (transport: LdapTransport) => LdapConnectionSink;
