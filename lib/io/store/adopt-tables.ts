/**
 * Makes tables that were written beside a closed database (table-run.ts) its own: they get the names that LevelDB gives, and one record more in its list of
 * tables puts them in force.
 *
 * Invariants: the database is closed, and is the new one of a load: it is nobody's yet. The tables are synced; what they hold is in force, wholly or not at
 * all, by one record of the list, which is synced behind the names. Their keys are none of the database's own, so the level where they stand is free
 * to choose: the first that has room for them, and no tables between.
 */
import { open, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { assert } from '../../base/assert.js';
import { latin1 } from '../../base/bytes.js';
import { StoreError } from '../../port/ordered-store.js';
import { syncFolder } from '../files.js';
import { toStoreError } from './level-error.js';
import type { WrittenTable } from './table-run.js';
import { compareKeys, isFree, LEVELS, type ListedTable, readManifest, tablesAdded } from './version-edits.js';

/** Octets of level 1 above which LevelDB moves tables down; each level has ten times as much. */
const LEVEL_1_BYTES = 10 << 20;

/** Adopts. Rejects with a StoreError; the database is not to be used then. */
export async function adoptTables(location: string, written: readonly WrittenTable[]): Promise<void> {
  if (written.length === 0) return;
  const inOrder = written.toSorted((a, b) => compareKeys(a.smallest, b.smallest));
  // LevelDB looks in one table of a level for a key.
  for (const [at, { largest }] of inOrder.entries()) {
    const next = inOrder[at + 1];
    assert(
      next === undefined || compareKeys(largest, next.smallest) < 0,
      'tables of a load hold one range of keys each',
    );
  }
  try {
    await adopt(location, inOrder);
  } catch (error) {
    throw toStoreError(error, `adding tables to the database ${location}`);
  }
}

async function adopt(location: string, written: readonly WrittenTable[]): Promise<void> {
  const current = latin1(await readFile(join(location, 'CURRENT'))).trimEnd();
  if (!/^MANIFEST-\d+$/.test(current))
    throw new StoreError('damaged', 'the file CURRENT names no list of tables');
  const manifest = await readFile(join(location, current));
  const { tables: present, nextFile } = readManifest(manifest);
  // Files that were begun and are in no list have numbers too.
  let number = nextFile;
  for (const name of await readdir(location))
    number = Math.max(number, 1 + Number(/^(?:MANIFEST-)?(\d+)/.exec(name)?.[1] ?? 0));
  const level = levelFor(written, present);
  const tables: ListedTable[] = [];
  for (const { path, bytes, smallest, largest } of written) {
    await rename(path, join(location, `${String(number).padStart(6, '0')}.ldb`));
    tables.push({ level, number, bytes, smallest, largest });
    number += 1;
  }
  await syncFolder(location);
  const record = tablesAdded({ tables, nextFile: number }, manifest.length);
  const file = await open(join(location, current), 'a');
  try {
    await file.writeFile(record);
    await file.datasync();
  } finally {
    await file.close();
  }
}

function levelFor(written: readonly WrittenTable[], present: readonly ListedTable[]): number {
  let total = 0;
  for (const { bytes } of written) total += bytes;
  const smallest = written[0]?.smallest;
  const largest = written.at(-1)?.largest;
  assert(smallest !== undefined && largest !== undefined, 'there are tables');
  let level = 1;
  for (let room = LEVEL_1_BYTES; total > room && level < LEVELS - 1; room *= 10) level += 1;
  while (level < LEVELS && !isFree(present, level, smallest, largest)) level += 1;
  assert(level < LEVELS, 'the lowest level of a new database is free');
  return level;
}
