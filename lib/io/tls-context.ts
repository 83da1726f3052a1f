/**
 * A server's certificate, key and trusted CAs, loaded from PEM files and loaded again when they change.
 *
 * New connections take the context of the moment; a change that cannot be used is reported and the old context stays in force. TLS 1.2 and later only.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import { OperatorError } from '../base/operator-error.js';
import { reasonOf } from '../base/thrown.js';
import type { Log } from '../port/log.js';
import { readSmallFile } from './files.js';

/** Paths of PEM files. */
export interface TlsFiles {
  /** Certificate, then its chain. */
  readonly certificate: string;
  readonly key: string;
  /** CAs that may sign peers' certificates. */
  readonly ca?: string;
}

/** What people want to know of a certificate. */
export interface CertificateFacts {
  readonly subject: string;
  readonly commonName: string | undefined;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** SHA-256, hex with colons. */
  readonly fingerprint: string;
}

export class TlsContext {
  readonly #files: TlsFiles;
  readonly #listeners = new Set<() => void>();
  #options: SecureContextOptions;
  #context: SecureContext;
  #facts: CertificateFacts;
  #stamp: string;

  private constructor(files: TlsFiles, loaded: Loaded, stamp: string) {
    this.#files = files;
    this.#options = loaded.options;
    this.#context = loaded.context;
    this.#facts = loaded.facts;
    this.#stamp = stamp;
  }

  /** Throws OperatorError TLS_INVALID that names the file. */
  static async load(files: TlsFiles): Promise<TlsContext> {
    const stamp = await stampOf(files);
    return new TlsContext(files, await loadFiles(files), stamp);
  }

  /** For new connections. */
  get secureContext(): SecureContext {
    return this.#context;
  }

  /** PEM texts, for tls.connect() and tls.createServer(). */
  get options(): SecureContextOptions {
    return this.#options;
  }

  get facts(): CertificateFacts {
    return this.#facts;
  }

  /** Reads the files again. Throws OperatorError TLS_INVALID and keeps the old context when they cannot be used. */
  async reload(): Promise<void> {
    const stamp = await stampOf(this.#files);
    const loaded = await loadFiles(this.#files);
    this.#stamp = stamp;
    this.#options = loaded.options;
    this.#context = loaded.context;
    this.#facts = loaded.facts;
    for (const listener of this.#listeners) listener();
  }

  /** reload() when a file has changed since. Answers whether it did. */
  async reloadIfChanged(): Promise<boolean> {
    if ((await stampOf(this.#files)) === this.#stamp) return false;
    await this.reload();
    return true;
  }

  /** Calls `run` after every reload; the returned function ends that. */
  onReload(run: () => void): () => void {
    this.#listeners.add(run);
    return () => this.#listeners.delete(run);
  }

  /** Looks for changed files every `intervalMs`; the returned function ends that. */
  watch(intervalMs: number, log: Log): () => void {
    let refused = '';
    const look = async (): Promise<void> => {
      try {
        if (await this.reloadIfChanged()) {
          refused = '';
          log.info(
            { subject: this.#facts.subject, notAfterMs: this.#facts.notAfterMs },
            'certificate loaded again',
          );
        }
      } catch (error) {
        const message = reasonOf(error);
        if (message !== refused)
          log.error({ error: message }, 'the changed certificate cannot be used; the old one stays');
        refused = message;
      }
    };
    const timer = setInterval(() => void look(), intervalMs);
    timer.unref();
    return () => clearInterval(timer);
  }
}

/** Facts of the first certificate of a PEM text. Throws OperatorError TLS_INVALID. */
export function certificateFacts(pem: Uint8Array | string, path: string): CertificateFacts {
  try {
    const certificate = new X509Certificate(pem);
    const name = certificate.subject.split('\n').find((line) => line.startsWith('CN='));
    return {
      subject: certificate.subject.replaceAll('\n', ', '),
      commonName: name?.slice(3),
      notBeforeMs: Date.parse(certificate.validFrom),
      notAfterMs: Date.parse(certificate.validTo),
      fingerprint: certificate.fingerprint256,
    };
  } catch (error) {
    throw new OperatorError('TLS_INVALID', `${path} holds no certificate in PEM form`, [], { cause: error });
  }
}

interface Loaded {
  readonly options: SecureContextOptions;
  readonly context: SecureContext;
  readonly facts: CertificateFacts;
}

async function loadFiles(files: TlsFiles): Promise<Loaded> {
  const cert = await readPem(files.certificate);
  const key = await readPem(files.key);
  const ca = files.ca === undefined ? undefined : await readPem(files.ca);
  const facts = certificateFacts(cert, files.certificate);
  try {
    if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(Buffer.from(key)))) {
      throw new OperatorError('TLS_INVALID', `${files.key} is not the key of ${files.certificate}`);
    }
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    throw new OperatorError('TLS_INVALID', `${files.key} holds no private key in PEM form`, [], {
      cause: error,
    });
  }
  const options: SecureContextOptions = {
    cert: Buffer.from(cert),
    key: Buffer.from(key),
    minVersion: 'TLSv1.2',
    sessionIdContext: 'polyarch',
    ...(ca === undefined ? {} : { ca: Buffer.from(ca) }),
  };
  try {
    return { options, context: createSecureContext(options), facts };
  } catch (error) {
    const cause = reasonOf(error);
    throw new OperatorError('TLS_INVALID', `${files.certificate} cannot be used: ${cause}`, [], {
      cause: error,
    });
  }
}

async function readPem(path: string): Promise<Uint8Array> {
  let bytes: Uint8Array | undefined;
  try {
    bytes = await readSmallFile(path);
  } catch (error) {
    const cause = reasonOf(error);
    throw new OperatorError('TLS_INVALID', `${path} cannot be read: ${cause}`, [], { cause: error });
  }
  if (bytes === undefined) throw new OperatorError('TLS_INVALID', `${path} does not exist`);
  return bytes;
}

async function stampOf(files: TlsFiles): Promise<string> {
  const stamps: string[] = [];
  for (const path of [files.certificate, files.key, files.ca]) {
    if (path === undefined) continue;
    try {
      const { mtimeMs, size, ino } = await stat(path);
      stamps.push(`${mtimeMs}:${size}:${ino}`);
    } catch {
      stamps.push('missing');
    }
  }
  return stamps.join(' ');
}
