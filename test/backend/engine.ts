/** A backend on a store of the test's choice, with a clock, a log and a change sink of its own. Owns no claims. */

import type { Intent, ReadView } from '../../lib/backend/backend.js';
import type { ChangeSink } from '../../lib/backend/change-sink.js';
import { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import { type BackendOptions, openBackend } from '../../lib/backend/open-backend.js';
import type { StoreBackend } from '../../lib/backend/store-backend.js';
import { verifyDomainRows } from '../../lib/backend/verify.js';
import { must } from '../../lib/base/assert.js';
import { utf8Encode } from '../../lib/base/bytes.js';
import { LdapError } from '../../lib/base/ldap-error.js';
import { type EncodedChange, type EntryUuid, ROOT_UUID } from '../../lib/change/change.js';
import type { Csn, ReplicaId } from '../../lib/csn/csn.js';
import { parseDn, parseRdn } from '../../lib/dn/dn-text.js';
import { compileFilter } from '../../lib/filter/compile-filter.js';
import { matchFilter } from '../../lib/filter/filter-match.js';
import { parseFilter } from '../../lib/filter/filter-text.js';
import type { SearchScope } from '../../lib/ldap/message.js';
import type { Clock } from '../../lib/port/clock.js';
import type { Log } from '../../lib/port/log.js';
import type { OrderedStore, StoreOp } from '../../lib/port/ordered-store.js';
import { standardSchema } from '../schema/standard-schema.js';

export const schema = standardSchema();
export const REPLICA = 1 as ReplicaId;

/** A clock that moves when it is told to. `after` runs at once, in a later turn. */
export class TestClock implements Clock {
  ms = 1_700_000_000_000;
  wallMs(): number {
    return this.ms;
  }
  monotonicMs(): number {
    return this.ms;
  }
  after(_delayMs: number, run: () => void): () => void {
    let stopped = false;
    setImmediate(() => {
      if (!stopped) run();
    });
    return () => {
      stopped = true;
    };
  }
}

export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
};

/** The changes of one replica, in memory and as rows under a prefix. */
export class TestSink implements ChangeSink {
  readonly given: EncodedChange[] = [];
  readonly committedChanges: EncodedChange[] = [];
  #last: Csn | undefined;

  ops(change: EncodedChange): readonly StoreOp[] {
    this.given.push(change);
    this.#last = change.csn;
    return [{ type: 'put', key: utf8Encode(`\xff log ${change.csn}`), value: change.bytes }];
  }

  committed(changes: readonly EncodedChange[]): void {
    this.committedChanges.push(...changes);
  }

  lastOwn(): Csn | undefined {
    return this.#last;
  }

  dropped(): void {
    this.#last = this.committedChanges.at(-1)?.csn;
  }
}

export interface Engine {
  readonly backend: StoreBackend;
  readonly store: OrderedStore;
  readonly sink: TestSink;
  readonly clock: TestClock;
}

/** Opens a backend. Defaults: a fresh memory store, base dc=example,dc=com. */
export async function openEngine(
  options: Partial<Omit<BackendOptions, 'sink' | 'clock'>> & {
    readonly base?: string;
    readonly sink?: TestSink;
  } = {},
): Promise<Engine> {
  const store = options.store ?? new MemoryStore();
  const sink = options.sink ?? new TestSink();
  const clock = new TestClock();
  const backend = await openBackend({
    schema,
    replica: REPLICA,
    log: silentLog,
    baseDn: parseDn(options.base ?? 'dc=example,dc=com'),
    ...options,
    store,
    clock,
    sink,
  });
  return { backend, store, sink, clock };
}

/** Violations that verify finds. */
export async function violations({
  backend,
  store,
}: Pick<Engine, 'backend' | 'store'>): Promise<readonly string[]> {
  const { keys, indexes } = backend.parts;
  return (await verifyDomainRows({ store, keys, schema, indexes: indexes.ready })).violations;
}

let fresh = 0;
/** A new UUID, the same in every run. */
export function freshUuid(): EntryUuid {
  fresh += 1;
  return `10000000-0000-4000-8000-${String(fresh).padStart(12, '0')}` as EntryUuid;
}

