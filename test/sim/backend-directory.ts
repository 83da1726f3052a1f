/**
 * The product's own backend behind the simulated servers, and clients that write whatever a client could: so that the whole path from write to fold on every replica is run,
 * and compared with the oracle of the model.
 */

import type { Carried, ReadView, ReplayResult, StoredEntry, Written } from '../../lib/backend/backend.js';
import { openBackend } from '../../lib/backend/open-backend.js';
import { checkRecord, decodeState } from '../../lib/backend/rows/entry-record.js';
import { TAG } from '../../lib/backend/rows/key-space.js';
import { VALUE_BOUNDS, type ValueBounds } from '../../lib/backend/rows/large-attributes.js';
import { HeldEntry } from '../../lib/backend/rows/stored-entry.js';
import type { ConsistencyOptions } from '../../lib/backend/rules/consistency-rules.js';
import type { StoreBackend } from '../../lib/backend/store-backend.js';
import { deadState, undeleteIntent } from '../../lib/backend/undelete.js';
import { utf8Encode } from '../../lib/base/bytes.js';
import { LdapError } from '../../lib/base/ldap-error.js';
import { type Change, type ChangeBody, type EntryUuid, ROOT_UUID } from '../../lib/change/change.js';
import { type EntryState, isAlive } from '../../lib/conflict/entry-state.js';
import { journalKey } from '../../lib/conflict/journal.js';
import { RestrictedLines, restrictState } from '../../lib/conflict/restrict-state.js';
import type { Csn } from '../../lib/csn/csn.js';
import type { ServerState } from '../../lib/csn/server-state.js';
import { parseDn } from '../../lib/dn/dn-text.js';
import { Fraction } from '../../lib/entry/fraction.js';
import { formatFraction } from '../../lib/entry/fraction-text.js';
import type { Log } from '../../lib/port/log.js';
import type { StoreOp } from '../../lib/port/ordered-store.js';
import type { PurgeTarget } from '../../lib/replica/housekeeping.js';
import type { OwnReport } from '../../lib/replica/membership-seams.js';
import type { DomainSnapshot, HeldPart } from '../../lib/replica/snapshot-source.js';
import type { AttributeKey } from '../../lib/schema/attribute-type.js';
import type { Schema } from '../../lib/schema/schema.js';
import { entryFacts } from '../conflict/memory-domain.js';
import { add, modify, move, remove, rename, undelete } from '../conflict/story.js';
import { missingEffect } from '../conflict/took-effect.js';
import { standardSchema } from '../schema/standard-schema.js';
import { entryUuid } from './entry-uuid.js';
import type { SeededRandom } from './seeded-random.js';
import type { SimDirectory, WriteRequest } from './sim-directory.js';
import type { OpenDirectory, SimServer } from './sim-server.js';
import type { MakeWrite } from './simulation.js';

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => SILENT };
const BASE = entryUuid(1);
const SOME_BOUNDS = [VALUE_BOUNDS, { most: 1, load: 1 }, { most: 3, load: 2 }];

export interface DirectoryPart {
  /** What this server holds. Default: everything. */
  readonly held?: Fraction;
  /** What contents() tells of it. */
  readonly shown?: Fraction;
  /** contents() tells of a dead entry's lines what it would tell once that is dropped. */
  readonly forgets?: boolean;
  /** What local writes keep to. */
  readonly consistency?: ConsistencyOptions;
  /** Where values stand. */
  readonly values?: ValueBounds;
  /** Another base than that of the data. */
  readonly base?: string;
  /** Called when entries changed, durably. */
  readonly onApplied?: () => void;
}

export class BackendDirectory implements SimDirectory {
  readonly backend: StoreBackend;
  undeleteFromMs: () => number = () => 0;

  readonly part: HeldPart;
  readonly schema: Schema;
  readonly #shown: Fraction;
  readonly #forgets: boolean;

  constructor(
    backend: StoreBackend,
    schema: Schema,
    { shown = Fraction.ALL, forgets = false }: DirectoryPart,
  ) {
    this.backend = backend;
    this.schema = schema;
    this.part = backend.parts.fraction;
    this.#shown = shown;
    this.#forgets = forgets;
  }

  static open(...of: Parameters<OpenDirectory>): Promise<BackendDirectory> {
    return BackendDirectory.openPart({}, ...of);
  }

  /** Some servers keep values in rows of their own that others keep in records: nobody can tell. */
  static varied(part: Omit<DirectoryPart, 'values'> = {}): OpenDirectory {
    return (...of) => {
      const values = SOME_BOUNDS[of[2] % SOME_BOUNDS.length] ?? VALUE_BOUNDS;
      return BackendDirectory.openPart({ ...part, values }, ...of);
    };
  }

