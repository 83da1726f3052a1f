/**
 * LdapClient: LDAP from the client's side, for the command line and for tests.
 *
 * Every operation rejects with LdapError when the server answers anything but success (for compare: but true or false), and with OperatorError CONNECT_FAILED when the
 * connection is lost. Requests may be sent without waiting for the ones before.
 */
import { utf8Decode, utf8Encode } from '../base/bytes.js';
import { LdapError } from '../base/ldap-error.js';
import type { Attribute } from '../entry/entry.js';
import { CONTROL_OIDS, EXTENDED_OIDS } from '../ldap/control-oids.js';
import { decodePagedResults, encodePagedResults } from '../ldap/controls/paged-results.js';
import {
  decodePasswordPolicyResponse,
  type PasswordPolicyResponse,
} from '../ldap/controls/password-policy.js';
import { encodeCancel } from '../ldap/extended/cancel.js';
import {
  decodeGeneratedPassword,
  encodePasswordModify,
  type PasswordModify,
} from '../ldap/extended/password-modify.js';
import type {
  Control,
  LdapRequest,
  LdapResponse,
  LdapResult,
  Modification,
  RawAttribute,
  SearchRequest,
} from '../ldap/message.js';
import { ClientConnection, type ClientOptions } from './client-connection.js';
import { type SearchItem, SearchStream } from './ldap-search.js';

/** What every operation takes. */
export interface RequestOptions {
  readonly controls?: readonly Control[];
  /** Milliseconds; the client's default when absent, 0 for no limit. */
  readonly timeoutMs?: number;
  /** Takes intermediate responses (RFC 4511 section 4.13) of a request that is no search. */
  readonly onIntermediate?: (response: IntermediateResponse) => void;
}

/** An intermediate response. */
export type IntermediateResponse = Extract<LdapResponse, { readonly kind: 'intermediate' }>;

/** The last answer to a request. */
export interface FinalAnswer {
  readonly response: Extract<LdapResponse, { readonly result: LdapResult }>;
  readonly controls: readonly Control[];
}

/** The answer to a bind, with what the password policy says of the account (draft-behera) when the server says it. */
export interface BindAnswer extends FinalAnswer {
  readonly passwordPolicy: PasswordPolicyResponse | undefined;
}

/** A search; all but base and filter have defaults. */
export type SearchParameters = Pick<SearchRequest, 'base' | 'filter'> & Partial<Omit<SearchRequest, 'kind'>>;

export interface SearchOutcome {
  readonly entries: readonly Extract<SearchItem, { kind: 'entry' }>[];
  /** URLs of the continuation references, one list each. */
  readonly references: readonly (readonly string[])[];
  readonly controls: readonly Control[];
}

const NO_CONTROLS: readonly Control[] = [];
const DEFAULT_REQUEST_MS = 60_000;

export class LdapClient {
  readonly #connection: ClientConnection;
  readonly #requestMs: number;

  private constructor(connection: ClientConnection, requestMs: number) {
    this.#connection = connection;
    this.#requestMs = requestMs;
  }

  /** Rejects with OperatorError CONNECT_FAILED. */
  static async connect(options: ClientOptions): Promise<LdapClient> {
    return new LdapClient(await ClientConnection.open(options), options.requestMs ?? DEFAULT_REQUEST_MS);
  }

  /** Whether requests can still be sent. */
  get connected(): boolean {
    return this.#connection.failure === undefined;
  }

