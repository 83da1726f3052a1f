/**
 * What stands in the folder of a database, told without opening it.
 *
 * LevelDB makes the folder and two files even where it is told not to make a database, and makes a new one beside the tables of another whose root file
 * (CURRENT) is lost. So neither is left to it.
 */
import { readdirSync } from 'node:fs';

/** `none`: no database was made there. `headless`: its tables are there without the file that names them. */
export type StoreFolder = 'none' | 'whole' | 'headless';

/** Looks. Throws what readdir() throws, but for a folder that is not there. */
export function storeFolder(location: string): StoreFolder {
  let names: string[];
  try {
    names = readdirSync(location);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'none';
    throw error;
  }
  if (names.includes('CURRENT')) return 'whole';
  return names.some((name) => name.endsWith('.ldb')) ? 'headless' : 'none';
}
