/**
 * A whole LDAP service without sockets or disk: schema from the repository, a backend on a memory store, a clock that stands still, and clients
 * that speak real octets over memory transports.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { GuardedBackend } from '../../lib/app/domain/guarded-backend.js';
import type { MemoryStore } from '../../lib/backend/memory/memory-store.js';
import type { BackendOptions } from '../../lib/backend/open-backend.js';
import type { StoreBackend } from '../../lib/backend/store-backend.js';
import { must } from '../../lib/base/assert.js';
import { equalBytes, latin1, utf8Decode, utf8Encode } from '../../lib/base/bytes.js';
import type { ResultName } from '../../lib/base/result-code.js';
import { BerWriter } from '../../lib/ber/ber-writer.js';
import { FrameAssembler } from '../../lib/ber/frame-assembler.js';
import type { EncodedChange, Change as ReplicatedChange } from '../../lib/change/change.js';
import { decodeChange } from '../../lib/change/change-codec.js';
import type { Csn, ReplicaId } from '../../lib/csn/csn.js';
import { parseFilter } from '../../lib/filter/filter-text.js';
import { decodeResponse } from '../../lib/ldap/decode-response.js';
import { encodeRequest } from '../../lib/ldap/encode-request.js';
import type {
  Control,
  LdapRequest,
  LdapResponse,
  LdapResult,
  ResponseMessage,
  SearchRequest,
} from '../../lib/ldap/message.js';
import { parseScramKeys } from '../../lib/ldap/sasl/scram-keys.js';
import type { ScramParts } from '../../lib/operation/bind/scram.js';
import type { AccessRecord } from '../../lib/operation/connection/access-log.js';
import { LdapService } from '../../lib/operation/ldap-service.js';
import type { OperationSettings } from '../../lib/operation/settings.js';
import { DeletedEntries } from '../../lib/operation/write/deleted-entries.js';
import type { Clock } from '../../lib/port/clock.js';
import type { LdapConnectionSink, LdapTransport, TransportSecurity } from '../../lib/port/ldap-transport.js';
import type { Log } from '../../lib/port/log.js';
import type { PasswordHasher } from '../../lib/port/password-hasher.js';
import type { Random } from '../../lib/port/random.js';
import { buildSchema } from '../../lib/schema/load-schema.js';
import type { Schema } from '../../lib/schema/schema.js';
import { openTestBackend, type TestBackend } from './test-backend.js';

export const ADMIN = 'cn=Directory Manager';
export const ADMIN_PASSWORD = 'secret of the admin';
export const BASE = 'dc=example,dc=com';

let loaded: Schema | undefined;

/** The schema of the repository, read once a process. */
export function testSchema(): Schema {
  if (loaded === undefined) {
    const names = readdirSync('schema')
      .filter((name) => name.endsWith('.ldif'))
      .sort();
    loaded = buildSchema(names.map((name) => ({ name, text: readFileSync(`schema/${name}`, 'utf8') })));
  }
  return loaded;
}

/** Stands still until told; timers of no delay run in the next turn. */
export class TestClock implements Clock {
  #nowMs = Date.UTC(2026, 0, 1);
  readonly #timers = new Set<{ readonly atMs: number; readonly run: () => void }>();

  wallMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    if (delayMs <= 0) {
      const immediate = setImmediate(run);
      return () => clearImmediate(immediate);
    }
    const timer = { atMs: this.#nowMs + delayMs, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    for (const timer of [...this.#timers]) {
      if (timer.atMs > this.#nowMs || !this.#timers.delete(timer)) continue;
      timer.run();
    }
  }
}

/** Random octets from a seed (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
  return { bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff) };
}

/** `{TEST}` and the password: fast, and it counts its work. `gate`: verification waits for it. */
export class TestHasher implements PasswordHasher {
  verified = 0;
  hashed = 0;
  gate: Promise<void> = Promise.resolve();

  async hash(password: Uint8Array): Promise<Uint8Array> {
    this.hashed += 1;
    await this.gate;
    return utf8Encode(`{TEST}${latin1(password)}`);
  }

