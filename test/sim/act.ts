/**
 * What a kind of history adds to the troubles and checks that all have: what clients and administrators do beside plain writes, and what must hold of it.
 *
 * An act sees each process before it runs, draws from the run's randomness, and throws what is wrong from its methods or through Simulation.spawn().
 */
import type { Csn } from '../../lib/csn/csn.js';
import type { RARE } from './rare-troubles.js';
import type { WriteRequest } from './sim-directory.js';
import type { DomainBefore, OpenedProcess, ProcessParts, SimServer } from './sim-server.js';
import type { Simulation } from './simulation.js';

/** Something that happens to a server, for a time; `note` writes it into the history. */
export type Trouble = (server: SimServer, forMs: number, note: (text: string) => void) => void;

export interface Act {
  readonly troubles?: readonly Trouble[];
  /** Rare troubles, and jumps of clocks, that take away what this act promises. */
  readonly without?: readonly ((typeof RARE)[number] | 'clock')[];
  /** Opens a domain that stands before the data; of one act at most. */
  before?(server: SimServer, parts: ProcessParts): Promise<DomainBefore>;
  /** A process is about to run. */
  opened?(server: SimServer, process: OpenedProcess): Promise<void>;
  /** A client's write was acknowledged. */
  wrote?(server: SimServer, request: WriteRequest, csn: Csn): void;
  /** Whether clients may begin to write; asked until it is so. */
  ready?(): boolean;
  /** The run begins; clients of the act's own may begin. */
  begin?(): void;
  /** All faults are over: what the act took away is given back. */
  mend?(): Promise<void>;
  /** What the act itself waits for yet; asked before servers are compared. undefined: nothing. */
  waitsFor?(): string | undefined;
  /** Called with every server equal. */
  check?(): Promise<void>;
}

export type MakeAct = (simulation: Simulation) => Act;
