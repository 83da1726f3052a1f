/**
 * Repairs entries of this server that differ from a peer's, from the peer's copy: state, history, indexes. Another server's faults are mended there.
 *
 * Which side is right: the facts of both (conflict/judge-states.ts), else what the other peers hold, two against one; else the operator says, by naming the peer to copy from. Nothing is
 * guessed. A repair is no change: it makes a replica again what the changes say, and replicates nowhere.
 */
import { decodeEntryImage } from '../backend/digest/entry-image.js';
import { LdapError } from '../base/ldap-error.js';
import { judgeStates } from '../conflict/judge-states.js';
import { NO_DIGEST, type StateDigest, sameDigest } from '../conflict/state-digest.js';
import { StoreError } from '../port/ordered-store.js';
import type { ComparedBackend } from './answer-questions.js';
import { type Comparison, type ComparisonReport, type Difference, NoResult } from './comparison.js';

export interface RepairOptions {
  readonly backend: ComparedBackend;
  readonly comparison: Comparison;
  following(): readonly string[];
}

/** What became of one differing entry. */
export interface RepairLine {
  readonly name: string;
  readonly peer: string;
  readonly done: boolean;
  /** Why it was done, or why not and what to do. */
  readonly why: string;
}

type Ruling = { readonly right: 'here' | 'there' | undefined; readonly why: string };

/** Repairs what `reports` name. `from`: the peer that is right whatever the facts say. */
export async function repairFrom(
  options: RepairOptions,
  reports: readonly ComparisonReport[],
  from: string | undefined,
): Promise<readonly RepairLine[]> {
  const lines: RepairLine[] = [];
  const done = new Set<string>();
  for (const { peer, differences } of reports) {
    if (from !== undefined && peer !== from) continue;
    for (const difference of byParents(differences)) {
      if (done.has(difference.uuid)) continue;
      const line = await repairOne(options, peer, difference, from !== undefined);
      lines.push(line);
      if (line.done) done.add(difference.uuid);
    }
  }
  return lines;
}

/** Parents before their children, as far as names tell. */
function byParents(differences: readonly Difference[]): readonly Difference[] {
  return [...differences].sort((a, b) => a.name.length - b.name.length);
}

async function repairOne(
  options: RepairOptions,
  peer: string,
  { uuid, name }: Difference,
  chosen: boolean,
): Promise<RepairLine> {
  const line = (done: boolean, why: string): RepairLine => ({ name, peer, done, why });
  const { backend, comparison } = options;
  const { digests } = backend.parts;
  try {
    const here = digests.of(uuid);
    const { image } = await comparison.imageThere(peer, uuid, backend.state);
    if (image.length === 0)
      return line(
        false,
        `${peer} has nothing of it that could be copied; initialize the server that is wrong`,
      );
    const theirs = backend.parts.fraction.image(decodeEntryImage(image));
    const ruling: Ruling = chosen
      ? { right: 'there', why: `copied from ${peer}, as asked` }
      : await rule(options, peer, uuid, here, theirs);
    if (ruling.right === undefined) return line(false, ruling.why);
    if (ruling.right === 'here') return line(false, `${ruling.why}; run the repair on ${peer}`);
    const restored = await backend.restore(theirs, () => sameDigest(digests.of(uuid), here));
    if (!restored)
      return line(false, 'the entry was changed meanwhile, or its parent is not here; run it again');
    digests.mended(uuid);
    return line(true, ruling.why);
  } catch (error) {
    if (error instanceof StoreError || error instanceof LdapError || error instanceof NoResult)
      return line(false, error.message);
    throw error;
  }
}

async function rule(
  { backend, comparison, following }: RepairOptions,
  peer: string,
  uuid: Difference['uuid'],
  here: StateDigest,
  theirs: ReturnType<typeof decodeEntryImage>,
): Promise<Ruling> {
  const own = backend.parts.digests.stateOf(uuid);
  if (own !== undefined) {
    const rows = [...theirs.history, ...(await backend.history(uuid))];
    const changes = rows.filter((row) => !row.void).map(({ change }) => change);
    const right = judgeStates(own, theirs.state, changes);
    if (right !== undefined)
      return { right: right === 'a' ? 'here' : 'there', why: 'the changes of the entry say so' };
  } else if (!sameDigest(here, NO_DIGEST)) {
    return { right: 'there', why: 'the rows of the entry cannot be read here' };
  }
  const there = await comparison.digestThere(peer, uuid);
  let votes = 0;
  for (const other of following()) {
    if (other === peer || there === undefined) continue;
    const digest = await comparison.digestThere(other, uuid);
    if (digest !== undefined && sameDigest(digest, there)) votes += 1;
    if (digest !== undefined && sameDigest(digest, here)) votes -= 1;
  }
  if (votes > 0) return { right: 'there', why: `${peer} and ${votes} more servers hold the same` };
  if (votes < 0) return { right: 'here', why: `this server and ${-votes} more servers hold the same` };
  return {
    right: undefined,
    why: `neither the changes nor other servers tell which is right; to take ${peer}'s: --repair --from ${peer}`,
  };
}