  async verify(password: Uint8Array, stored: Uint8Array | undefined): Promise<boolean> {
    this.verified += 1;
    await this.gate;
    return stored !== undefined && equalBytes(stored, utf8Encode(`{TEST}${latin1(password)}`));
  }

  isHashed(stored: Uint8Array): boolean {
    return latin1(stored).startsWith('{TEST}') || parseScramKeys(latin1(stored)) !== undefined;
  }
}

/** Keeps errors for the test to look at. */
export class TestLog implements Log {
  readonly errors: { readonly fields: object; readonly message: string }[] = [];
  debug(): void {}
  info(): void {}
  warn(_fields: object, _message: string): void {}
  error(fields: object, message: string): void {
    this.errors.push({ fields, message });
  }
  child(): Log {
    return this;
  }
}

export class MemoryTransport implements LdapTransport {
  readonly peer = { address: '192.0.2.1', port: 40_000 };
  readonly local = { address: '192.0.2.2', port: 389 };
  secure: TransportSecurity = { tls: false, strengthBits: 0 };
  canStartTls = true;
  readonly responses: ResponseMessage[] = [];
  paused = false;
  closedWith: string | undefined;
  abortedWith: string | undefined;
  tlsStarted = false;
  queuedBytes = 0;
  sends = 0;
  /** Octets that may be queued before send() answers false. */
  window = Number.POSITIVE_INFINITY;
  readonly #assembler = new FrameAssembler(64 * 1024 * 1024);

  send(bytes: Uint8Array): boolean {
    this.sends += 1;
    this.queuedBytes += bytes.length;
    this.#assembler.push(new Uint8Array(bytes));
    for (let frame = this.#assembler.next(); frame !== undefined; frame = this.#assembler.next()) {
      this.responses.push(decodeResponse(frame));
    }
    return this.queuedBytes < this.window;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  close(reason: string): void {
    this.closedWith ??= reason;
  }

  abort(reason: string): void {
    this.abortedWith ??= reason;
  }

  startTls(): void {
    this.tlsStarted = true;
  }
}

/** What one request brought. */
export interface Reply {
  readonly result: ResultName;
  readonly matchedDn: string;
  readonly diagnostic: string;
  readonly referrals: readonly string[];
  readonly entries: readonly FoundEntry[];
  readonly references: readonly (readonly string[])[];
  readonly controls: readonly Control[];
  readonly response: LdapResponse & { readonly result: LdapResult };
}

export interface FoundEntry {
  readonly dn: string;
  /** Values as text, by attribute name as it came. */
  readonly attributes: Readonly<Record<string, readonly string[]>>;
}

const writer = new BerWriter();

/** The octets of a request. */
export function requestBytes(
  id: number,
  request: LdapRequest,
  controls: readonly Control[] = [],
): Uint8Array {
  writer.reset();
  encodeRequest(writer, { id, request, controls });
  return new Uint8Array(writer.bytes());
}

export class TestClient {
  readonly transport: MemoryTransport;
  readonly sink: LdapConnectionSink;
  #nextId = 1;

  constructor(transport: MemoryTransport, sink: LdapConnectionSink) {
    this.transport = transport;
    this.sink = sink;
  }

  /** Sends a request and returns its id. */
  send(request: LdapRequest, controls: readonly Control[] = []): number {
    const id = this.#nextId++;
    this.sink.bytes(requestBytes(id, request, controls));
    return id;
  }

  /** Sends a request and waits for its answer. */
  call(request: LdapRequest, controls: readonly Control[] = []): Promise<Reply> {
    return this.reply(this.send(request, controls));
  }

  /** The answer to an earlier send(). */
  async reply(id: number): Promise<Reply> {
    await until(() => this.#final(id) !== undefined, `an answer to message ${id}`);
    const final = this.#final(id);
    if (final === undefined) throw new Error('unreachable');
    const mine = this.transport.responses
      .filter((message) => message.id === id)
      .map(({ response }) => response);
    return {
      ...final.response.result,
      entries: mine.filter((one) => one.kind === 'searchEntry').map(found),
      references: mine.filter((one) => one.kind === 'searchReference').map((one) => one.urls),
      controls: final.controls,
      response: final.response,
    };
  }

  #final(
    id: number,
  ): (ResponseMessage & { readonly response: LdapResponse & { readonly result: LdapResult } }) | undefined {
    for (const message of this.transport.responses) {
      if (message.id === id && 'result' in message.response)
        return { ...message, response: message.response };
    }
    return undefined;
  }

