/**
 * The hand of a writer: its session, its randomness, the entries that it can choose from, and the book in which each write is noted with its answer.
 *
 * Entries are chosen by UUID from what all writers made, and looked up on the writer's own server; so most writes of different writers meet on the same few entries.
 */
import { utf8Encode } from '../../lib/base/bytes.js';
import type { Modification } from '../../lib/ldap/message.js';
import { BASE } from '../e2e/harness.js';
import type { SeededRandom } from '../sim/seeded-random.js';
import type { Ledger } from './ledger.js';
import { type Outcome, type SeenEntry, Session } from './session.js';

/** Below it everything happens. */
export const CHAOS = `ou=chaos,${BASE}`;
export const COUNTERS = ['counter-1', 'counter-2'];
export const GROUPS = ['group-1', 'group-2'];
/** Names over which adds and renames quarrel. */
export const CONTESTED = 8;
const HOT = 14;

/** Refusals that a right server may give to writes that others disturb. */
const EXPECTED = new Set([
  ...['noSuchObject', 'entryAlreadyExists', 'notAllowedOnNonLeaf', 'constraintViolation'],
  ...['attributeOrValueExists', 'noSuchAttribute', 'unavailable', 'busy', 'unwillingToPerform'],
  ...['objectClassViolation', 'invalidDNSyntax', 'namingViolation'],
]);

/** Writes that change something whenever they succeed. */
const MUST_CHANGE = new Set(['add', 'addValue', 'deleteValue', 'several', 'increment', 'delete', 'undelete']);

export function change(
  operation: Modification['operation'],
  description: string,
  ...values: (string | Uint8Array)[]
): Modification {
  const octets = values.map((value) => (typeof value === 'string' ? utf8Encode(value) : value));
  return { operation, attribute: { description, values: octets } };
}

export function attributes(of: Readonly<Record<string, string | readonly string[]>>) {
  return Object.entries(of).map(([description, values]) => ({
    description,
    values: [values].flat().map(utf8Encode),
  }));
}

/** The first RDN of a DN; writers make none with commas in it. */
export function rdnOf(dn: string): string {
  return dn.slice(0, dn.indexOf(','));
}

/** The UUIDs of all entries made so far, oldest first: shared by all writers. */
export type Made = string[];

export function uuidOf(entry: SeenEntry | undefined): string {
  return entry?.values.get('entryuuid')?.[0] ?? '';
}

export class Hand {
  readonly server: number;
  readonly name: string;
  readonly session: Session;
  readonly random: SeededRandom;
  readonly ledger: Ledger;
  readonly made: Made;
  readonly trace: (line: object) => void;
  #tokens = 0;

  constructor(
    of: { readonly server: number; readonly url: string; readonly name: string },
    random: SeededRandom,
    shared: { readonly ledger: Ledger; readonly made: Made; readonly trace: (line: object) => void },
  ) {
    this.server = of.server;
    this.name = of.name;
    this.session = new Session(of.url);
    this.random = random;
    this.ledger = shared.ledger;
    this.made = shared.made;
    this.trace = shared.trace;
  }

  /** A value that nobody else writes. */
  token(): string {
    return `${this.name}.${++this.#tokens}`;
  }

  /** An entry that this server shows, or undefined. */
  async some(): Promise<SeenEntry | undefined> {
    const from = this.random.chance(0.7) ? Math.max(0, this.made.length - HOT) : 0;
    const uuid = this.made[from + this.random.below(Math.max(1, this.made.length - from))];
    if (uuid === undefined) return undefined;
    const names = ['*', 'entryUUID', 'entryDN'];
    return (await this.session.search(CHAOS, `(entryUUID=${uuid})`, names))[0];
  }

  /** A container or, less often, any entry. */
  async someParent(): Promise<SeenEntry | undefined> {
    if (this.random.chance(0.5)) return await this.some();
    const ou = `c${this.random.below(3)}`;
    return (await this.session.search(CHAOS, `(ou=${ou})`, ['entryUUID']))[0];
  }

  /** Notes a write; whether it made a change. */
  note(
    kind: string,
    target: string,
    outcome: Outcome,
    more: object = {},
  ): outcome is Outcome & { kind: 'done' } {
    this.ledger.count(kind, outcome.kind);
    const { kind: ended, ...rest } = { seen: undefined, ...outcome };
    this.trace({
      at: Date.now(),
      writer: this.name,
      kind,
      target,
      ...more,
      ended,
      ...rest,
      seen: undefined,
    });
    if (outcome.kind === 'refused' && !EXPECTED.has(outcome.code))
      this.ledger.faults.push(`${this.name} ${kind} ${target}: ${outcome.code} ${outcome.diagnostic}`);
    if (outcome.kind === 'done') {
      // A write that changes nothing makes no change.
      if (outcome.csn === '') {
        if (MUST_CHANGE.has(kind)) this.ledger.faults.push(`${this.name} ${kind} ${target}: no CSN`);
        return false;
      }
      this.ledger.acknowledged(this.server, outcome.csn);
    }
    return outcome.kind === 'done';
  }
}
