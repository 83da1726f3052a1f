/**
 * Loaded into a server by bench/memory.ts: what its V8 holds. SIGUSR2 writes it to the file named by MEMORY_FILE.
 */
import { writeFileSync } from 'node:fs';
import { getHeapSpaceStatistics } from 'node:v8';
import { isMainThread } from 'node:worker_threads';

/** Of one process, MiB. */
export interface HeapParts {
  /** Pages of young objects, their free half included. */
  readonly young: number;
  /** Pages of old objects, code and large objects. */
  readonly old: number;
  /** What is in use in the latter, garbage that was not found yet included. */
  readonly oldUsed: number;
  /** Octets outside V8's pages that its arrays stand for, resident or not. */
  readonly arrays: number;
}

const file = process.env.MEMORY_FILE;

const toMiB = (octets: number): number => Math.round(octets / 1_048_576);

function parts(): HeapParts {
  let [young, old, oldUsed] = [0, 0, 0];
  for (const space of getHeapSpaceStatistics()) {
    if (space.space_name.startsWith('new')) young += space.physical_space_size;
    else {
      old += space.physical_space_size;
      oldUsed += space.space_used_size;
    }
  }
  const arrays = process.memoryUsage().arrayBuffers;
  return { young: toMiB(young), old: toMiB(old), oldUsed: toMiB(oldUsed), arrays: toMiB(arrays) };
}

if (isMainThread && file !== undefined)
  process.on('SIGUSR2', () => {
    writeFileSync(file, JSON.stringify(parts()));
  });
