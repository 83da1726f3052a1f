/** Small words for changes, so that tests read as stories. */
import { utf8Encode } from '../../lib/base/bytes.js';
import {
  type AttributeChange,
  type Change,
  type ChangeBody,
  type EntryUuid,
  type NamedRdn,
  ROOT_UUID,
} from '../../lib/change/change.js';
import type { AttributeRow } from '../../lib/conflict/refold-attribute.js';
import { type Csn, makeCsn, type ReplicaId } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';

/** CSN of time `t` from replica `r`. */
export function csn(t: number, r: number, sequence = 0): Csn {
  return makeCsn(t, sequence, r as ReplicaId);
}

/** UUID of entry number `n`. */
export function id(n: number): EntryUuid {
  return `00000000-0000-4000-8000-${String(n).padStart(12, '0')}` as EntryUuid;
}

export function cn(value: string): NamedRdn {
  return {
    avas: [{ key: 'cn' as AttributeKey, name: 'cn', value: utf8Encode(value), equality: 'caseIgnoreMatch' }],
  };
}

/** Edits of one attribute; `name` in its spelling. */
export interface Edit {
  readonly name?: string;
  readonly single?: boolean;
  readonly clear?: boolean;
  readonly remove?: readonly string[];
  readonly add?: readonly string[];
  readonly increment?: bigint;
  readonly equality?: string;
}

export function attribute(edit: Edit): AttributeChange {
  const name = edit.name ?? 'mail';
  return {
    key: name.toLowerCase() as AttributeKey,
    name,
    equality: edit.equality ?? 'caseIgnoreMatch',
    single: edit.single ?? false,
    clear: edit.clear ?? false,
    remove: (edit.remove ?? []).map(utf8Encode),
    add: (edit.add ?? []).map(utf8Encode),
    increment: edit.increment ?? 0n,
  };
}

/** The row of a change that is folded for the first time. */
export function newRow(change: AttributeChange): AttributeRow {
  return { change, before: undefined, active: true, moved: true, after: undefined, concerned: true };
}

export function modify(...edits: Edit[]): ChangeBody {
  return { kind: 'modify', attributes: edits.map(attribute) };
}

export function add(
  parent: EntryUuid,
  name: string,
  attributes: Readonly<Record<string, readonly string[]>> = {},
): ChangeBody {
  return {
    kind: 'add',
    parent,
    rdn: cn(name),
    attributes: Object.entries(attributes)
      .filter(([, values]) => values.length > 0)
      .map(([as, values]) => ({
        key: as.toLowerCase() as AttributeKey,
        name: as,
        values: values.map(utf8Encode),
      })),
  };
}

export function rename(name: string, ...edits: Edit[]): ChangeBody {
  return { kind: 'modifyDn', parent: undefined, rdn: cn(name), attributes: edits.map(attribute) };
}

export function move(parent: EntryUuid, name?: string): ChangeBody {
  return { kind: 'modifyDn', parent, rdn: name === undefined ? undefined : cn(name), attributes: [] };
}

export const remove: ChangeBody = { kind: 'delete' };
export const undelete: ChangeBody = { kind: 'undelete' };

/** A change at time `t` on replica `r` that had seen `seen`. */
export function change(
  t: number,
  r: number,
  entry: EntryUuid,
  body: ChangeBody,
  seen: ServerState | Iterable<Csn> = ServerState.EMPTY,
): Change {
  const all = seen instanceof ServerState ? seen.csns() : [...seen];
  const own = csn(t, r);
  return {
    csn: own,
    previous: undefined,
    seen: ServerState.of(all.filter((other) => other.slice(20) !== own.slice(20))),
    entry,
    initiator: `cn=r${r}`,
    body,
  };
}

/** Number of the base entry; the base itself stands in `setup` of the tests. */
export const BASE = id(1);
export const TOP = ROOT_UUID;

/** Every order of `lists` that keeps each list's own order. */
export function interleavings<T>(lists: readonly (readonly T[])[]): T[][] {
  const open = lists.filter((list) => list.length > 0);
  if (open.length === 0) return [[]];
  return open.flatMap((list) =>
    interleavings(open.map((other) => (other === list ? list.slice(1) : other))).map((rest) => [
      list[0] as T,
      ...rest,
    ]),
  );
}

/** Numbers of a small generator (mulberry32): equal seeds give equal runs. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 <= n < below. */
  roll(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let x = this.#state;
    x = Math.imul(x ^ (x >>> 15), x | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) % below;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.roll(from.length)] as T;
  }

  /** True once in `n`. */
  once(n: number): boolean {
    return this.roll(n) === 0;
  }
}
