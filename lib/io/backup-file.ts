/**
 * Files of backups: a readable header and frames that are packed, chained by checksums, and encrypted where a key is given.
 *
 * Layout: the line MAGIC; length (u32) of the header; the header, JSON; a tag (16). Then frames: length of the body (u32), kind (u8), body, tag (16). The last frame has the
 * kind END. A body is raw deflate. Tags without a key: the first 16 octets of SHA-256 over the tag before, kind and body. With one: AES-256-GCM under a key made by scrypt from the
 * key's octets and a salt of this file, numbered nonces, the tag before and the kind as additional data. So nothing can be changed, left out, moved or cut off unseen.
 * A file appears under its name when it is complete and on disk, mode 0600. What the frames say is app/'s.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes, scrypt } from 'node:crypto';
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import { concatBytes, emptyBytes, equalBytes, utf8Decode, utf8Encode } from '../base/bytes.js';
import { OperatorError } from '../base/operator-error.js';
import { syncFolder, systemReason, unwritable } from './files.js';

const MAGIC = utf8Encode('POLYARCH BACKUP 1\n');
const TAG_BYTES = 16;
const HEAD_BYTES = 5;
const MAX_HEADER_BYTES = 1 << 20;
/** Octets of one frame, packed or not: far above what writers make, and what memory must have. */
const MAX_FRAME_BYTES = 1 << 28;
const END = 0xff;
const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const SALT_BYTES = 16;
/** Least octets of a key's file. */
const MIN_KEY_BYTES = 16;

const deflate = promisify(deflateRaw) as (bytes: Uint8Array, options: object) => Promise<Uint8Array>;
const inflate = promisify(inflateRaw) as (bytes: Uint8Array, options: object) => Promise<Uint8Array>;
const derive = promisify(scrypt) as (key: Uint8Array, salt: Uint8Array, length: number) => Promise<Buffer>;

/** What the header says besides what its writer gave. */
interface Envelope {
  readonly salt?: string;
  /** Part of what scrypt gave that is no key: tells a wrong key from damage. */
  readonly check?: string;
  readonly content: unknown;
}

interface Secret {
  readonly key: Uint8Array;
  readonly check: string;
}

export interface BackupFrame {
  /** The writer's number, 0 to 254. */
  readonly kind: number;
  readonly body: Uint8Array;
}

/** The octets of a key's file, without line ends at its end. Rejects with OperatorError BACKUP_INVALID when there are too few. */
export async function readBackupKey(path: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new OperatorError('BACKUP_INVALID', `cannot read the key ${path}: ${systemReason(error)}`, [], {
      cause: error,
    });
  }
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === 0x0a || bytes[end - 1] === 0x0d)) end -= 1;
  if (end < MIN_KEY_BYTES)
    throw new OperatorError(
      'BACKUP_INVALID',
      `the key in ${path} has ${end} octets; at least ${MIN_KEY_BYTES} are needed, such as: openssl rand -hex 32`,
    );
  return bytes.subarray(0, end);
}

/** Ends the name of a file that is being written. */
export const PART = '.part';

/** Writes one file. Errors of the disk are OperatorErrors FILE_UNWRITABLE or DISK_FULL. */
export class BackupWriter {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #seal: Seal;
  #bytes = 0;

  private constructor(path: string, file: FileHandle, seal: Seal) {
    this.#path = path;
    this.#file = file;
    this.#seal = seal;
  }

  /** Begins a file whose header holds `content` (JSON). `key`: undefined for a file that is not encrypted. */
  static async create(path: string, content: unknown, key: Uint8Array | undefined): Promise<BackupWriter> {
    const salt = randomBytes(SALT_BYTES);
    const secret = key === undefined ? undefined : await secretOf(key, salt);
    const envelope: Envelope =
      secret === undefined ? { content } : { salt: salt.toString('hex'), check: secret.check, content };
    const header = utf8Encode(JSON.stringify(envelope));
    const seal = new Seal(secret?.key);
    const tag = seal.closed(0, header, false).tag;
    try {
      const file = await open(partOf(path), 'w', 0o600);
      const writer = new BackupWriter(path, file, seal);
      await writer.#put([MAGIC, u32(header.length), header, tag]);
      return writer;
    } catch (error) {
      throw unwritable(path, error);
    }
  }

  /** Octets written so far. */
  get bytes(): number {
    return this.#bytes;
  }