  /** Sends any request that has one answer and gives that answer, good or bad. */
  exchange(request: LdapRequest, options: RequestOptions = {}): Promise<FinalAnswer> {
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const id = this.#connection.send(request, options.controls ?? NO_CONTROLS, {
        take({ response, controls }) {
          if (!('result' in response)) {
            if (response.kind === 'intermediate') options.onIntermediate?.(response);
            return false;
          }
          clearTimeout(timer);
          resolve({ response, controls });
          return true;
        },
        fail(error) {
          clearTimeout(timer);
          reject(error);
        },
      });
      const timeoutMs = options.timeoutMs ?? this.#requestMs;
      if (timeoutMs > 0) timer = setTimeout(() => this.#timedOut(id, timeoutMs, reject), timeoutMs);
    });
  }

  /** Simple bind; both empty for anonymous. */
  async bind(dn: string, password: string | Uint8Array, options: RequestOptions = {}): Promise<BindAnswer> {
    const secret = typeof password === 'string' ? utf8Encode(password) : password;
    const authentication = { kind: 'simple', password: secret } as const;
    const answer = await this.#succeed({ kind: 'bind', version: 3, dn, authentication }, options);
    const policy = answer.controls.find((control) => control.oid === CONTROL_OIDS.passwordPolicy);
    return { ...answer, passwordPolicy: policy && decodePasswordPolicyResponse(policy.value) };
  }

  /** One step of a SASL bind. Success or saslBindInProgress; the answer holds the server's credentials. */
  async bindSasl(
    dn: string,
    mechanism: string,
    credentials: Uint8Array | undefined,
    options: RequestOptions = {},
  ): Promise<FinalAnswer> {
    const authentication = { kind: 'sasl', mechanism, credentials } as const;
    return this.#succeed({ kind: 'bind', version: 3, dn, authentication }, options, ['saslBindInProgress']);
  }

  async add(
    dn: string,
    attributes: readonly RawAttribute[],
    options: RequestOptions = {},
  ): Promise<FinalAnswer> {
    return this.#succeed({ kind: 'add', dn, attributes }, options);
  }

  async modify(
    dn: string,
    modifications: readonly Modification[],
    options: RequestOptions = {},
  ): Promise<FinalAnswer> {
    return this.#succeed({ kind: 'modify', dn, modifications }, options);
  }

  async delete(dn: string, options: RequestOptions = {}): Promise<FinalAnswer> {
    return this.#succeed({ kind: 'delete', dn }, options);
  }

  async modifyDn(
    dn: string,
    newRdn: string,
    deleteOldRdn: boolean,
    newSuperior?: string,
    options: RequestOptions = {},
  ): Promise<FinalAnswer> {
    return this.#succeed({ kind: 'modifyDn', dn, newRdn, deleteOldRdn, newSuperior }, options);
  }

  async compare(
    dn: string,
    attribute: string,
    value: Uint8Array,
    options: RequestOptions = {},
  ): Promise<boolean> {
    const request = { kind: 'compare', dn, attribute, value } as const;
    const { response } = await this.#succeed(request, options, ['compareTrue', 'compareFalse']);
    return response.result.result === 'compareTrue';
  }

  /** An extended operation; answers its value. */
  async extended(
    oid: string,
    value?: Uint8Array,
    options: RequestOptions = {},
  ): Promise<Uint8Array | undefined> {
    const { response } = await this.#succeed({ kind: 'extended', oid, value }, options);
    return response.kind === 'extended' ? response.value : undefined;
  }

  /** The authzId that the server knows us by; '' is anonymous (RFC 4532). */
  async whoAmI(options: RequestOptions = {}): Promise<string> {
    const value = await this.extended(EXTENDED_OIDS.whoAmI, undefined, options);
    return value === undefined ? '' : (utf8Decode(value) ?? '');
  }

  /** Answers the password that the server made, if it made one (RFC 3062). */
  async passwordModify(
    request: PasswordModify,
    options: RequestOptions = {},
  ): Promise<Uint8Array | undefined> {
    return decodeGeneratedPassword(
      await this.extended(EXTENDED_OIDS.passwordModify, encodePasswordModify(request), options),
    );
  }

  /** Cancels an operation by message id (RFC 3909). */
  async cancel(id: number, options: RequestOptions = {}): Promise<void> {
    await this.extended(EXTENDED_OIDS.cancel, encodeCancel(id), options);
  }

  /** Gives up an operation; there is no answer. */
  abandon(id: number): void {
    this.#connection.forget(id);
    this.#connection.send({ kind: 'abandon', target: id }, NO_CONTROLS, undefined);
  }

  /** RFC 4511 section 4.14. No request may be under way. */
  async startTls(): Promise<void> {
    await this.extended(EXTENDED_OIDS.startTls);
    await this.#connection.startTls();
  }

  /** Starts a search whose items are read as they come. Leaving the loop early abandons it. `end` of the stream holds the result. */
  search(parameters: SearchParameters, options: RequestOptions = {}): SearchStream {
    const request: SearchRequest = {
      scope: 'sub',
      deref: 'never',
      sizeLimit: 0,
      timeLimit: 0,
      typesOnly: false,
      attributes: [],
      ...parameters,
      kind: 'search',
    };
    let id = 0;
    let timer: NodeJS.Timeout | undefined;
    const connection = this.#connection;
    const stream = new SearchStream({
      pause: () => connection.pause(),
      resume: () => connection.resume(),
      abandon: () => {
        clearTimeout(timer);
        if (connection.failure === undefined) this.abandon(id);
      },
    });
    id = connection.send(request, options.controls ?? NO_CONTROLS, {
      take({ response, controls }) {
        if ('result' in response) {
          clearTimeout(timer);
          stream.finish({ result: response.result, controls });
          return true;
        }
        if (response.kind === 'searchEntry') {
          stream.push({ kind: 'entry', dn: response.dn, attributes: response.attributes, controls });
        } else if (response.kind === 'searchReference')
          stream.push({ kind: 'reference', urls: response.urls });
        else stream.push({ kind: 'intermediate', oid: response.oid, value: response.value });
        return false;
      },
      fail(error) {
        clearTimeout(timer);
        stream.finish(error);
      },
    });
    const timeoutMs = options.timeoutMs ?? 0;
    if (timeoutMs > 0)
      timer = setTimeout(() => this.#timedOut(id, timeoutMs, (e) => stream.finish(e)), timeoutMs);
    return stream;
  }

  /** Reads a whole result into memory. Rejects with LdapError unless the search succeeded. */
  async searchAll(parameters: SearchParameters, options: RequestOptions = {}): Promise<SearchOutcome> {
    const entries: Extract<SearchItem, { kind: 'entry' }>[] = [];
    const references: (readonly string[])[] = [];
    const stream = this.search(parameters, { timeoutMs: this.#requestMs, ...options });
    for await (const item of stream) {
      if (item.kind === 'entry') entries.push(item);
      else if (item.kind === 'reference') references.push(item.urls);
    }
    const end = stream.end;
    if (end === undefined || end.result.result !== 'success') throw refusal(end?.result);
    return { entries, references, controls: end.controls };
  }

  /** A search in pages (RFC 2696), item by item. */
  async *searchPaged(
    parameters: SearchParameters,
    pageSize: number,
    options: RequestOptions = {},
  ): AsyncGenerator<SearchItem> {
    let cookie: Uint8Array = new Uint8Array(0);
    do {
      const value = encodePagedResults({ size: pageSize, cookie });
      const controls = [
        ...(options.controls ?? []),
        { oid: CONTROL_OIDS.pagedResults, critical: true, value },
      ];
      const stream = this.search(parameters, { ...options, controls });
      yield* stream;
      const end = stream.end;
      if (end === undefined || end.result.result !== 'success') throw refusal(end?.result);
      const answer = end.controls.find((control) => control.oid === CONTROL_OIDS.pagedResults);
      cookie = answer === undefined ? new Uint8Array(0) : decodePagedResults(answer.value).cookie;
    } while (cookie.length > 0);
  }

  /** One entry by base search, or undefined when there is none. */
  async readEntry(
    dn: string,
    attributes: readonly string[] = [],
    options: RequestOptions = {},
  ): Promise<{ readonly dn: string; readonly attributes: readonly Attribute[] } | undefined> {
    const filter = { kind: 'present', attribute: 'objectClass' } as const;
    try {
      return (await this.searchAll({ base: dn, scope: 'base', filter, attributes }, options)).entries[0];
    } catch (error) {
      if (error instanceof LdapError && error.result === 'noSuchObject') return undefined;
      throw error;
    }
  }

  /** Ends the session politely. */
  unbind(): void {
    if (this.#connection.failure === undefined)
      this.#connection.send({ kind: 'unbind' }, NO_CONTROLS, undefined);
    this.#connection.close();
  }

  async #succeed(
    request: LdapRequest,
    options: RequestOptions,
    also: readonly LdapResult['result'][] = [],
  ): Promise<FinalAnswer> {
    const answer = await this.exchange(request, options);
    const { result } = answer.response.result;
    if ((result === 'success' && request.kind !== 'compare') || also.includes(result)) return answer;
    throw refusal(answer.response.result);
  }

  #timedOut(id: number, timeoutMs: number, reject: (error: Error) => void): void {
    if (this.#connection.failure === undefined) this.abandon(id);
    reject(new LdapError('timeLimitExceeded', `the server did not answer within ${timeoutMs} ms`));
  }
}

function refusal(result: LdapResult | undefined): LdapError {
  if (result === undefined) return new LdapError('other', 'the search did not end');
  return new LdapError(result.result, result.diagnostic, result.matchedDn, result.referrals);
}
