/**
 * The first entry of domains that every server has of itself (the schema's, the topology's): the same everywhere, octet for octet, so that servers need no copy of
 * each other to begin, and data directories of before go on. A server that joins later takes a copy all the same: the others may have forgotten history that it lacks.
 *
 * Its CSN lies before all others: no server made it, and it stands in no server state.
 */

import { domainNumber, readFacts, TOTAL_UPDATE, textOp } from '../../backend/domain-facts.js';
import { beginLoad } from '../../backend/load/bulk-load.js';
import { KeySpace } from '../../backend/rows/key-space.js';
import { must } from '../../base/assert.js';
import { utf8Encode } from '../../base/bytes.js';
import type { EntryUuid } from '../../change/change.js';
import { toReplicaId, ZERO_CSN } from '../../csn/csn.js';
import { parseDn } from '../../dn/dn-text.js';
import type { Clock } from '../../port/clock.js';
import type { OrderedStore } from '../../port/ordered-store.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { Schema } from '../../schema/schema.js';
import { SUBSCHEMA_DN } from '../trees/root-dse.js';
import { SCHEMA_ENTRY_UUID } from './schema-store.js';

/** A domain whose first entry is the same on every server. */
export interface Genesis {
  readonly base: string;
  readonly uuid: EntryUuid;
  /** All servers begin with the same data set. */
  readonly generationId: string;
  readonly attributes: readonly (readonly [string, readonly string[]])[];
}

const SCHEMA: Genesis = {
  base: SUBSCHEMA_DN,
  uuid: SCHEMA_ENTRY_UUID,
  generationId: 'cn=schema',
  attributes: [
    ['objectClass', ['top', 'subentry', 'subschema']],
    ['cn', ['schema']],
    ['subtreeSpecification', ['{}']],
  ],
};

/** Makes the schema's domain when it is missing, or when making it was cut short. Rejects with a StoreError or OperatorError DATA_FORMAT_UNKNOWN. */
export function makeSchemaDomain(store: OrderedStore, schema: Schema, clock: Clock): Promise<void> {
  return makeFromGenesis(store, schema, clock, SCHEMA);
}

/** Makes such a domain when it is missing, or when making it was cut short. Rejects with a StoreError or OperatorError DATA_FORMAT_UNKNOWN. */
export async function makeFromGenesis(
  store: OrderedStore,
  schema: Schema,
  clock: Clock,
  genesis: Genesis,
): Promise<void> {
  const baseDn = parseDn(genesis.base);
  const baseKey = must(schema.dnKey(baseDn), 'a well-formed DN');
  const facts = readFacts(store, new KeySpace(await domainNumber(store, baseKey)));
  if (facts.generationId !== undefined || facts.loading === TOTAL_UPDATE) return;
  const load = await beginLoad({
    store,
    baseDn,
    schema,
    replica: must(toReplicaId(1), 'a replica id'),
    clock,
    generationId: genesis.generationId,
    initiator: '',
    indexes: {},
    genesis: ZERO_CSN,
  });
  load.add({
    dn: baseDn,
    rdn: must(schema.namedRdn(must(baseDn.rdns[0], 'one RDN')), 'a well-formed RDN'),
    uuid: genesis.uuid,
    attributes: new Map(
      genesis.attributes.map(([name, values]) => [
        name.toLowerCase() as AttributeKey,
        { name, values: values.map(utf8Encode) },
      ]),
    ),
  });
  await load.finish();
}

/** Marks a domain that is not there yet as one that is copied from another server, whatever it begins with elsewhere. Rejects with a StoreError. */
export async function awaitCopy(store: OrderedStore, schema: Schema, base: string): Promise<void> {
  const baseKey = must(schema.dnKey(parseDn(base)), 'a well-formed DN');
  const keys = new KeySpace(await domainNumber(store, baseKey));
  await store.batch([textOp(keys, 'loading', TOTAL_UPDATE)], { sync: true });
}
