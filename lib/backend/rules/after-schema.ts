/**
 * What a domain makes anew once its schema has another content: the marks of merged entries, and which entries hold collective attributes.
 *
 * Owns the order alone. To be called in the writer's turn with nothing pending; a copy on its way does both when it ends.
 */
import { findHolders, type HolderWorld } from './collective-holders.js';
import { type RecheckWorld, recheckMarks } from './schema-marks.js';

/** The parts of a backend that it reads and writes. */
export interface AfterSchemaWorld extends RecheckWorld, Omit<HolderWorld, 'postings' | 'collective'> {
  readonly tree: Pick<HolderWorld, 'collective'>;
  readonly pending: Pick<HolderWorld, 'postings'>;
}

/** Rejects with a StoreError. */
export async function afterSchemaChange(world: AfterSchemaWorld): Promise<void> {
  await recheckMarks(world);
  await findHolders({ ...world, collective: world.tree.collective, postings: world.pending.postings });
}
