/**
 * cn=Deleted Objects,<base>: deleted entries as a search with the show deleted control sees them (Active Directory's 1.2.840.113556.1.4.417).
 *
 * Nothing is there without the control, which is the administrator's. A deleted entry stands directly below the container, under its UUID and the RDN that it had; it has the
 * attributes that it had, isDeleted and lastKnownParent. Owns reading; bringing one back is reanimate.ts.
 */
import { generalizedTime } from '../../backend/rows/computed-attributes.js';
import { utf8Decode, utf8Encode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import { parseUuid } from '../../change/entry-uuid.js';
import { toRdn } from '../../change/named-rdn.js';
import { shownStamps } from '../../conflict/materialize.js';
import { csnTimeMs } from '../../csn/csn.js';
import type { Dn, Rdn } from '../../dn/dn.js';
import { formatDn } from '../../dn/dn-text.js';
import type { Filter } from '../../filter/filter.js';
import type { SearchScope } from '../../ldap/message.js';
import type { Schema } from '../../schema/schema.js';
import type { Domain } from '../directory.js';
import type { Operation } from '../operation.js';
import { type SearchPart, virtualPart } from '../search/search-parts.js';
import type { DeadEntry, DeletedEntries } from '../write/deleted-entries.js';
import { SUBSCHEMA_DN } from './root-dse.js';
import {
  candidatesOf,
  inScope,
  isUnder,
  type NamedEntry,
  rdnKeys,
  type VirtualCandidates,
  VirtualEntry,
  type VirtualTree,
  virtualEntry,
} from './virtual-tree.js';

const CONTAINER: Rdn = [{ type: 'cn', value: utf8Encode('Deleted Objects') }];

/** Whether the request sees deleted entries. Throws LdapError insufficientAccessRights. */
function showsDeleted(operation: Operation): boolean {
  if (!operation.controls.showDeleted) return false;
  if (operation.requester.kind === 'admin') return true;
  throw new LdapError('insufficientAccessRights', 'Only the administrator may use the show deleted control.');
}

/** The deleted entries of one domain. */
export class DeletedTree implements VirtualTree {
  readonly baseDn: Dn;
  readonly monitorOnly = true;
  readonly #schema: Schema;
  readonly #deleted: DeletedEntries;
  readonly #keys: readonly string[];

  constructor(schema: Schema, { baseDn }: Pick<Domain, 'baseDn'>, deleted: DeletedEntries) {
    this.baseDn = { rdns: [CONTAINER, ...baseDn.rdns] };
    this.#schema = schema;
    this.#deleted = deleted;
    this.#keys = rdnKeys(schema, this.baseDn) ?? [];
  }

  /** Whether the name is the container's or lies below it. */
  covers(dn: Dn): boolean {
    return isUnder(this.#schema, dn, this.#keys);
  }

  holds(dn: Dn): boolean {
    return dn.rdns.length === this.baseDn.rdns.length || this.named(dn) !== undefined;
  }

  /** The deleted entry of this name. */
  named(dn: Dn): DeadEntry | undefined {
    const [rdn] = dn.rdns;
    if (rdn === undefined || dn.rdns.length !== this.baseDn.rdns.length + 1) return undefined;
    const key = this.#schema.rdnKey(rdn);
    for (const { type, value } of rdn) {
      if (this.#schema.attributeType(type)?.key !== 'entryuuid') continue;
      const uuid = parseUuid(utf8Decode(value)?.toLowerCase() ?? '');
      const found = uuid === undefined ? undefined : this.#deleted.find(uuid);
      if (found !== undefined && key === this.#schema.rdnKey(shownAs(found))) return found;
    }
    return undefined;
  }

  search(base: Dn, scope: SearchScope): VirtualCandidates {
    const depth = base.rdns.length;
    const level = this.baseDn.rdns.length;
    if (depth > level) {
      const found = inScope(depth, depth, scope) ? this.named(base) : undefined;
      return candidatesOf(() => (found === undefined ? [] : [this.#entry(found)]));
    }
    const entries = this.#entries(inScope(level, depth, scope), inScope(level + 1, depth, scope));
    return {
      next: async () => {
        const step = await entries.next();
        return step.done === true ? undefined : step.value;
      },
      close: () => {
        void entries.return(undefined);
      },
    };
  }

  async *#entries(top: boolean, dead: boolean): AsyncGenerator<readonly NamedEntry[], undefined> {
    if (top) yield [this.#top()];
    if (!dead) return undefined;
    for await (const slice of this.#deleted.list()) yield slice.map((one) => this.#entry(one));
    return undefined;
  }

  #top(): NamedEntry {
    const dn = formatDn(this.baseDn);
    return virtualEntry(
      this.#schema,
      dn,
      { objectClass: ['top', 'applicationProcess'], cn: 'Deleted Objects' },
      { entryDN: dn, subschemaSubentry: SUBSCHEMA_DN, isDeleted: 'TRUE' },
    );
  }

  #entry(dead: DeadEntry): NamedEntry {
    const { state, death } = dead;
    const dn: Dn = { rdns: [shownAs(dead), ...this.baseDn.rdns] };
    const dnText = formatDn(dn);
    const { creatorsName, createTimestamp, modifiersName } = shownStamps(state);
    const operational = virtualEntry(this.#schema, dnText, {
      isDeleted: 'TRUE',
      lastKnownParent: formatDn({ rdns: this.#deleted.dnOf(state).rdns.slice(1) }),
      entryUUID: state.uuid,
      entryDN: dnText,
      creatorsName,
      createTimestamp,
      modifiersName,
      modifyTimestamp: generalizedTime(csnTimeMs(death)),
      subschemaSubentry: SUBSCHEMA_DN,
    });
    return new VirtualEntry(dn, dnText, this.#deleted.attributesOf(state), operational.stored);
  }
}

function shownAs({ state }: DeadEntry): Rdn {
  return [{ type: 'entryUUID', value: utf8Encode(state.uuid) }, ...toRdn(state.rdn)];
}

/** The tree of a domain for a request that sees deleted entries. Throws LdapError. */
export function deletedTree(schema: Schema, operation: Operation, domain: Domain): DeletedTree | undefined {
  const { deleted } = domain;
  return deleted === undefined || !showsDeleted(operation)
    ? undefined
    : new DeletedTree(schema, domain, deleted);
}

/** The parts of a search with those of deleted entries; live ones are left out where the filter asks for deleted ones alone. Throws LdapError. */
export function withDeleted(
  schema: Schema,
  operation: Operation,
  scope: SearchScope,
  filter: Filter,
  parts: readonly SearchPart[],
): readonly SearchPart[] {
  if (!showsDeleted(operation) || scope === 'base') return parts;
  const all: SearchPart[] = asksForDeleted(schema, filter) ? [] : [...parts];
  for (const { domain, base, scope: reach } of parts) {
    const atTop = domain !== undefined && base?.dn.rdns.length === domain.baseDn.rdns.length;
    const tree = atTop && reach !== 'base' ? deletedTree(schema, operation, domain) : undefined;
    if (tree !== undefined) all.push(virtualPart(tree, base?.dn ?? tree.baseDn, reach));
  }
  return all;
}

/** Whether only deleted entries can match. */
function asksForDeleted(schema: Schema, filter: Filter): boolean {
  if (filter.kind === 'and') return filter.clauses.some((one) => asksForDeleted(schema, one));
  if (filter.kind !== 'equality' && filter.kind !== 'present') return false;
  return schema.attributeType(filter.attribute)?.key === 'isdeleted';
}
