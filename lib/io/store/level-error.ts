/** What LevelDB's errors mean: a StoreError by what went wrong, or the operator's fault when a database is opened. */
import { OperatorError } from '../../base/operator-error.js';
import { StoreError } from '../../port/ordered-store.js';

/** The text of an error and of its causes. */
function reasonOf(error: unknown): string {
  const parts: string[] = [];
  for (let at: unknown = error; at instanceof Error && parts.length < 5; at = at.cause)
    parts.push(at.message);
  return parts.length === 0 ? String(error) : parts.join(': ');
}

function codesOf(error: unknown): string[] {
  const codes: string[] = [];
  for (let at: unknown = error; at instanceof Error && codes.length < 5; at = at.cause) {
    const code = (at as NodeJS.ErrnoException).code;
    if (typeof code === 'string') codes.push(code);
  }
  return codes;
}

const FULL_TEXTS = [
  'No space left',
  'Disk quota exceeded',
  'Read-only file system',
  'ENOSPC',
  'EDQUOT',
  'EROFS',
];

/** A StoreError with what was being done; `full` for a disk that is full, over quota or read-only. */
export function toStoreError(error: unknown, doing: string): StoreError {
  if (error instanceof StoreError) return error;
  const reason = reasonOf(error);
  const codes = codesOf(error);
  const failure = FULL_TEXTS.some((text) => reason.includes(text))
    ? 'full'
    : codes.includes('LEVEL_CORRUPTION') || reason.includes('Corruption')
      ? 'damaged'
      : codes.includes('LEVEL_DATABASE_NOT_OPEN')
        ? 'closed'
        : 'failed';
  return new StoreError(failure, `${doing}: ${reason}`, { cause: error });
}

/** Why a database cannot be opened. */
export function openingError(error: unknown, location: string): Error {
  const codes = codesOf(error);
  const cause = { cause: error };
  if (codes.includes('LEVEL_LOCKED')) {
    const text = `another process uses the database ${location}; stop it first`;
    return new OperatorError('DATA_DIR_LOCKED', text, [], cause);
  }
  const wrapped = toStoreError(error, `opening the database ${location}`);
  if (wrapped.failure === 'full') return new OperatorError('DISK_FULL', wrapped.message, [], cause);
  if (wrapped.failure === 'damaged') return new OperatorError('DATA_CORRUPT', wrapped.message, [], cause);
  return wrapped;
}
