/**
 * cn=schema: the subschema subentry that governs every entry of the server (RFC 4512 section 4.2).
 *
 * It shows the whole schema, made anew in turns when somebody asks after that changed, and takes modify requests (modify-schema.ts). Its definitions are operational attributes: clients
 * name them (JNDI, ldap3) or ask for `+`. Times, the author of the last change, and the entity tag, are those of the stored entry that holds what was added.
 */
import { EventLoopTurn } from '../../backend/event-loop-turn.js';
import { generalizedTime } from '../../backend/rows/computed-attributes.js';
import { utf8Encode } from '../../base/bytes.js';
import { eachInSteps, type Steps } from '../../base/steps.js';
import type { Dn } from '../../dn/dn.js';
import { parseDn } from '../../dn/dn-text.js';
import type { SearchScope } from '../../ldap/message.js';
import type { Clock } from '../../port/clock.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import { DESCRIPTION_KINDS } from '../../schema/description.js';
import type { Schema } from '../../schema/schema.js';
import type { Answer, Operation } from '../operation.js';
import type { ServerParts } from '../server-parts.js';
import { SUBSCHEMA_DN } from '../trees/root-dse.js';
import {
  inScope,
  isUnder,
  type NamedEntry,
  rdnKeys,
  type VirtualCandidates,
  type VirtualTree,
  type VirtualValues,
  virtualEntry,
} from '../trees/virtual-tree.js';
import { modifySchema } from './modify-schema.js';
import type { SchemaStore } from './schema-store.js';

/** Of the stored entry at all times: the same on all servers, and before every change of it (schema-genesis.ts). */
const CREATED = 'createTimestamp';

/** Attributes of the stored entry that the shown one has too, once somebody has changed the schema: until then its time is that of the start. */
const CHANGED = ['modifyTimestamp', 'modifiersName', 'entryUUID', 'etag', 'entryCSN'] as const;

/** The tree that holds the one subentry. */
export class SubschemaTree implements VirtualTree {
  readonly baseDn = parseDn(SUBSCHEMA_DN);
  readonly monitorOnly = false;
  readonly #schema: Schema;
  readonly #store: SchemaStore | undefined;
  readonly #clock: Clock;
  readonly #started: string;
  #shown: { readonly version: number; readonly stored: unknown; readonly entry: NamedEntry } | undefined;
  #making: Promise<NamedEntry> | undefined;

  constructor(schema: Schema, store: SchemaStore | undefined, clock: Clock) {
    this.#schema = schema;
    this.#store = store;
    this.#clock = clock;
    this.#started = generalizedTime(clock.wallMs());
  }

  /** The subentry as it is now, or is when it has been made. */
  entry(): NamedEntry | Promise<NamedEntry> {
    return this.#current() ?? this.#made();
  }

  holds(dn: Dn): boolean {
    return this.#isWithin(dn, 'base');
  }

  search(base: Dn, scope: SearchScope): VirtualCandidates {
    let given = !this.#isWithin(base, scope);
    return {
      next: () => {
        if (given) return undefined;
        given = true;
        const entry = this.entry();
        return entry instanceof Promise ? entry.then((made) => [made]) : [entry];
      },
      close: () => undefined,
    };
  }

  modify(parts: ServerParts, operation: Operation): Promise<Answer> {
    return modifySchema(parts, operation, () => this.entry());
  }

  #isWithin(base: Dn, scope: SearchScope): boolean {
    const keys = rdnKeys(this.#schema, base);
    const depth = this.baseDn.rdns.length;
    return (
      keys !== undefined && inScope(depth, keys.length, scope) && isUnder(this.#schema, this.baseDn, keys)
    );
  }

  /** The entry that was made last, where neither schema nor stored entry is another by now. */
  #current(): NamedEntry | undefined {
    const { version } = this.#schema;
    return this.#shown?.version === version && this.#shown.stored === this.#store?.entry()
      ? this.#shown.entry
      : undefined;
  }

  /** Made once for all who ask meanwhile. One that was begun before the call may be of before a change that the caller knows of. */
  async #made(): Promise<NamedEntry> {
    await this.#making;
    const current = this.#current();
    if (current !== undefined) return current;
    this.#making ??= new EventLoopTurn(this.#clock).run(this.#make()).finally(() => {
      this.#making = undefined;
    });
    return await this.#making;
  }

  *#make(): Steps<NamedEntry> {
    yield* this.#schema.publishInSteps();
    const { version } = this.#schema;
    const stored = this.#store?.entry();
    const texts = DESCRIPTION_KINDS.map((kind) => [kind, this.#schema.definitions(kind)] as const);
    const operational: Record<string, VirtualValues> = {
      subtreeSpecification: '{}',
      structuralObjectClass: 'subentry',
      entryDN: SUBSCHEMA_DN,
      subschemaSubentry: SUBSCHEMA_DN,
      createTimestamp: this.#started,
      modifyTimestamp: this.#started,
      hasSubordinates: 'FALSE',
      numSubordinates: '0',
    };
    for (const [kind, definitions] of texts) {
      const values: Uint8Array[] = [];
      yield* eachInSteps(definitions, (text) => values.push(utf8Encode(text)));
      operational[kind] = values;
    }
    if (stored !== undefined) {
      const isChanged = stored.state.modified.csn !== stored.state.created.csn;
      for (const name of isChanged ? [CREATED, ...CHANGED] : [CREATED]) {
        const attribute = stored.attribute(name.toLowerCase() as AttributeKey);
        if (attribute !== undefined) operational[name] = attribute.values;
      }
    }
    const user = { objectClass: ['top', 'subentry', 'subschema'], cn: 'schema' };
    const entry = virtualEntry(this.#schema, SUBSCHEMA_DN, user, operational);
    this.#shown = { version, stored, entry };
    return entry;
  }
}
