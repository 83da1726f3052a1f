/**
 * What a backup says of itself, and the records in its frames.
 *
 * A full backup holds every row of the store as of one instant; an incremental one the changes that came into the logs since another backup. Both hold the
 * server's configuration, certificates and schema files. Row and change frames are what the store and the log hold, octet by octet.
 */
import { ByteReader, ByteWriter } from '../../base/binary.js';
import { utf8Encode } from '../../base/bytes.js';
import { OperatorError } from '../../base/operator-error.js';
import { ServerState } from '../../csn/server-state.js';
import type { StoreRow } from '../../port/ordered-store.js';

/** Kinds of frames. */
export const FRAME = { rows: 1, changes: 2, file: 3 } as const;

export interface BackedUpDomain {
  /** Normal form of the base DN. */
  readonly base: string;
  readonly generation: string | null;
  /** Text of the server state of the entries. */
  readonly applied: string;
  /** Text of the server state of the change log. */
  readonly log: string;
}

export interface BackupHeader {
  readonly format: 1;
  readonly id: string;
  readonly kind: 'full' | 'incremental';
  /** Id of the backup that this one goes on from; null for a full one. */
  readonly parent: string | null;
  /** Wall time of the instant whose state it holds, ms. */
  readonly takenMs: number;
  readonly server: { readonly id: number; readonly name: string };
  readonly version: string;
  readonly domains: readonly BackedUpDomain[];
}

/** The header, or undefined when `value` is none. */
export function readHeader(value: unknown): BackupHeader | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  const header = value as Partial<BackupHeader>;
  const { format, id, kind, parent, takenMs, server, domains } = header;
  const sound =
    format === 1 &&
    typeof id === 'string' &&
    /^[0-9a-f-]{36}$/.test(id) &&
    (kind === 'full' ? parent === null : kind === 'incremental' && typeof parent === 'string') &&
    typeof takenMs === 'number' &&
    typeof server?.id === 'number' &&
    typeof server.name === 'string' &&
    Array.isArray(domains) &&
    domains.every(isDomain);
  return sound ? (header as BackupHeader) : undefined;
}

function isDomain(value: unknown): boolean {
  if (value === null || typeof value !== 'object') return false;
  const { base, generation, applied, log } = value as Partial<BackedUpDomain>;
  const isState = (text: unknown) => typeof text === 'string' && ServerState.parse(text) !== undefined;
  return (
    typeof base === 'string' &&
    (generation === null || typeof generation === 'string') &&
    isState(applied) &&
    isState(log)
  );
}

/** A server state as a header writes it. */
export function stateOf(text: string): ServerState {
  const state = ServerState.parse(text);
  if (state === undefined) throw malformed();
  return state;
}

/** The body of a frame of rows. */
export function encodeRows(writer: ByteWriter, rows: readonly StoreRow[]): void {
  for (const { key, value } of rows) {
    writer.bytes(key);
    writer.bytes(value);
  }
}

/** The rows of such a frame, as views of it. Throws OperatorError BACKUP_INVALID. */
export function decodeRows(body: Uint8Array): StoreRow[] {
  const reader = new ByteReader(body, malformed);
  const rows: StoreRow[] = [];
  while (reader.left > 0) rows.push({ key: reader.bytes(), value: reader.bytes() });
  return rows;
}

/** The body of a frame of changes of one domain. */
export function beginChanges(writer: ByteWriter, base: string): void {
  writer.text(base);
}

/** Base and encoded changes of such a frame. Throws OperatorError BACKUP_INVALID. */
export function decodeChanges(body: Uint8Array): {
  readonly base: string;
  readonly changes: readonly Uint8Array[];
} {
  const reader = new ByteReader(body, malformed);
  const base = reader.text();
  const changes: Uint8Array[] = [];
  while (reader.left > 0) changes.push(reader.bytes());
  return { base, changes };
}

/** A file of the server's directory. */
export interface BackedUpFile {
  /** Relative to the directory, with slashes. */
  readonly name: string;
  readonly content: Uint8Array;
}

export function encodeFile({ name, content }: BackedUpFile): Uint8Array {
  const writer = new ByteWriter(content.length + 256);
  writer.bytes(utf8Encode(name));
  writer.bytes(content);
  return writer.finish();
}

/** Throws OperatorError BACKUP_INVALID, also for a name that leads out of the directory. */
export function decodeFile(body: Uint8Array): BackedUpFile {
  const reader = new ByteReader(body, malformed);
  const name = reader.text();
  const content = reader.bytes();
  reader.end();
  if (name.startsWith('/') || name.split('/').some((part) => part === '..' || part === '')) throw malformed();
  return { name, content };
}

function malformed(): OperatorError {
  return new OperatorError('BACKUP_INVALID', 'the backup holds a record that this version cannot read');
}