  async frame(kind: number, body: Uint8Array): Promise<void> {
    const packed = await deflate(body, { level: 1 });
    const { bytes, tag } = this.#seal.closed(kind, packed, true);
    try {
      await this.#put([u32(bytes.length), Uint8Array.of(kind), bytes, tag]);
    } catch (error) {
      throw unwritable(this.#path, error);
    }
  }

  /** Completes the file; it is on disk under its name when it resolves. */
  async close(): Promise<void> {
    await this.frame(END, emptyBytes());
    try {
      await this.#file.sync();
      await this.#file.close();
      await rename(partOf(this.#path), this.#path);
      await syncFolder(dirname(this.#path));
    } catch (error) {
      throw unwritable(this.#path, error);
    }
  }

  /** Removes what was written. */
  async discard(): Promise<void> {
    await this.#file.close().catch(() => undefined);
    await rm(partOf(this.#path), { force: true }).catch(() => undefined);
  }

  async #put(parts: readonly Uint8Array[]): Promise<void> {
    const bytes = concatBytes(parts);
    for (let at = 0; at < bytes.length; ) at += (await this.#file.write(bytes, at)).bytesWritten;
    this.#bytes += bytes.length;
  }
}

/** Reads one file. What is wrong with it is an OperatorError BACKUP_INVALID of one sentence. */
export class BackupReader {
  readonly path: string;
  /** As the writer gave it. */
  readonly content: unknown;
  readonly encrypted: boolean;
  readonly #file: FileHandle;
  readonly #envelope: Envelope;
  readonly #header: Uint8Array;
  readonly #tag: Uint8Array;
  #at: number;

  private constructor(
    path: string,
    file: FileHandle,
    envelope: Envelope,
    header: Uint8Array,
    tag: Uint8Array,
  ) {
    this.path = path;
    this.#file = file;
    this.#envelope = envelope;
    this.content = envelope.content;
    this.encrypted = envelope.salt !== undefined;
    this.#header = header;
    this.#tag = tag;
    this.#at = MAGIC.length + 4 + header.length + TAG_BYTES;
  }

  /** Opens a file and reads its header. Without a key only what is not encrypted is checked. */
  static async open(path: string): Promise<BackupReader> {
    const file = await open(path, 'r').catch((error: Error) => {
      throw new OperatorError('BACKUP_INVALID', `cannot read ${path}: ${systemReason(error)}`, [], {
        cause: error,
      });
    });
    try {
      const front = await readExactly(file, 0, MAGIC.length + 4);
      if (front === undefined || !equalBytes(front.subarray(0, MAGIC.length), MAGIC))
        throw invalid(path, 'it is no backup of Polyarch in a form that this version reads');
      const length = new DataView(front.buffer, front.byteOffset + MAGIC.length).getUint32(0);
      const rest =
        length > MAX_HEADER_BYTES ? undefined : await readExactly(file, front.length, length + TAG_BYTES);
      const header = rest?.subarray(0, length);
      const envelope = header === undefined ? undefined : readEnvelope(header);
      if (rest === undefined || header === undefined || envelope === undefined)
        throw invalid(path, 'its header is damaged');
      const reader = new BackupReader(path, file, envelope, header, rest.subarray(length));
      if (!reader.encrypted) reader.#checkHeader(new Seal(undefined));
      return reader;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Every frame, checked; rejects at the first that is damaged or missing. */
  async *frames(key: Uint8Array | undefined): AsyncGenerator<BackupFrame> {
    const seal = new Seal(await this.#keyFor(key));
    this.#checkHeader(seal);
    for (;;) {
      const head = await readExactly(this.#file, this.#at, HEAD_BYTES);
      if (head === undefined) throw invalid(this.path, 'it ends before its last record');
      const length = new DataView(head.buffer, head.byteOffset).getUint32(0);
      const kind = head[4] as number;
      if (length > MAX_FRAME_BYTES) throw this.#damaged();
      const rest = await readExactly(this.#file, this.#at + HEAD_BYTES, length + TAG_BYTES);
      if (rest === undefined) throw invalid(this.path, 'it ends before its last record');
      const packed = seal.opened(kind, rest.subarray(0, length), rest.subarray(length));
      const body =
        packed === undefined
          ? undefined
          : await inflate(packed, { maxOutputLength: MAX_FRAME_BYTES }).catch(() => undefined);
      if (body === undefined) throw this.#damaged();
      this.#at += HEAD_BYTES + rest.length;
      if (kind === END) break;
      yield { kind, body };
    }
    if ((await readExactly(this.#file, this.#at, 1)) !== undefined)
      throw invalid(this.path, 'something stands behind its last record');
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #keyFor(key: Uint8Array | undefined): Promise<Uint8Array | undefined> {
    const { salt, check } = this.#envelope;
    if (salt === undefined) return undefined;
    if (key === undefined)
      throw new OperatorError(
        'BACKUP_INVALID',
        `${this.path} is encrypted; name the file of its key with --key-file`,
      );
    const secret = await secretOf(key, Buffer.from(salt, 'hex'));
    if (secret.check !== check)
      throw new OperatorError('BACKUP_INVALID', `${this.path} was encrypted with another key`);
    return secret.key;
  }

  #checkHeader(seal: Seal): void {
    if (!equalBytes(seal.closed(0, this.#header, false).tag, this.#tag))
      throw invalid(this.path, 'its header is damaged');
  }

  #damaged(): OperatorError {
    return invalid(this.path, `it is damaged at octet ${this.#at}`);
  }
}

/** The chain of tags of one file. */
class Seal {
  readonly #key: Uint8Array | undefined;
  #tag: Uint8Array = new Uint8Array(TAG_BYTES);
  #number = 0;

  constructor(key: Uint8Array | undefined) {
    this.#key = key;
  }

  /** Octets as they stand in the file, and their tag. `hidden` false: the octets stay readable, and the tag alone guards them. */
  closed(kind: number, body: Uint8Array, hidden: boolean): { bytes: Uint8Array; tag: Uint8Array } {
    let bytes = body;
    if (this.#key === undefined) this.#tag = this.#digest(kind, body);
    else {
      const cipher = createCipheriv(CIPHER, this.#key, this.#nonce());
      cipher.setAAD(this.#bound(kind, hidden ? emptyBytes() : body));
      bytes = hidden ? cipher.update(body) : body;
      cipher.final();
      this.#tag = cipher.getAuthTag();
    }
    return { bytes, tag: this.#tag };
  }

  /** The body, or undefined when tag and octets do not belong together here. */
  opened(kind: number, bytes: Uint8Array, tag: Uint8Array): Uint8Array | undefined {
    if (this.#key === undefined) {
      this.#tag = this.#digest(kind, bytes);
      return equalBytes(this.#tag, tag) ? bytes : undefined;
    }
    const decipher = createDecipheriv(CIPHER, this.#key, this.#nonce());
    decipher.setAAD(this.#bound(kind, emptyBytes()));
    decipher.setAuthTag(tag);
    const body = decipher.update(bytes);
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    this.#tag = tag.slice();
    return body;
  }

  #digest(kind: number, body: Uint8Array): Uint8Array {
    return createHash('sha256').update(this.#bound(kind, body)).digest().subarray(0, TAG_BYTES);
  }

  #bound(kind: number, body: Uint8Array): Uint8Array {
    return concatBytes([this.#tag, Uint8Array.of(kind), body]);
  }

  #nonce(): Uint8Array {
    const nonce = Buffer.alloc(12);
    nonce.writeUIntBE(this.#number++, 6, 6);
    return nonce;
  }
}

async function secretOf(key: Uint8Array, salt: Uint8Array): Promise<Secret> {
  const made = await derive(key, salt, KEY_BYTES + 8);
  return { key: made.subarray(0, KEY_BYTES), check: made.subarray(KEY_BYTES).toString('hex') };
}

function readEnvelope(header: Uint8Array): Envelope | undefined {
  try {
    const parsed = JSON.parse(utf8Decode(header) ?? '') as Partial<Envelope> | null;
    const text = (value: unknown) => value === undefined || typeof value === 'string';
    if (parsed === null || typeof parsed !== 'object' || !text(parsed.salt) || !text(parsed.check))
      return undefined;
    return parsed as Envelope;
  } catch {
    return undefined;
  }
}

async function readExactly(file: FileHandle, at: number, length: number): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, at + done);
    if (bytesRead === 0) return undefined;
    done += bytesRead;
  }
  return bytes;
}

function partOf(path: string): string {
  return `${path}${PART}`;
}

function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

function invalid(path: string, reason: string): OperatorError {
  return new OperatorError('BACKUP_INVALID', `${path} cannot be used: ${reason}`);
}
