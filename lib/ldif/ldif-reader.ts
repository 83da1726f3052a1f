/**
 * Reads LDIF (RFC 2849) as it comes: pushed chunks of any size in, whole records and faults out.
 *
 * Owns lines: their ends (LF or CRLF), folding, comments, the byte order mark, bounds, and where records end. What a record's lines say is
 * parse-record.ts. A fault ends its record; reading goes on at the next blank line. Chunks are kept by reference until their record
 * is done: do not write to them. Invariant: where the file is cut into chunks makes no difference.
 */
import { concatBytes, emptyBytes, utf8Encode } from '../base/bytes.js';
import { LIMITS } from '../base/limits.js';
import type { LdifItem } from './ldif-record.js';
import { LdifFault, type LogicalLine, parseRecord, parseVersion } from './parse-record.js';
import { PlainReader } from './plain-record.js';

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const HASH = 0x23;

export interface LdifReaderOptions {
  /**
   * The octets behind a `:<` URL, or why they are refused, as one clause. Which URLs may be read is the caller's to decide. Absent: none.
   */
  readonly readUrl?: (url: string) => Uint8Array | string;
  /** Bounds; LIMITS.ldifLineBytes, ldifRecordLines and ldifRecordBytes when absent. */
  readonly maxLineBytes?: number;
  readonly maxRecordLines?: number;
  readonly maxRecordBytes?: number;
}

export class LdifReader {
  readonly #readUrl: ((url: string) => Uint8Array | string) | undefined;
  readonly #maxLineBytes: number;
  readonly #maxRecordLines: number;
  readonly #maxRecordBytes: number;
  readonly #plain: PlainReader;
  /** The line that has not ended yet, in pieces. */
  #partial: Uint8Array[] = [];
  #partialBytes = 0;
  /** Lines ended so far. */
  #lineCount = 0;
  /** The record so far: its lines as they stand, and unfolded without comments. */
  #source: Uint8Array[] = [];
  #lines: LogicalLine[] = [];
  /** What the last line continues: pieces of a logical line, or a comment. */
  #pieces: Uint8Array[] = [];
  #piecesBytes = 0;
  #piecesLine = 0;
  #sourceBytes = 0;
  /** The record is too long for its source to be kept. */
  #sourceDropped = false;
  /** The record is at fault: its rest is passed over, then the fault is told. */
  #fault: { readonly line: number; readonly reason: string } | undefined;
  #sawVersion = false;
  #items: LdifItem[] = [];

  constructor(options: LdifReaderOptions = {}) {
    this.#readUrl = options.readUrl;
    this.#maxLineBytes = options.maxLineBytes ?? LIMITS.ldifLineBytes;
    this.#maxRecordLines = options.maxRecordLines ?? LIMITS.ldifRecordLines;
    this.#maxRecordBytes = options.maxRecordBytes ?? LIMITS.ldifRecordBytes;
    this.#plain = new PlainReader(this.#maxRecordLines, Math.min(this.#maxLineBytes, this.#maxRecordBytes));
  }

  /** Lines ended so far: for progress. */
  get lineCount(): number {
    return this.#lineCount;
  }

  /** Takes the next part of the file; answers what it completed. Text must not split a surrogate pair. */
  push(chunk: Uint8Array | string): LdifItem[] {
    const given = typeof chunk === 'string' ? utf8Encode(chunk) : chunk;
    // A plain view: taking parts of a Buffer costs more.
    const bytes = new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
    let start = 0;
    while (start < bytes.length) {
      const item = this.#betweenRecords ? this.#plain.read(bytes, start, this.#lineCount + 1) : undefined;
      if (item !== undefined) {
        this.#items.push(item);
        this.#lineCount += this.#plain.lines;
        start = this.#plain.end;
        continue;
      }
      const end = bytes.indexOf(LF, start);
      if (end < 0) break;
      this.#endLine(bytes.subarray(start, end));
      start = end + 1;
    }
    if (start < bytes.length) this.#hold(bytes.subarray(start));
    return this.#take();
  }

