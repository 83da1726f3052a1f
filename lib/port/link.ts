/**
 * Port: a link, an ordered byte stream between two servers (TLS in production, memory in the simulator).
 *
 * A link that failed closes; it never delivers a hole. Callbacks come one at a time and never from inside a call of ours.
 */

export interface LinkPeer {
  /** host:port of the other end, for people. */
  readonly address: string;
  /** Server name that the peer proved with its certificate; undefined before mutual authentication exists. */
  readonly identity: string | undefined;
}

export interface Link {
  readonly peer: LinkPeer;
  /** Queues bytes. False: the caller should wait for onDrain before sending much more. */
  send(bytes: Uint8Array): boolean;
  /** Octets queued and not yet taken by the network. */
  readonly queuedBytes: number;
  /** Octets given to the network so far, after compression. Absent: as many as were sent. */
  readonly wireBytes?: number;
  /** Sets the receivers; called once, at once after the link was made. `reason` is one clause for people. */
  start(on: { bytes(bytes: Uint8Array): void; drain(): void; closed(reason: string): void }): void;
  /** Stops or resumes delivery of bytes. */
  pause(): void;
  resume(): void;
  /** Compresses what is sent after this call. Absent: links of this network cannot. */
  compressOutput?(): void;
  /** `rest`, and what arrives after it, is compressed: delivers it inflated. */
  inflateInput?(rest: Uint8Array): void;
  /** Sends what is queued, then closes. `closed` is called once, later. */
  close(reason: string): void;
}

/** Makes outgoing links and announces incoming ones. */
export interface LinkNetwork {
  /** Rejects with an Error that says why. */
  dial(address: string): Promise<Link>;
  /** Calls `accept` for every incoming link until closed. */
  listen(
    address: string,
    accept: (link: Link) => void,
  ): Promise<{ readonly address: string; close(): Promise<void> }>;
}
