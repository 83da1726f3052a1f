/**
 * Deleted entries of a domain: which there are, what they were called, and bringing one back with its place in groups.
 *
 * Memberships that went with the deletion are changes of the server that made it, behind the deletion in its stream: they are looked for in the change log and put back, as
 * far as the log reaches. Parents come back before their children: an entry whose parent is gone is shown in lost+found until then. What comes back is checked for uniqueness as an
 * add is, in the turn of the write. Until when one may come back is promised to the other servers (replica/membership.ts).
 */
import type { Backend, Intent, ReadView, Written } from '../../backend/backend.js';
import { withRows } from '../../backend/index/reverse-lookup.js';
import { decodeState } from '../../backend/rows/entry-record.js';
import { deadEntries } from '../../backend/rows/purge-rows.js';
import { shownOf } from '../../backend/rows/shown.js';
import type { StoreBackend } from '../../backend/store-backend.js';
import { lostAndFoundState } from '../../backend/tree/lost-and-found.js';
import { dnAfter } from '../../backend/tree/name-after.js';
import { deadState, undeleteIntent } from '../../backend/undelete.js';
import { utf8Decode, utf8Encode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import type { AttributeChange, ChangeBody, EntryUuid } from '../../change/change.js';
import { ROOT_UUID } from '../../change/change.js';
import { decodeChange } from '../../change/change-codec.js';
import { toRdn } from '../../change/named-rdn.js';
import type { Changelog } from '../../changelog/changelog.js';
import { deathOf } from '../../conflict/entry-life.js';
import { type EntryState, isAlive, LOST_AND_FOUND_UUID } from '../../conflict/entry-state.js';
import { type Csn, csnReplica, csnTimeMs } from '../../csn/csn.js';
import type { Dn, Rdn } from '../../dn/dn.js';
import { formatDn, parseDn } from '../../dn/dn-text.js';
import type { Attributes } from '../../entry/entry.js';
import { dnKey } from '../../schema/dn-key.js';

/** Changes behind a deletion that are looked at for memberships, and for how long after it. */
const LOOKED_AT = 20_000;
const LOOKED_MS = 600_000;
const MAX_DEPTH = 1000;

/** A deleted entry as its deletion found it. */
export interface DeadEntry {
  readonly state: EntryState;
  readonly death: Csn;
}

/** What a domain's deleted entries are read from, and where their return is written. */
export interface DeletedSource {
  readonly backend: StoreBackend;
  /** Takes the writes of clients. */
  readonly guarded: Pick<Backend, 'submit'>;
  /** Without it no membership comes back. */
  readonly changelog: Pick<Changelog, 'scan'> | undefined;
  /** No entry that died before may come back any more, ms since the epoch. */
  readonly fromMs: () => number;
}

/** Another place than the one that the entry had. */
export interface Elsewhere {
  readonly dn: Dn;
  readonly attributes: Attributes;
  readonly move: Extract<ChangeBody, { readonly kind: 'modifyDn' }>;
}

export interface Undelete {
  readonly initiator: string;
  readonly uuid: EntryUuid;
  /** Decides in the turn of the write where it comes back; undefined: where it was. Throws LdapError. */
  readonly place?: (view: ReadView, state: EntryState) => Elsewhere | undefined;
  /** Called last in the turn of the write; may throw to prevent it. */
  readonly last?: (() => void) | undefined;
}

/** See the file header. */
export class DeletedEntries {
  readonly #source: DeletedSource;

  constructor(source: DeletedSource) {
    this.#source = source;
  }

  /** All of them, newest death last, in slices. */
  async *list(): AsyncGenerator<readonly DeadEntry[], undefined> {
    const { parts } = this.#source.backend;
    for await (const slice of deadEntries(parts))
      yield slice.map(({ record, death }) => ({ state: decodeState(record, parts.dictionary), death }));
    return undefined;
  }

  /** The entry of this UUID, when it is dead. */
  find(uuid: EntryUuid): DeadEntry | undefined {
    const state = this.#source.backend.parts.writes.stateOf(uuid);
    const death = state === undefined ? undefined : deathOf(state.life);
    return state === undefined || death === undefined ? undefined : { state, death };
  }

  /** The name that a dead entry had: its own RDN below its parent, as that is named now. */
  dnOf(state: EntryState): Dn {
    const { backend } = this.#source;
    const rdns: Rdn[] = [];
    let at: EntryState | undefined = state;
    for (let depth = 0; at !== undefined && depth < MAX_DEPTH; depth++) {
      const live = isAlive(at) ? backend.byUuid(at.uuid) : undefined;
      if (live !== undefined) return { rdns: [...rdns, ...live.dn.rdns] };
      rdns.push(toRdn(at.rdn));
      if (at.parent === ROOT_UUID) return { rdns: [...rdns, ...backend.baseDn.rdns.slice(1)] };
      if (at.parent === LOST_AND_FOUND_UUID) break;
      at = backend.parts.writes.stateOf(at.parent);
    }
    return { rdns };
  }

  /** The attributes that it had. */
  attributesOf(state: EntryState): Attributes {
    return shownOf(state, this.#source.backend.parts.isSingle);
  }

  /**
   * Brings it back, on disk when it resolves. Rejects with LdapError noSuchObject, entryAlreadyExists (it lives), unwillingToPerform (too long ago), constraintViolation (a
   * value that must be unique is another's now), unavailable.
   */
  async undelete(wish: Undelete): Promise<{ readonly written: Written; readonly memberships: number }> {
    const { backend, guarded, fromMs } = this.#source;
    const { writes } = backend.parts;
    const { uuid, initiator } = wish;
    const before = this.find(uuid);
    const groups = before === undefined ? [] : await this.#groupsOf(before);
    const written = await withRows(() =>
      guarded.submit(
        initiator,
        (view) => {
          const state = deadState(writes, uuid, fromMs());
          const elsewhere = wish.place?.(view, state);
          const dn = elsewhere?.dn ?? this.#dnBack(view, state);
          backend.parts.rules.checkReturn(view, dn, elsewhere?.attributes ?? this.attributesOf(state));
          const intents: Intent[] = [undeleteIntent(uuid)];
          if (elsewhere !== undefined) intents.push({ entry: uuid, body: elsewhere.move });
          return intents;
        },
        wish.last,
      ),
    );
    const { after } = written;
    if (groups.length === 0 || before === undefined || after === undefined)
      return { written, memberships: 0 };
    // From lost+found it goes home when its parent comes back, and no group is told then.
    const isLost = after.state.place.parent === LOST_AND_FOUND_UUID;
    const name = isLost ? lastDnText(this, before.state) : after.dnText;
    return { written, memberships: await this.#rejoin(initiator, groups, utf8Encode(name)) };
  }

  /** Where the tree will show it. */
  #dnBack(view: ReadView, state: EntryState): Dn {
    const rdn = toRdn(state.rdn);
    const { parent } = state;
    const lost = toRdn(lostAndFoundState(ROOT_UUID).rdn);
    const body = { kind: 'modifyDn', parent, rdn: state.rdn, attributes: [] } as const;
    return dnAfter(view, body, undefined) ?? { rdns: [rdn, lost, ...view.baseDn.rdns] };
  }

  /** Puts the entry back into its groups. Answers in how many: none where a rule of the domain refuses that. */
  async #rejoin(
    initiator: string,
    groups: readonly { readonly entry: EntryUuid; readonly attributes: readonly AttributeChange[] }[],
    name: Uint8Array,
  ): Promise<number> {
    const { backend, guarded } = this.#source;
    const intents = groups.map(({ entry, attributes }): Intent => {
      const named = attributes.map((one) => ({ ...one, add: [name] }));
      return { entry, body: { kind: 'modify', attributes: named } };
    });
    const alive = (intent: Intent): boolean => {
      const state = backend.parts.writes.stateOf(intent.entry);
      return state !== undefined && isAlive(state);
    };
    let count = 0;
    const rejoined = withRows(() =>
      guarded.submit(initiator, () => {
        const left = intents.filter(alive);
        count = left.length;
        return left;
      }),
    );
    try {
      await rejoined;
    } catch (error) {
      if (error instanceof LdapError) return 0;
      throw error;
    }
    return count;
  }

  /** The groups out of which its deletion took it: one change each. */
  async #groupsOf({
    state,
    death,
  }: DeadEntry): Promise<
    readonly { readonly entry: EntryUuid; readonly attributes: readonly AttributeChange[] }[]
  > {
    const { changelog } = this.#source;
    const groups: { entry: EntryUuid; attributes: readonly AttributeChange[] }[] = [];
    if (changelog === undefined) return groups;
    const name = dnKey(this.dnOf(state));
    let looked = 0;
    for await (const slice of changelog.scan(csnReplica(death), death)) {
      for (const { bytes } of slice) {
        const { csn, entry, body } = decodeChange(bytes);
        looked += 1;
        if (looked > LOOKED_AT || csnTimeMs(csn) > csnTimeMs(death) + LOOKED_MS) return groups;
        if (body.kind !== 'modify') continue;
        const attributes = body.attributes.flatMap((change) => backAgain(change, name));
        if (attributes.length > 0) groups.push({ entry, attributes });
      }
    }
    return groups;
  }
}

/** The change that puts back what `change` took from a group, when that was the entry of this name. */
function backAgain(change: AttributeChange, name: string): AttributeChange[] {
  const taken = change.remove.some((value) => {
    const text = utf8Decode(value);
    if (text === undefined) return false;
    try {
      return dnKey(parseDn(text)) === name;
    } catch {
      return false;
    }
  });
  return taken ? [{ ...change, clear: false, remove: [], add: [], increment: 0n }] : [];
}

/** RFC 4514 text of the name that it had. */
export function lastDnText(deleted: DeletedEntries, state: EntryState): string {
  return formatDn(deleted.dnOf(state));
}
