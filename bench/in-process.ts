/**
 * A server in this process for figures of single operations: real codec, connection, directory and backend; a transport that throws octets away.
 *
 * Owns no figure.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { openBackend } from '../lib/backend/open-backend.js';
import type { StoreBackend } from '../lib/backend/store-backend.js';
import { must } from '../lib/base/assert.js';
import { utf8Encode } from '../lib/base/bytes.js';
import { BerWriter } from '../lib/ber/ber-writer.js';
import type { Csn } from '../lib/csn/csn.js';
import { toReplicaId } from '../lib/csn/csn.js';
import { parseDn } from '../lib/dn/dn-text.js';
import { parseFilter } from '../lib/filter/filter-text.js';
import { encodeRequest } from '../lib/ldap/encode-request.js';
import type { Control, LdapRequest, SearchRequest } from '../lib/ldap/message.js';
import { LdapService } from '../lib/operation/ldap-service.js';
import type { Clock } from '../lib/port/clock.js';
import type { LdapTransport } from '../lib/port/ldap-transport.js';
import type { Log } from '../lib/port/log.js';
import type { OrderedStore } from '../lib/port/ordered-store.js';
import type { PasswordHasher } from '../lib/port/password-hasher.js';
import { buildSchema } from '../lib/schema/load-schema.js';
import type { Schema } from '../lib/schema/schema.js';

export const BASE = 'dc=example,dc=com';

const clock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    // Pauses within the work must not end the process; deadlines must not keep it.
    if (ms > 0) timer.unref();
    return () => clearTimeout(timer);
  },
};
const log: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (fields) => console.error(fields),
  child: () => log,
};
const hasher: PasswordHasher = {
  hash: async (password) => password,
  verify: async () => true,
  isHashed: () => true,
};

/** Throws octets away; counts whole answers by their sends. */
export class Sink implements LdapTransport {
  readonly peer = { address: '127.0.0.1', port: 1 };
  readonly local = { address: '127.0.0.1', port: 2 };
  readonly secure = { tls: false, strengthBits: 0 };
  readonly canStartTls = false;
  readonly queuedBytes = 0;
  sent = 0;
  bytesSent = 0;
  onSend: (() => void) | undefined;
  readonly #buffer = Buffer.alloc(16 << 20);

  send(bytes: Uint8Array): boolean {
    this.#buffer.set(bytes, 0);
    this.sent += 1;
    this.bytesSent += bytes.length;
    this.onSend?.();
    return true;
  }
  pause(): void {}
  resume(): void {}
  close(reason: string): void {
    throw new Error(reason);
  }
  abort(reason: string): void {
    throw new Error(reason);
  }
  startTls(): void {}
}

function readSchema(): Schema {
  const names = readdirSync('schema').filter((name) => name.endsWith('.ldif'));
  return buildSchema(names.sort().map((name) => ({ name, text: readFileSync(`schema/${name}`, 'utf8') })));
}

async function openDomain(schema: Schema, store: OrderedStore): Promise<StoreBackend> {
  let last: Csn | undefined;
  return openBackend({
    store,
    schema,
    clock,
    log,
    baseDn: parseDn(BASE),
    replica: must(toReplicaId(1), 'a replica id'),
    cacheBytes: 512 << 20,
    sink: {
      ops: (change) => {
        last = change.csn;
        return [];
      },
      committed: () => undefined,
      lastOwn: () => last,
    },
  });
}

const writer = new BerWriter();
let nextId = 0;

/** A request in octets, with an id of its own. */
export function octets(request: LdapRequest, controls: readonly Control[] = []): Uint8Array {
  writer.reset();
  nextId = (nextId % 1_000_000) + 1;
  encodeRequest(writer, { id: nextId, request, controls });
  return new Uint8Array(writer.bytes());
}

/** The same of a search. */
export function searchOf(
  base: string,
  scope: SearchRequest['scope'],
  filter: string,
  attributes: readonly string[] = [],
  controls: readonly Control[] = [],
): Uint8Array {
  const request: SearchRequest = {
    kind: 'search',
    base,
    scope,
    deref: 'never',
    sizeLimit: 0,
    timeLimit: 0,
    typesOnly: false,
    filter: parseFilter(filter),
    attributes,
  };
  return octets(request, controls);
}

/** What requests are given to. */
export interface BenchServer {
  readonly backend: StoreBackend;
  connect(): { readonly transport: Sink; give(bytes: Uint8Array): void };
}

/** Opens one domain on the store. */
export async function openServer(store: OrderedStore): Promise<BenchServer> {
  const schema = readSchema();
  const backend = await openDomain(schema, store);
  const service = new LdapService({
    schema,
    hasher,
    clock,
    log,
    random: { bytes: (length) => Uint8Array.from({ length }, () => Math.floor(Math.random() * 256)) },
    settings: { adminPassword: utf8Encode('x') },
  });
  service.directory.addDomain(backend);
  return {
    backend,
    connect: () => {
      const transport = new Sink();
      const sink = service.accept(transport);
      return { transport, give: (bytes) => sink.bytes(bytes) };
    },
  };
}

/** So many more answers than now. */
export async function answers(transport: Sink, count: number): Promise<void> {
  const goal = transport.sent + count;
  await new Promise<void>((resolve) => {
    transport.onSend = () => {
      if (transport.sent < goal) return;
      transport.onSend = undefined;
      resolve();
    };
  });
}

/** CPU time of this process in ms: on a busy machine it says more than the time that passed. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The bind of the administrator. */
export function adminBind(): Uint8Array {
  return octets({
    kind: 'bind',
    version: 3,
    dn: 'cn=Directory Manager',
    authentication: { kind: 'simple', password: utf8Encode('x') },
  });
}