  static async openPart(
    part: DirectoryPart,
    ...[store, changelog, replica, clock, , salt, schema = standardSchema()]: Parameters<OpenDirectory>
  ): Promise<BackendDirectory> {
    const backend = await openBackend({
      store,
      baseDn: parseDn(part.base ?? 'dc=example,dc=com'),
      schema,
      replica,
      clock,
      log: SILENT,
      sink: changelog,
      salt,
      values: part.values ?? VALUE_BOUNDS,
      pause: () => Promise.resolve(),
      cacheBytes: 1 << 20,
      ...(part.onApplied === undefined ? {} : { onApplied: part.onApplied }),
      ...(part.held === undefined ? {} : { fraction: part.held }),
      ...(part.consistency === undefined ? {} : { consistency: part.consistency }),
    });
    return new BackendDirectory(backend, schema, part);
  }

  get state(): ServerState {
    return this.backend.state;
  }

  get generationId(): string | undefined {
    return this.backend.generationId;
  }

  get importing(): boolean {
    return this.backend.importing;
  }

  knows(entry: EntryUuid): boolean {
    return this.backend.byUuid(entry) !== undefined;
  }

  report(): Promise<OwnReport> {
    return this.backend.report();
  }

  get condition() {
    return this.backend.condition;
  }

  passClock(clock: Csn): void {
    this.backend.passClock(clock);
  }

  purge(options: Parameters<PurgeTarget['purge']>[0]): ReturnType<PurgeTarget['purge']> {
    return this.backend.purge(options);
  }

  replay(changes: readonly Change[]): Promise<readonly ReplayResult[]> {
    return this.backend.replay(changes);
  }

  carry(changes: readonly Change[], rows: readonly StoreOp[], durable: () => void): Carried | undefined {
    return this.backend.carry(changes, rows, durable);
  }

  startGeneration(generationId: string): Promise<void> {
    return this.backend.startGeneration(generationId);
  }

  exportSnapshot(fraction?: string): Promise<DomainSnapshot> {
    return this.backend.exportSnapshot(fraction);
  }

  beginImport(first?: () => Promise<void>): Promise<void> {
    return this.backend.beginImport(first);
  }

  importImages(images: readonly Uint8Array[]): Promise<void> {
    return this.backend.importImages(images);
  }

  finishImport(generationId: string, state: ServerState): Promise<void> {
    return this.backend.finishImport(generationId, state);
  }

  async write({ entry, body }: WriteRequest): Promise<Csn | undefined> {
    try {
      if (body.kind === 'undelete') {
        const { writes } = this.backend.parts;
        const written = await writes.submit('cn=client', () => {
          deadState(writes, entry, this.undeleteFromMs());
          return [undeleteIntent(entry)];
        });
        checkEffect(written, entry, body);
        return written.csn;
      }
      const written = await this.backend.submit('cn=client', (view) => {
        if (!allowed(view, entry, body)) throw new LdapError('unwillingToPerform', 'not now');
        return [{ entry, body }];
      });
      checkEffect(written, entry, body);
      return written.csn;
    } catch (error) {
      if (error instanceof LdapError) return undefined;
      throw error;
    }
  }

  /** Every entry, dead ones too, and the journal, as the oracle writes them; `shown`: what a fraction holds of both. */
  async contents(shown: Fraction = this.#shown): Promise<string> {
    const states = await this.states();
    const lines: string[] = [];
    const known = this.#forgets ? states.filter(isAlive) : states;
    const attributes = new Map(known.map((state) => [state.uuid, state.attributes]));
    const told = new RestrictedLines(shown);
    for await (const slice of this.backend.journal())
      for (const line of slice)
        for (const one of told.next(line, attributes.get(line.entry))) lines.push(journalKey(one));
    for (const one of told.end()) lines.push(journalKey(one));
    const held = states.map((state) => restrictState(state, shown));
    return [...entryFacts(held), ...lines.sort()].join('\n');
  }

  /** Every entry, dead ones too. */
  async states(): Promise<readonly EntryState[]> {
    const { store, keys, dictionary } = this.backend.parts;
    const states: EntryState[] = [];
    for await (const rows of store.scan(keys.tagRange(TAG.entry))) {
      for (const { value } of rows) states.push(decodeState(checkRecord(value), dictionary));
    }
    return states;
  }

