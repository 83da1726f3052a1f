/**
 * What is looked at in the end in the rows of servers that are equal: that all of them are sound (lib/backend/verify.ts), and that the digests by which servers compare themselves say so too.
 */
import { verifyDomainRows } from '../../lib/backend/verify.js';
import { ownSums } from '../../lib/replica/answer-questions.js';
import { BackendDirectory } from './backend-directory.js';
import type { SimServer } from './sim-server.js';

/** Throws what `verify` finds at a server, and where the sums of two servers differ in what all of them hold. */
export async function checkRows(servers: readonly SimServer[]): Promise<void> {
  let first: { readonly name: string; readonly sums: string } | undefined;
  for (const { name, directory } of servers) {
    if (!(directory instanceof BackendDirectory)) continue;
    const faults = await faultsOf(directory);
    if (faults.length > 0) throw new Error(`verify at ${name}: ${faults.slice(0, 5).join(' ')}`);
    const sums = await sumsOf(directory);
    first ??= { name, sums };
    if (sums !== first.sums)
      throw new Error(`${name} and ${first.name} have equal contents, and compare as different`);
  }
}

async function faultsOf({ backend, schema }: BackendDirectory): Promise<readonly string[]> {
  const { store, keys, indexes } = backend.parts;
  return (await verifyDomainRows({ store, keys, schema, indexes: indexes.ready })).violations;
}

/** As kept since the server began to run, by writes and by a pass through all rows. */
async function sumsOf({ backend, shown }: BackendDirectory): Promise<string> {
  const tree = backend.parts.partDigests.of(shown);
  if (tree === undefined) throw new Error(`no digests of '${shown}'`);
  while (tree.passes === 0) await tree.step();
  const { damaged } = tree.status();
  if (damaged.length > 0) throw new Error(`damaged: ${damaged}`);
  return JSON.stringify(await ownSums(tree, undefined), (_, value) =>
    typeof value === 'bigint' ? `${value}` : value,
  );
}