  /** Whether the next octet begins a record, and not the first one, which may name the version. */
  get #betweenRecords(): boolean {
    return (
      this.#sawVersion &&
      this.#partialBytes === 0 &&
      this.#source.length === 0 &&
      this.#fault === undefined &&
      !this.#sourceDropped
    );
  }

  /** The file ends; the last line and the last record need no end of their own. */
  end(): LdifItem[] {
    if (this.#partialBytes > 0) this.#endLine(emptyBytes());
    this.#endRecord();
    return this.#take();
  }

  #take(): LdifItem[] {
    const items = this.#items;
    if (items.length > 0) this.#items = [];
    return items;
  }

  #hold(piece: Uint8Array): void {
    this.#partialBytes += piece.length;
    if (this.#partialBytes > this.#maxLineBytes) {
      // Its length is all that still counts.
      this.#partial = [];
      this.#lineTooLong(this.#lineCount + 1);
    } else this.#partial.push(piece);
  }

  #endLine(tail: Uint8Array): void {
    this.#lineCount += 1;
    const tooLong = this.#partialBytes + tail.length > this.#maxLineBytes;
    let line = tail;
    if (this.#partialBytes > 0) {
      if (!tooLong) line = concatBytes([...this.#partial, tail]);
      this.#partial = [];
      this.#partialBytes = 0;
    }
    if (tooLong) {
      this.#lineTooLong(this.#lineCount);
      return;
    }
    if (this.#lineCount === 1) line = withoutMark(line);
    if (line.length > 0 && line[line.length - 1] === CR) line = line.subarray(0, line.length - 1);
    this.#line(line);
  }

  /** One physical line. */
  #line(line: Uint8Array): void {
    if (line.length === 0) {
      this.#endRecord();
      return;
    }
    this.#keepSource(line);
    if (this.#fault !== undefined) return;
    if (line[0] !== SPACE) {
      this.#endLogicalLine();
      this.#pieces.push(line);
      this.#piecesBytes = line.length;
      this.#piecesLine = this.#lineCount;
      return;
    }
    if (this.#pieces.length === 0) {
      if (!isBlank(line)) this.#fail(this.#lineCount, 'the line starts with a space and continues nothing');
      return;
    }
    this.#piecesBytes += line.length - 1;
    if (this.#piecesBytes > this.#maxLineBytes) this.#lineTooLong(this.#piecesLine);
    else this.#pieces.push(line.subarray(1));
  }

  #keepSource(line: Uint8Array): void {
    if (this.#sourceDropped) return;
    this.#sourceBytes += line.length + 1;
    if (this.#source.length >= this.#maxRecordLines) {
      this.#tooLong(
        this.#lineCount,
        `the record has more than ${this.#maxRecordLines} lines (limit ldifRecordLines)`,
      );
    } else if (this.#sourceBytes > this.#maxRecordBytes) {
      this.#tooLong(
        this.#lineCount,
        `the record has more than ${this.#maxRecordBytes} octets (limit ldifRecordBytes)`,
      );
    } else this.#source.push(line);
  }

  #endLogicalLine(): void {
    const [first] = this.#pieces;
    if (first === undefined) return;
    if (first[0] !== HASH) {
      const octets = this.#pieces.length === 1 ? first : concatBytes(this.#pieces);
      this.#lines.push({ number: this.#piecesLine, octets });
    }
    this.#pieces = [];
    this.#piecesBytes = 0;
  }

  #endRecord(): void {
    if (this.#fault === undefined) {
      this.#endLogicalLine();
      if (this.#lines.length > 0) this.#parse();
    }
    if (this.#fault !== undefined) {
      this.#items.push({ kind: 'fault', ...this.#fault, source: this.#source });
      this.#fault = undefined;
      this.#source = [];
    }
    this.#sourceBytes = 0;
    this.#sourceDropped = false;
    if (this.#lines.length > 0) this.#lines = [];
    if (this.#source.length > 0) this.#source = [];
  }

  #parse(): void {
    try {
      let lines: readonly LogicalLine[] = this.#lines;
      if (!this.#sawVersion) {
        this.#sawVersion = true;
        lines = parseVersion(lines);
      }
      const [first] = lines;
      if (first === undefined) return;
      const record = parseRecord(lines, this.#readUrl);
      this.#items.push({ kind: 'record', line: first.number, record, source: this.#source });
    } catch (error) {
      if (!(error instanceof LdifFault)) throw error;
      this.#fail(error.line, error.message);
    }
  }

  #lineTooLong(line: number): void {
    this.#tooLong(line, `the line has more than ${this.#maxLineBytes} octets (limit ldifLineBytes)`);
  }

  /** The record is not kept any longer: its source is empty. */
  #tooLong(line: number, reason: string): void {
    this.#source = [];
    this.#sourceDropped = true;
    this.#fail(line, reason);
  }

  /** The first fault of a record is the one told. */
  #fail(line: number, reason: string): void {
    this.#fault ??= { line, reason };
    this.#lines = [];
    this.#pieces = [];
    this.#piecesBytes = 0;
  }
}

function isBlank(line: Uint8Array): boolean {
  return line.every((octet) => octet === SPACE);
}

function withoutMark(line: Uint8Array): Uint8Array {
  return line[0] === 0xef && line[1] === 0xbb && line[2] === 0xbf ? line.subarray(3) : line;
}
