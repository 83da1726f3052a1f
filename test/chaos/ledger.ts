/**
 * What the writers of a chaos run were told: every write with its answer, and what follows from it about the entries at the end.
 *
 * Values that writers add are each used once, so a value names the write that added it. What a write took away is known from its pre-read; so a value that is gone without anybody
 * having taken it knowingly must stand in the conflict journal. Writes whose answer was lost may have happened or not: what they touched is not judged.
 */

/** One step on one attribute of one entry. */
export interface Step {
  readonly csn: string;
  readonly kind: 'add' | 'delete' | 'replace';
  readonly values: readonly string[];
}

/** What is known of one attribute of one entry. */
export interface AttributeFacts {
  readonly steps: Step[];
  /** Values that somebody removed who had seen them. */
  readonly taken: Set<string>;
  /** A write whose answer was lost may have touched it. */
  unsure: boolean;
}

export class EntryFacts {
  readonly uuid: string;
  readonly attributes = new Map<string, AttributeFacts>();
  /** Acknowledged renames: CSN and new RDN. */
  readonly renames: { readonly csn: string; readonly rdn: string }[] = [];
  /** Acknowledged moves: CSN and UUID of the new parent. */
  readonly moves: { readonly csn: string; readonly parent: string }[] = [];
  /** Somebody deleted it or may have. */
  deleted = false;
  /** Somebody deleted it, brought it back, or may have: steps may have met a dead entry. */
  livesUnsure = false;
  nameUnsure = false;

  constructor(uuid: string) {
    this.uuid = uuid;
  }

  attribute(name: string): AttributeFacts {
    let facts = this.attributes.get(name);
    if (facts === undefined) {
      facts = { steps: [], taken: new Set(), unsure: false };
      this.attributes.set(name, facts);
    }
    return facts;
  }
}

/** A counter that is only ever incremented. */
export interface CounterFacts {
  sure: number;
  unsure: number;
}

export class Ledger {
  readonly entries = new Map<string, EntryFacts>();
  readonly counters = new Map<string, CounterFacts>();
  /** CSN times of acknowledged tree deletes, ms. */
  readonly treeDeletes: number[] = [];
  /** A tree delete's answer was lost. */
  treeDeleteUnsure = false;
  /** Servers some of whose changes were made anew under other CSNs, so that CSN order is not known any more. */
  readonly madeAnew = new Set<number>();
  /** Newest CSN that each server acknowledged. */
  readonly newest = new Map<number, string>();
  /** How many writes ended how: `kind outcome` -> count. */
  readonly outcomes = new Map<string, number>();
  /** Answers that no writer should get. */
  readonly faults: string[] = [];

  entry(uuid: string): EntryFacts {
    let facts = this.entries.get(uuid);
    if (facts === undefined) {
      facts = new EntryFacts(uuid);
      this.entries.set(uuid, facts);
    }
    return facts;
  }

  count(kind: string, outcome: string): void {
    const key = `${kind} ${outcome}`;
    this.outcomes.set(key, (this.outcomes.get(key) ?? 0) + 1);
  }

  acknowledged(server: number, csn: string): void {
    if (csn > (this.newest.get(server) ?? '')) this.newest.set(server, csn);
  }

  total(outcome: string): number {
    let sum = 0;
    for (const [key, count] of this.outcomes) if (key.endsWith(` ${outcome}`)) sum += count;
    return sum;
  }
}

/** The replica that made a change. */
export function csnServer(csn: string): number {
  return Number.parseInt(csn.slice(20), 16);
}

/** Milliseconds of a CSN in text. */
export function csnMs(csn: string): number {
  return Number.parseInt(csn.slice(0, 12), 16);
}

/** What one server would hold that had executed the steps in CSN order. */
export function folded(steps: readonly Step[], single: boolean): Set<string> {
  const present = new Set<string>();
  for (const { kind, values } of [...steps].sort((a, b) => (a.csn < b.csn ? -1 : 1))) {
    if (kind === 'replace') present.clear();
    for (const value of values)
      if (kind === 'delete') present.delete(value);
      else if (!single || present.size === 0) present.add(value);
  }
  return present;
}