  /** What contents() tells of, as a fraction's text. */
  get shown(): string {
    return formatFraction(this.#shown);
  }
}

/** An acknowledged write does what it was to do where its client is, whatever the clocks show (docs/conflicts.md, Clocks). */
function checkEffect({ csn, before, after }: Written, entry: EntryUuid, body: ChangeBody): void {
  const stateOf = (stored: StoredEntry | undefined): EntryState | undefined =>
    stored instanceof HeldEntry ? stored.state : undefined;
  const missing = missingEffect(stateOf(before), stateOf(after), body);
  if (missing !== undefined)
    throw new Error(`${csn} was acknowledged and has no effect on ${entry}: ${missing}`);
}

/** What a server would check before it takes such a write. */
function allowed(view: ReadView, entry: EntryUuid, body: ChangeBody): boolean {
  const target = view.byUuid(entry);
  if (body.kind === 'add')
    return target === undefined && (body.parent === ROOT_UUID || view.byUuid(body.parent) !== undefined);
  if (target === undefined) return false;
  if (body.kind === 'delete') return entry !== BASE && view.childCount(target) === 0;
  if (body.kind !== 'modifyDn') return true;
  if (entry === BASE) return false;
  if (body.parent === undefined) return true;
  for (let above = view.byUuid(body.parent); above !== undefined; above = view.parent(above)) {
    if (above.uuid === entry) return false;
    if (above.uuid === BASE) return true;
  }
  return false;
}

const NAMES = ['a', 'b', 'C', 'c', 'd'];
const VALUES = ['p', 'P', 'q', 'r', 's'];

/** The base entry, as the first server's first write. */
export const ADD_BASE: WriteRequest = {
  entry: BASE,
  body: {
    kind: 'add',
    parent: ROOT_UUID,
    rdn: {
      avas: [
        { key: 'dc' as AttributeKey, name: 'dc', value: utf8Encode('example'), equality: 'caseIgnoreMatch' },
      ],
    },
    attributes: [
      {
        key: 'objectclass' as AttributeKey,
        name: 'objectClass',
        values: [utf8Encode('top'), utf8Encode('domain')],
      },
    ],
  },
};

/** Writes of clients whose edits are mostly those that `make` makes, by what their server holds at the moment, where it makes one. */
export function mostlyWrites(
  make: (directory: BackendDirectory, random: SeededRandom) => ChangeBody | undefined,
): MakeWrite {
  return clientWrites((server, random) => {
    const { directory } = server;
    const made =
      directory instanceof BackendDirectory && random.chance(0.7) ? make(directory, random) : undefined;
    return made ?? plainEdit(server, random);
  });
}

/** Adds, edits of all kinds, renames, moves and deletes over a small pool of entries. `edit`: makes the edits. */
export function clientWrites(edit: MakeEdit = plainEdit): MakeWrite {
  let made = 1;
  return (server, random): WriteRequest | undefined => {
    if (server.directory?.knows(BASE) !== true)
      return server.name === 's1' && made === 1 ? ADD_BASE : undefined;
    const any = (): EntryUuid => entryUuid(1 + random.below(made));
    const kind = random.below(20);
    if (made < 8 || kind < 4) {
      const person = {
        objectClass: ['top', 'person'],
        sn: [random.pick(VALUES)],
        mail: [random.pick(VALUES)],
      };
      return { entry: entryUuid(++made), body: add(made < 5 ? BASE : any(), random.pick(NAMES), person) };
    }
    if (kind < 6) return { entry: any(), body: random.chance(0.3) ? undelete : remove };
    if (kind < 9) return { entry: any(), body: rename(random.pick(NAMES)) };
    if (kind < 11) return { entry: any(), body: move(any()) };
    return { entry: any(), body: edit(server, random) };
  };
}

/** A modify of some entry, as clients of this server may ask for it. */
export type MakeEdit = (server: SimServer, random: SeededRandom) => ChangeBody;

/** Edits of attributes that every schema has. */
export const plainEdit: MakeEdit = (_server, random) => {
  const value = random.pick(VALUES);
  const other = random.pick(VALUES);
  switch (random.below(8)) {
    case 0:
      return modify({ remove: [value] });
    case 1:
      return modify({ clear: true });
    case 2:
      return modify({ clear: true, add: [value] });
    case 3:
      return modify({ name: 'title', single: true, clear: true, add: [value] });
    case 4:
      return modify({ name: 'title', single: true, remove: [value], add: [other] });
    case 5:
      return modify({
        name: 'uidNumber',
        single: true,
        equality: 'integerMatch',
        increment: BigInt(1 + random.below(5)),
      });
    case 6:
      return modify({
        name: 'uidNumber',
        single: true,
        equality: 'integerMatch',
        clear: true,
        add: [`${random.below(9)}`],
      });
    default:
      return modify({ add: [value] }, { name: 'description', remove: [other] });
  }
};
