/**
 * The domain cn=topology of a running server: who belongs to the topology. It replicates like any other, and every server holds it, brokers too.
 *
 * Owns the one entry, what it means now, and writing to it: the members, and a secret that all servers share. Who is followed, and who is forgotten, follows from it in topology-follower.ts.
 */
import { storedState } from '../../backend/rows/stored-state.js';
import { must } from '../../base/assert.js';
import { compareBytes, utf8Decode, utf8Encode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import type { EntryUuid } from '../../change/change.js';
import { parseDn } from '../../dn/dn-text.js';
import type { EntryView } from '../../entry/entry.js';
import { systemClock } from '../../io/system-clock.js';
import { type Genesis, makeFromGenesis } from '../../operation/schema/schema-genesis.js';
import type { OrderedStore } from '../../port/ordered-store.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { Schema } from '../../schema/schema.js';
import { memberChange, membersOf, type TopologyMember } from '../../topology/member-list.js';
import { type DomainParts, RunningDomain } from '../domain/domain.js';

/** Base DN of the domain. */
export const TOPOLOGY_BASE = 'cn=topology';
const ENTRY_UUID = '00000000-0000-0000-0000-00000000007c' as EntryUuid;
const SERVER_ATTRIBUTE = 'ds-topology-server';
const SERVER_KEY = SERVER_ATTRIBUTE as AttributeKey;
const SECRET_ATTRIBUTE = 'ds-topology-secret';
const SECRET_KEY = SECRET_ATTRIBUTE as AttributeKey;
const CACHE_BYTES = 1 << 20;

const GENESIS: Genesis = {
  base: TOPOLOGY_BASE,
  uuid: ENTRY_UUID,
  generationId: TOPOLOGY_BASE,
  attributes: [
    ['objectClass', ['top', 'ds-topology']],
    ['cn', ['topology']],
  ],
};

/** The servers that a store in which nothing is open knows of; none where a copy of them was cut short. Rejects with a StoreError. */
export async function storedMembers(store: OrderedStore, schema: Schema): Promise<readonly TopologyMember[]> {
  const baseKey = must(schema.dnKey(parseDn(TOPOLOGY_BASE)), 'a well-formed DN');
  const state = await storedState(store, baseKey, ENTRY_UUID);
  return state === undefined ? [] : membersOf(textsOf({ attribute: (key) => state.attributes.get(key) }));
}

function textsOf(entry: Pick<EntryView, 'attribute'>): string[] {
  return (entry.attribute(SERVER_KEY)?.values ?? []).map((value) => utf8Decode(value) ?? '');
}

export class TopologyDomain {
  readonly domain: RunningDomain;
  readonly #initiator: string;
  #members: readonly TopologyMember[] = [];
  #texts = '';
  #onChange: () => void = () => {};

  private constructor(domain: RunningDomain, initiator: string) {
    this.domain = domain;
    this.#initiator = initiator;
    this.#read();
  }

  /** Opens the domain; it is made when it is missing. Rejects with an OperatorError or a StoreError. */
  static async open(parts: Omit<DomainParts, 'base'>): Promise<TopologyDomain> {
    await makeFromGenesis(parts.store, parts.schema, systemClock, GENESIS);
    let opened: TopologyDomain | undefined;
    const domain = await RunningDomain.open({
      ...parts,
      base: TOPOLOGY_BASE,
      indexes: {},
      cacheBytes: CACHE_BYTES,
      onApplied: () => opened?.look(),
    });
    opened = new TopologyDomain(domain, parts.config.settings['admin.dn']);
    return opened;
  }

  /** All servers that ever were, those that left too; none while they are copied from another server. */
  get members(): readonly TopologyMember[] {
    return this.#members;
  }

  /** `run` is called after each change of the members, in the same turn. */
  onChange(run: () => void): void {
    this.#onChange = run;
  }

  /** The stored entry may be another. */
  look(): void {
    if (this.#read()) this.#onChange();
  }

  /** A secret that all servers share, and nobody else; undefined: there is none yet, or it is being copied. Of two that were made at once the smaller counts. */
  get secret(): Uint8Array | undefined {
    const { backend } = this.domain;
    const entry = backend.importing ? undefined : backend.byUuid(ENTRY_UUID);
    return [...(entry?.attribute(SECRET_KEY)?.values ?? [])].sort(compareBytes)[0];
  }

  /** Gives the topology its secret, where it has none; on disk when it resolves. Rejects as write(). */
  async writeSecret(secret: Uint8Array): Promise<void> {
    await this.#submit(SECRET_ATTRIBUTE, (entry) =>
      entry.attribute(SECRET_KEY) === undefined ? { remove: [], add: [secret] } : { remove: [], add: [] },
    );
  }

  /** Makes `member` what its name means; on disk when it resolves. Rejects with LdapError unavailable while the server takes no writes. */
  async write(member: TopologyMember): Promise<void> {
    await this.#submit(SERVER_ATTRIBUTE, (entry) => {
      const { remove, add } = memberChange(textsOf(entry), member);
      return { remove: remove.map(utf8Encode), add: add.map(utf8Encode) };
    });
    this.look();
  }

  /** Changes values of an attribute; nothing is written where nothing changes. */
  async #submit(
    name: string,
    decide: (entry: EntryView) => { readonly remove: Uint8Array[]; readonly add: Uint8Array[] },
  ): Promise<void> {
    const { schema } = this.domain;
    const equality = schema.equalityOf(must(schema.describe(name), 'a standard attribute')).name;
    await this.domain.guarded.submit(this.#initiator, (view) => {
      const entry = view.byUuid(ENTRY_UUID);
      if (entry === undefined)
        throw new LdapError(
          'unavailable',
          'the topology is being copied from another server; try again later',
        );
      const { remove, add } = decide(entry);
      if (remove.length === 0 && add.length === 0) return [];
      const facts = { name, equality, single: false, clear: false, increment: 0n };
      const change = { ...facts, key: name as AttributeKey, remove, add };
      return [{ entry: ENTRY_UUID, body: { kind: 'modify', attributes: [change] } }];
    });
  }

  /** Answers whether it is another one. */
  #read(): boolean {
    const { backend } = this.domain;
    const entry = backend.importing ? undefined : backend.byUuid(ENTRY_UUID);
    const texts = entry === undefined ? [] : textsOf(entry).sort();
    const all = texts.join('\n');
    if (all === this.#texts) return false;
    this.#texts = all;
    this.#members = membersOf(texts);
    return true;
  }
}
