/**
 * The book of a server's tokens on disk: `tokens.json` in its directory, mode 0600. It holds digests, no secrets.
 */
import { join } from 'node:path';
import { OperatorError } from '../../base/operator-error.js';
import { readSmallFile, writeFileAtomic } from '../../io/files.js';
import type { TokenBook } from '../../topology/token-book.js';
import type { ServerFiles } from '../server-files.js';

/** Rejects with OperatorError DATA_CORRUPT for a file that is not ours. */
export async function readTokens(files: ServerFiles): Promise<TokenBook> {
  const bytes = await readSmallFile(fileOf(files));
  if (bytes === undefined) return [];
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    if (Array.isArray(value)) return value as TokenBook;
  } catch {
    // Told below.
  }
  throw new OperatorError(
    'DATA_CORRUPT',
    `${fileOf(files)} is damaged; remove it: the tokens that were made on this server are void then`,
  );
}

/** On disk when it resolves. */
export async function writeTokens(files: ServerFiles, book: TokenBook): Promise<void> {
  await writeFileAtomic(fileOf(files), `${JSON.stringify(book)}\n`, 0o600);
}

function fileOf(files: ServerFiles): string {
  return join(files.dir, 'tokens.json');
}
