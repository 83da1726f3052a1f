/**
 * The first entry of the schema's domain: the same on every server, octet for octet, so that servers need no copy of each other to begin, and data directories
 * of before go on.
 *
 * Its CSN lies before all others: no server made it, and it stands in no server state.
 */
import { beginLoad } from '../backend/bulk-load.js';
import { domainNumber, readFacts, TOTAL_UPDATE } from '../backend/domain-facts.js';
import { KeySpace } from '../backend/key-space.js';
import { must } from '../base/assert.js';
import { utf8Encode } from '../base/bytes.js';
import { toReplicaId, ZERO_CSN } from '../csn/csn.js';
import { parseDn } from '../dn/dn-text.js';
import type { Clock } from '../port/clock.js';
import type { OrderedStore } from '../port/ordered-store.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import type { Schema } from '../schema/schema.js';
import { SUBSCHEMA_DN } from './root-dse.js';
import { SCHEMA_ENTRY_UUID } from './schema-store.js';

/** All servers begin with the same data set. */
const GENERATION = 'cn=schema';
const ATTRIBUTES: readonly (readonly [string, readonly string[]])[] = [
  ['objectClass', ['top', 'subentry', 'subschema']],
  ['cn', ['schema']],
  ['subtreeSpecification', ['{}']],
];

/** Makes the domain when it is missing, or when making it was cut short. Rejects with a StoreError or OperatorError DATA_FORMAT_UNKNOWN. */
export async function makeSchemaDomain(store: OrderedStore, schema: Schema, clock: Clock): Promise<void> {
  const baseDn = parseDn(SUBSCHEMA_DN);
  const baseKey = must(schema.dnKey(baseDn), 'a well-formed DN');
  const facts = readFacts(store, new KeySpace(await domainNumber(store, baseKey)));
  if (facts.generationId !== undefined || facts.loading === TOTAL_UPDATE) return;
  const load = await beginLoad({
    store,
    baseDn,
    schema,
    replica: must(toReplicaId(1), 'a replica id'),
    clock,
    generationId: GENERATION,
    initiator: '',
    indexes: {},
    genesis: ZERO_CSN,
  });
  load.add({
    dn: baseDn,
    rdn: must(schema.namedRdn(must(baseDn.rdns[0], 'one RDN')), 'a well-formed RDN'),
    uuid: SCHEMA_ENTRY_UUID,
    attributes: new Map(
      ATTRIBUTES.map(([name, values]) => [
        name.toLowerCase() as AttributeKey,
        { name, values: values.map(utf8Encode) },
      ]),
    ),
  });
  await load.finish();
}