/** `{ cn: ['x'] }` as attributes of an add. */
export function attributesOf(texts: Readonly<Record<string, readonly string[]>>) {
  return Object.entries(texts).map(([text, values]) => {
    const { key, text: name } = must(schema.describe(text), 'a well-formed description');
    return { key, name, values: values.map(utf8Encode) };
  });
}

/** A decide function that adds an entry. */
export function adding(
  dnText: string,
  attributes: Readonly<Record<string, readonly string[]>>,
  uuid: EntryUuid = freshUuid(),
): (view: ReadView) => readonly Intent[] {
  return (view) => {
    const dn = parseDn(dnText);
    const [rdn, ...above] = dn.rdns;
    if (view.byDn(dn) !== undefined) throw new LdapError('entryAlreadyExists', 'it exists');
    const isBase = above.length < view.baseDn.rdns.length;
    const parent = isBase ? ROOT_UUID : view.byDn({ rdns: above })?.uuid;
    if (parent === undefined) throw new LdapError('noSuchObject', 'no parent');
    const named = must(schema.namedRdn(must(rdn, 'an RDN')), 'a named RDN');
    return [{ entry: uuid, body: { kind: 'add', parent, rdn: named, attributes: attributesOf(attributes) } }];
  };
}

export interface Edit {
  readonly clear?: boolean;
  readonly remove?: readonly string[];
  readonly add?: readonly string[];
}

/** A decide function that modifies an entry. */
export function modifying(
  dnText: string,
  edits: Readonly<Record<string, Edit>>,
): (view: ReadView) => readonly Intent[] {
  return (view) => {
    const entry = view.byDnText(dnText);
    if (entry === undefined) throw new LdapError('noSuchObject', 'no such entry');
    const attributes = Object.entries(edits).map(([text, edit]) => {
      const description = must(schema.describe(text), 'a well-formed description');
      return {
        key: description.key,
        name: description.text,
        equality: schema.equalityOf(description).name,
        single: description.type?.singleValue ?? false,
        clear: edit.clear ?? false,
        remove: (edit.remove ?? []).map(utf8Encode),
        add: (edit.add ?? []).map(utf8Encode),
        increment: 0n,
      };
    });
    return [{ entry: entry.uuid, body: { kind: 'modify', attributes } }];
  };
}

/** A decide function that deletes an entry. */
export function deleting(dnText: string): (view: ReadView) => readonly Intent[] {
  return (view) => {
    const entry = view.byDnText(dnText);
    if (entry === undefined) throw new LdapError('noSuchObject', 'no such entry');
    return [{ entry: entry.uuid, body: { kind: 'delete' } }];
  };
}

/** A decide function that renames and moves an entry. */
export function renaming(
  dnText: string,
  newRdn: string | undefined,
  newParent?: string,
): (view: ReadView) => readonly Intent[] {
  return (view) => {
    const entry = view.byDnText(dnText);
    const parent = newParent === undefined ? undefined : view.byDnText(newParent)?.uuid;
    if (entry === undefined) throw new LdapError('noSuchObject', 'no such entry');
    const rdn = newRdn === undefined ? undefined : must(schema.namedRdn(parseRdn(newRdn)), 'a named RDN');
    return [{ entry: entry.uuid, body: { kind: 'modifyDn', parent, rdn, attributes: [] } }];
  };
}

/** DNs that a search answers, in the order of their text. */
export async function searchDns(
  backend: StoreBackend,
  base: string,
  scope: SearchScope,
  filterText: string,
): Promise<string[]> {
  const entry = must(backend.byDnText(base), 'the search base');
  const filter = compileFilter(parseFilter(filterText), schema);
  const candidates = backend.search({ base: entry, scope, filter });
  const found: string[] = [];
  for (;;) {
    const slice = await candidates.next();
    if (slice === undefined) return found.sort();
    for (const one of slice) if (matchFilter(filter, one) === true) found.push(one.dnText);
  }
}
