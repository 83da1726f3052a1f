/**
 * The changes in a frame of the replication protocol: read and checked before anything is done with them. Owns the body of that frame alone (frames.ts).
 */
import type { ByteReader } from '../base/binary.js';
import { LIMITS } from '../base/limits.js';
import type { EncodedChange } from '../change/change.js';
import { readChangeHeader } from '../change/change-codec.js';
import { CSN_BYTES, type Csn, csnReplica, type ReplicaId } from '../csn/csn.js';

/** Each change has the named origin, and follows the one before it. */
export function readChanges(reader: ByteReader, origin: ReplicaId): EncodedChange[] {
  const changes: EncodedChange[] = [];
  let before: Csn | undefined;
  for (let left = reader.count(LIMITS.frameChanges, CSN_BYTES); left > 0; left--) {
    const change = readChange(reader);
    if (csnReplica(change.csn) !== origin) reader.fail('a change of another origin');
    if (change.previous !== undefined && change.previous >= change.csn)
      reader.fail('a change before its previous one');
    if (before !== undefined && change.previous !== before)
      reader.fail('changes that do not follow each other');
    changes.push(change);
    before = change.csn;
  }
  if (before === undefined) reader.fail('no changes');
  return changes;
}

function readChange(reader: ByteReader): EncodedChange {
  const bytes = reader.bytes(LIMITS.frameBytes);
  try {
    const { csn, previous } = readChangeHeader(bytes);
    return { csn, previous, bytes };
  } catch (error) {
    return reader.fail(`a malformed change (${error instanceof Error ? error.message : 'unknown'})`);
  }
}
