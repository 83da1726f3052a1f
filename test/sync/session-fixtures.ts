/**
 * Hellos, states, frames and changes for tests of the sessions, sessions that are played, and the table in a session file's header.
 */
import { deepStrictEqual } from 'node:assert';
import { readFileSync } from 'node:fs';
import { assert } from '../../lib/base/assert.js';
import type { Change, EncodedChange } from '../../lib/change/change.js';
import { toEncodedChange } from '../../lib/change/change-codec.js';
import { type Csn, makeCsn, type ReplicaId } from '../../lib/csn/csn.js';
import { ServerState } from '../../lib/csn/server-state.js';
import type { Frame, Hello, ServerStates } from '../../lib/sync/frames.js';
import type { PeerFacts } from '../../lib/sync/hello-check.js';
import {
  newPublisher,
  type PublisherEffect,
  type PublisherEvent,
  type PublisherState,
  stepPublisher,
} from '../../lib/sync/publisher-session.js';
import {
  openSubscriber,
  type SubscriberEffect,
  type SubscriberEvent,
  stepSubscriber,
} from '../../lib/sync/subscriber-session.js';
import { entryUuid } from '../sim/entry-uuid.js';

export function replica(id: number): ReplicaId {
  return id as ReplicaId;
}

/** The n-th change of a replica. */
export function csn(n: number, id = 1): Csn {
  return makeCsn(1_700_000_000_000 + n, 0, replica(id));
}

export function change(n: number, id = 1): EncodedChange {
  const full: Change = {
    csn: csn(n, id),
    previous: n === 1 ? undefined : csn(n - 1, id),
    seen: ServerState.EMPTY,
    entry: entryUuid(n),
    initiator: 'cn=test',
    body: { kind: 'delete' },
  };
  return toEncodedChange(full);
}

export function changes(first: number, last: number, id = 1): EncodedChange[] {
  return Array.from({ length: last - first + 1 }, (_, i) => change(first + i, id));
}

export function states(log: readonly Csn[] = [], applied: readonly Csn[] = log): ServerStates {
  return {
    log: ServerState.of(log),
    applied: ServerState.of(applied),
    trimmed: ServerState.EMPTY,
    clockMs: 1_700_000_000_000,
  };
}

export function hello(server: string, id: number | undefined, more: Partial<Hello> = {}): Hello {
  return {
    protocolMin: 1,
    protocolMax: 1,
    purpose: 'follow',
    server,
    replica: id === undefined ? undefined : replica(id),
    incarnation: `${server}-incarnation`,
    boot: `${server}-boot`,
    domain: 'dc=example,dc=com',
    generation: 'g1',
    heartbeatMs: 1000,
    states: states(),
    ...more,
  };
}

export const FACTS: PeerFacts = {
  address: '127.0.0.1:8989',
  identity: undefined,
  expected: undefined,
  allowed: undefined,
  rival: undefined,
  forked: undefined,
};

/** Each pair of state and event with its mark in the header of `file`, and whether none of its variants does anything. Throws when the header names other events. */
export function headerPairs<S, E>(
  file: string,
  states: Readonly<Record<string, readonly S[]>>,
  events: Readonly<Record<string, readonly E[]>>,
  isQuiet: (state: S, event: E) => boolean,
): {
  readonly event: string;
  readonly kind: string;
  readonly mark: string | undefined;
  readonly quiet: boolean;
}[] {
  const table = headerTable(file);
  deepStrictEqual([...table.keys()].sort(), Object.keys(events).sort());
  return Object.entries(events).flatMap(([event, variants]) =>
    Object.entries(states).map(([kind, starts]) => ({
      event,
      kind,
      mark: table.get(event)?.get(kind),
      quiet: starts.every((state) => variants.every((variant) => isQuiet(state, variant))),
    })),
  );
}

/** event -> state -> `h` or `i`, as the header of a session file has it. */
function headerTable(file: string): Map<string, Map<string, string>> {
  const lines = readFileSync(file, 'utf8').split('\n');
  const start = lines.findIndex((line) => /^ \*\s{10,}\S+\s{2,}/.test(line));
  const names = (lines[start] ?? '')
    .slice(2)
    .trim()
    .split(/\s{2,}/);
  const columns = names.map((name) => (lines[start] ?? '').indexOf(name));
  const table = new Map<string, Map<string, string>>();
  for (let i = start + 1; lines[i] !== ' */' && i < lines.length; i++) {
    const line = lines[i] ?? '';
    const event = /^ \* {3}(\S+)/.exec(line)?.[1];
    if (event === undefined) continue;
    const cells = new Map<string, string>();
    let before = '';
    names.forEach((name, n) => {
      const cell = line.slice(columns[n], n + 1 < names.length ? columns[n + 1] : undefined).trim();
      // "(both)" stretches the cell before it over two columns.
      const mark = /^[hi](?=[ :]|$)/.exec(cell)?.[0] ?? before;
      cells.set(name, mark);
      before = mark;
    });
    table.set(event, cells);
  }
  return table;
}

/** A frame of the other end, as an event of either session. */
export function frame(frame: Frame): { readonly kind: 'frame'; readonly frame: Frame } {
  return { kind: 'frame', frame };
}

/** Frames that go out. */
export function sent(effects: readonly (PublisherEffect | SubscriberEffect)[]): Frame[] {
  return effects.flatMap((effect) => (effect.kind === 'send' ? [effect.frame] : []));
}

/** Plays events from a new session; answers the last state and all effects. */
export function playPublisher(
  events: readonly PublisherEvent[],
  from = newPublisher(0),
  nowMs = 0,
): [PublisherState, PublisherEffect[]] {
  let state = from;
  const effects: PublisherEffect[] = [];
  for (const event of events) {
    const step = stepPublisher(state, event, nowMs);
    state = step.state;
    effects.push(...step.effects);
    assert(step.effectsAfterDurable.length === 0, 'a publisher sends what is durable');
  }
  return [state, effects];
}

/** Who subscribes. */
export const SUBSCRIBER = hello('s1', 1);

/** Plays events from a session whose hello went out. */
export function playSubscriber(
  events: readonly SubscriberEvent[],
  from = openSubscriber(SUBSCRIBER, 0).state,
  nowMs = 0,
) {
  let state = from;
  const effects: SubscriberEffect[] = [];
  const after: SubscriberEffect[] = [];
  for (const event of events) {
    const step = stepSubscriber(state, event, nowMs);
    state = step.state;
    effects.push(...step.effects);
    after.push(...step.effectsAfterDurable);
  }
  return { state, effects, after };
}