  bind(dn: string, password: string): Promise<Reply> {
    return this.call(simpleBind(dn, password));
  }

  async bindAdmin(): Promise<this> {
    const { result } = await this.bind(ADMIN, ADMIN_PASSWORD);
    if (result !== 'success') throw new Error(`admin bind: ${result}`);
    return this;
  }

  search(options: SearchOptions = {}, controls: readonly Control[] = []): Promise<Reply> {
    return this.call(searchRequest(options), controls);
  }

  add(
    dn: string,
    attributes: Readonly<Record<string, string | readonly string[]>>,
    controls: readonly Control[] = [],
  ) {
    return this.call({ kind: 'add', dn, attributes: rawAttributes(attributes) }, controls);
  }

  modify(dn: string, changes: readonly Change[], controls: readonly Control[] = []): Promise<Reply> {
    return this.call(modifyRequest(dn, changes), controls);
  }

  delete(dn: string, controls: readonly Control[] = []): Promise<Reply> {
    return this.call({ kind: 'delete', dn }, controls);
  }

  /** Unsolicited notifications so far. */
  get notices(): readonly LdapResponse[] {
    return this.transport.responses.filter((message) => message.id === 0).map((message) => message.response);
  }
}

type Change = readonly ['add' | 'delete' | 'replace' | 'increment', string, ...string[]];

/** A modify request from triples of operation, attribute and values. */
export function modifyRequest(dn: string, changes: readonly Change[]): LdapRequest {
  return {
    kind: 'modify',
    dn,
    modifications: changes.map(([operation, description, ...values]) => ({
      operation,
      attribute: { description, values: values.map(utf8Encode) },
    })),
  };
}

export function rawAttributes(attributes: Readonly<Record<string, string | readonly string[]>>) {
  return Object.entries(attributes).map(([description, values]) => ({
    description,
    values: (typeof values === 'string' ? [values] : values).map(utf8Encode),
  }));
}

export function simpleBind(dn: string, password: string, version = 3): LdapRequest {
  return { kind: 'bind', version, dn, authentication: { kind: 'simple', password: utf8Encode(password) } };
}

export type SearchOptions = Partial<Omit<SearchRequest, 'kind' | 'filter'>> & { readonly filter?: string };

export function searchRequest(options: SearchOptions = {}): SearchRequest {
  return {
    kind: 'search',
    base: BASE,
    scope: 'sub',
    deref: 'never',
    sizeLimit: 0,
    timeLimit: 0,
    typesOnly: false,
    attributes: [],
    ...options,
    filter: parseFilter(options.filter ?? '(objectClass=*)'),
  };
}

function found(response: LdapResponse & { readonly kind: 'searchEntry' }): FoundEntry {
  const attributes: Record<string, readonly string[]> = Object.create(null);
  for (const { name, values } of response.attributes) {
    attributes[name] = values.map((value) => utf8Decode(value) ?? latin1(value));
  }
  return { dn: response.dn, attributes };
}

/** Lets the event loop turn until `done`; fails after many turns and a minute: what is waited for may be done by another thread, which has to get a processor. */
export async function until(done: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + 60_000;
  for (let turns = 0; !done(); turns++) {
    if (turns > 20_000 && performance.now() > endMs) throw new Error(`waited too long for ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Lets everything that is ready run. */
export async function settle(): Promise<void> {
  for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
}

/** Its deleted entries, memberships from its own changes. */
function deletedOf({ backend, changes }: TestBackend): DeletedEntries {
  const changelog = {
    async *scan(_origin: ReplicaId, after: Csn | undefined) {
      yield changes.filter(({ csn }) => after === undefined || csn > after);
      return undefined;
    },
  };
  return new DeletedEntries({ backend, guarded: backend, changelog, fromMs: () => 0 });
}

/** As clients see it in a server. */
function guarded({ backend }: TestBackend): GuardedBackend {
  const readsHeld = () =>
    backend.importing ? 'the server is being initialized from another one' : undefined;
  return new GuardedBackend(backend, { readsHeld, writesHeld: readsHeld });
}

export class TestServer {
  readonly schema = testSchema();
  readonly clock: TestClock;
  readonly hasher = new TestHasher();
  readonly log: TestLog;
  readonly accessLog: AccessRecord[] = [];
  readonly service: LdapService;
  readonly backend: StoreBackend;
  readonly store: MemoryStore;
  readonly #changes: readonly EncodedChange[];

  private constructor(
    clock: TestClock,
    log: TestLog,
    first: TestBackend,
    settings: Partial<OperationSettings>,
    scram: ScramParts | undefined,
  ) {
    this.clock = clock;
    this.log = log;
    this.backend = first.backend;
    this.store = first.store;
    this.#changes = first.changes;
    this.service = new LdapService({
      schema: this.schema,
      clock,
      log,
      hasher: this.hasher,
      random: seededRandom(1),
      accessLog: (record) => this.accessLog.push(record),
      ...(scram === undefined ? {} : { scram }),
      settings: { adminPassword: utf8Encode(`{TEST}${ADMIN_PASSWORD}`), ...settings },
    });
  }

  /** A server with empty domains of these bases. */
  static async open(
    settings: Partial<OperationSettings> = {},
    bases: readonly string[] = [BASE],
    options: Partial<BackendOptions> = {},
    scram?: ScramParts,
  ): Promise<TestServer> {
    const schema = testSchema();
    const clock = new TestClock();
    const log = new TestLog();
    const opened = await Promise.all(
      bases.map((base) => openTestBackend(schema, base, clock, log, undefined, options)),
    );
    const server = new TestServer(clock, log, must(opened[0], 'a base'), settings, scram);
    for (const one of opened) server.service.directory.addDomain(guarded(one), undefined, deletedOf(one));
    return server;
  }

  /** Another server on the data of the first domain: nothing of it is in memory. */
  async reopen(options: Partial<BackendOptions> = {}): Promise<TestServer> {
    const opened = await openTestBackend(this.schema, BASE, this.clock, this.log, this.store, options);
    const server = new TestServer(this.clock, this.log, opened, this.service.settings, undefined);
    server.service.directory.addDomain(guarded(opened), undefined, deletedOf(opened));
    return server;
  }

  /** Changes made here, in the first domain. */
  get changes(): readonly ReplicatedChange[] {
    return this.#changes.map(({ bytes }) => decodeChange(bytes));
  }

  connect(transport = new MemoryTransport()): TestClient {
    return new TestClient(transport, this.service.accept(transport));
  }

  /** A client that is bound as the administrator. */
  admin(): Promise<TestClient> {
    return this.connect().bindAdmin();
  }

  /** The base entry and a few people: uid=ann, uid=bob (with passwords `ann's` and `bob's`), and ou=people, ou=groups. */
  async populate(): Promise<TestClient> {
    const admin = await this.admin();
    const add = async (
      dn: string,
      attributes: Readonly<Record<string, string | readonly string[]>>,
    ): Promise<void> => {
      const reply = await admin.add(dn, attributes);
      if (reply.result !== 'success') throw new Error(`add ${dn}: ${reply.result} ${reply.diagnostic}`);
    };
    await add(BASE, { objectClass: ['domain'], dc: 'example' });
    await add(`ou=people,${BASE}`, { objectClass: ['organizationalUnit'], ou: 'people' });
    await add(`ou=groups,${BASE}`, { objectClass: ['organizationalUnit'], ou: 'groups' });
    await add(`uid=ann,ou=people,${BASE}`, person('ann', 'Ann Arbor'));
    await add(`uid=bob,ou=people,${BASE}`, person('bob', 'Bob Bell'));
    return admin;
  }
}

/** Attributes of a person whose password is `<uid>'s`. */
export function person(uid: string, cn: string): Record<string, string | readonly string[]> {
  return {
    objectClass: ['inetOrgPerson'],
    uid,
    cn,
    sn: cn.slice(cn.lastIndexOf(' ') + 1),
    mail: `${uid}@example.com`,
    userPassword: `${uid}'s`,
  };
}
