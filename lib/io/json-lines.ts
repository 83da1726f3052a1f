/**
 * A TLS connection over which a new server asks to join: a few lines of JSON each way, bounded in length and time.
 *
 * Owns the lines and the dialling; what is said in them is app's. The dialling end trusts nobody yet: it is given the certificate of the other end to judge.
 */
import type { X509Certificate } from 'node:crypto';
import { connect, type TLSSocket } from 'node:tls';
import { LIMITS } from '../base/limits.js';

/** Name of the protocol within TLS (RFC 7301). */
export const JOIN_PROTOCOL = 'polyarch-join';

export class JsonLines {
  readonly #socket: TLSSocket;
  readonly #maxBytes: number;
  readonly #timer: NodeJS.Timeout;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #over: string | undefined;
  #wake: () => void = () => {};

  /** `maxBytes`: of one line that is read; `timeoutMs`: for all of the talk. */
  constructor(socket: TLSSocket, maxBytes: number, timeoutMs: number) {
    this.#socket = socket;
    this.#maxBytes = maxBytes;
    socket.on('data', (piece: Buffer) => this.#take(piece));
    socket.on('error', (error) => this.#end(error.message));
    socket.on('close', () => this.#end('the other end closed the connection'));
    this.#timer = setTimeout(() => {
      this.#end(`no answer within ${timeoutMs / 1000} s`);
      socket.destroy();
    }, timeoutMs);
    this.#timer.unref();
  }

  /** host:port of the other end. */
  get peer(): string {
    return `${this.#socket.remoteAddress ?? ''}:${this.#socket.remotePort ?? 0}`;
  }

  write(value: unknown): void {
    if (!this.#socket.destroyed) this.#socket.write(`${JSON.stringify(value)}\n`);
  }

  /** The next line as a value. Rejects with an Error when the talk ends before, or the line is no JSON. */
  async read(): Promise<unknown> {
    for (;;) {
      const at = this.#pieces.findIndex((piece) => piece.includes(0x0a));
      const piece = this.#pieces[at];
      if (piece !== undefined) {
        const end = piece.indexOf(0x0a);
        const line = Buffer.concat([...this.#pieces.slice(0, at), piece.subarray(0, end)]);
        this.#pieces = [piece.subarray(end + 1), ...this.#pieces.slice(at + 1)];
        this.#bytes -= line.length + 1;
        return JSON.parse(line.toString('utf8'));
      }
      if (this.#over !== undefined) throw new Error(this.#over);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Sends what is written and ends the talk. */
  close(): void {
    clearTimeout(this.#timer);
    this.#socket.end();
    const timer = setTimeout(() => this.#socket.destroy(), 1000);
    timer.unref();
  }

  #take(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    if (this.#bytes > this.#maxBytes) {
      this.#pieces = [];
      this.#end('the other end said too much');
      this.#socket.destroy();
    }
    this.#wake();
  }

  #end(why: string): void {
    this.#over ??= why;
    clearTimeout(this.#timer);
    this.#wake();
  }
}

/** Connects to ask for joining; the certificate of the other end is not judged yet. Rejects with an Error that says why not. */
export function dialJoin(address: {
  readonly host: string;
  readonly port: number;
}): Promise<{ readonly lines: JsonLines; readonly certificate: X509Certificate | undefined }> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...address,
      ALPNProtocols: [JOIN_PROTOCOL],
      minVersion: 'TLSv1.2',
      rejectUnauthorized: false,
    });
    const timer = setTimeout(() => socket.destroy(new Error('no answer in time')), LIMITS.tlsHandshakeMs);
    timer.unref();
    let failure = 'the other end closed the connection; does it run this version?';
    socket.on('error', (error) => {
      failure = error.message;
    });
    socket.once('close', () => {
      clearTimeout(timer);
      reject(new Error(failure));
    });
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      const lines = new JsonLines(socket, LIMITS.joinAnswerBytes, LIMITS.joinMs);
      resolve({ lines, certificate: socket.getPeerX509Certificate() });
    });
  });
}
