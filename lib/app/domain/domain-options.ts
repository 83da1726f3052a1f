/**
 * What the rows of a domain are opened with, by a running server and by commands on a stopped one: the options of its indexes, of the rules that hold between entries, and its
 * change log.
 *
 * Owns no open domain: that is domain.ts.
 */

import { domainNumber } from '../../backend/domain-facts.js';
import type { IndexOptions } from '../../backend/index/index-config.js';
import { KeySpace } from '../../backend/rows/key-space.js';
import type { ConsistencyOptions } from '../../backend/rules/consistency-rules.js';
import { uniqueAttributeNames } from '../../backend/rules/unique-rules.js';
import { OperatorError } from '../../base/operator-error.js';
import { Changelog } from '../../changelog/changelog.js';
import type { Settings } from '../../config/option-table.js';
import type { ReplicaId } from '../../csn/csn.js';
import type { OrderedStore } from '../../port/ordered-store.js';
import type { Schema } from '../../schema/schema.js';

/** The change log of a domain in the store; it is made when it is missing. */
export async function openChangelog(
  store: OrderedStore,
  baseKey: string,
  replica: ReplicaId | undefined,
): Promise<Changelog> {
  const keys = new KeySpace(await domainNumber(store, baseKey));
  return await Changelog.open(store, { ownReplica: replica, prefix: keys.changelogPrefix() });
}

/** The backend's index options from the configured lists. Throws OperatorError CONFIG_INVALID that names attributes which the schema does not have; `lenient` leaves them in, to be indexed when it has them. */
export function indexOptions(
  settings: Settings,
  schema: Pick<Schema, 'attributeType'>,
  lenient = false,
): IndexOptions {
  const options: Record<string, Record<string, boolean>> = {};
  const faults: string[] = [];
  for (const [attribute, kinds] of Object.entries(settings.indexes)) {
    options[attribute] = Object.fromEntries(kinds.map((kind) => [kind, true]));
    if (schema.attributeType(attribute) === undefined && !lenient)
      faults.push(`indexes.${attribute}: the schema has no such attribute type`);
  }
  if (faults.length > 0)
    throw new OperatorError('CONFIG_INVALID', 'the indexes of polyarch.yaml cannot be made', faults);
  for (const name of lookedUpBy(settings)) {
    const type = schema.attributeType(name);
    const known = Object.keys(options).find((key) => schema.attributeType(key) === type) ?? name;
    if (type !== undefined) options[known] = { ...options[known], equality: true };
  }
  return options;
}

/** Attributes by whose values entries are found for membership, references and uniqueness. */
function lookedUpBy(settings: Settings): readonly string[] {
  return [
    ...settings['groups.memberAttributes'],
    ...settings['references.attributes'],
    ...uniqueAttributeNames(settings.uniqueness),
  ];
}

/** The rules between entries from the configured options. */
export function consistencyOptions(settings: Settings): ConsistencyOptions {
  return {
    unique: settings.uniqueness,
    references: settings['references.attributes'],
    referencesExist: settings['references.mustExist'],
  };
}
