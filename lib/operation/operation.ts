/**
 * One operation in progress: the request, who asks, and how answers leave. What the files of this folder pass around.
 *
 * Invariants: the requester is settled when the operation starts; after `stopped` is set nothing more is sent for an abandoned operation,
 * and a canceled one ends with result canceled (RFC 3909). A final answer is given exactly once, by the connection.
 */
import type { Requester } from '../access/requester.js';
import { LdapError } from '../base/ldap-error.js';
import type { ResultName } from '../base/result-code.js';
import type { Control, LdapRequest, LdapResponse, LdapResult, RequestMessage } from '../ldap/message.js';
import type { RequestControls } from '../ldap/request-controls.js';
import type { LdapTransport } from '../port/ldap-transport.js';
import type { PolicyAnswer } from './bind/policy-answer.js';

/** The final answer. */
export interface Answer {
  readonly response: LdapResponse & { readonly result: LdapResult };
  readonly controls: readonly Control[];
}

/** An answer now where possible: then the client has it in the same turn of the event loop. */
export type MaybeAnswer = Answer | Promise<Answer>;

/** Where an operation's intermediate answers go: its connection. */
export interface AnswerStream {
  /** Sends the octets of one whole message; they are copied. False: wait for ready() before sending more. */
  send(bytes: Uint8Array): boolean;
  /** Resolves when more may be sent, when the operation is stopped or when the client is gone. */
  ready(): Promise<void>;
  /** Calls `listener` whenever more may be sent, the operation may have been stopped or the client is gone; the function returned ends that. */
  onWake(listener: () => void): () => void;
  /** The client is gone: work for it is in vain. */
  readonly closed: boolean;
}

/** What an operation may know of the connection below it. */
export type TransportFacts = Pick<LdapTransport, 'secure' | 'canStartTls'>;

export interface Operation {
  readonly message: RequestMessage;
  readonly controls: RequestControls;
  /** With whose rights: settled before the work begins. */
  requester: Requester;
  /** Who asks, where that is another (RFC 4370). */
  authenticated: Requester | undefined;
  /** Whose rights the entries of a search come with (get effective rights control). */
  rightsOf: Requester | undefined;
  readonly transport: TransportFacts;
  /** Monotonic milliseconds at the start. */
  readonly startedMs: number;
  readonly stream: AnswerStream;
  stopped: 'abandoned' | 'canceled' | undefined;
  /**
   * The order of this write is settled: the connection may start the next write. Called at most once, right after the write was submitted.
   */
  release(): void;
  /** The operation goes on until it is ended: requests behind it do not wait for it. Called at most once, before the first await. */
  detach(): void;
  /** For the access log. */
  entries: number;
  unindexed: boolean;
  /** Entries that a search looked at. */
  examined: number;
  /** What a password policy found out: for the controls of the answer. */
  passwordPolicy: PolicyAnswer | undefined;
  /** Makes the line on how a search found its candidates. */
  plan: (() => string) | undefined;
}

const NO_REFERRALS: readonly string[] = [];
const NO_CONTROLS: readonly Control[] = [];

/** A result of success. */
export const SUCCESS: LdapResult = {
  result: 'success',
  matchedDn: '',
  diagnostic: '',
  referrals: NO_REFERRALS,
};

/** A result without referrals. */
export function resultOf(result: ResultName, diagnostic = '', matchedDn = ''): LdapResult {
  return { result, matchedDn, diagnostic, referrals: NO_REFERRALS };
}

/** The kind of response that ends a request; unbind and abandon have none. */
export type FinalKind =
  | 'bind'
  | 'searchDone'
  | 'modify'
  | 'add'
  | 'delete'
  | 'modifyDn'
  | 'compare'
  | 'extended';

/** Which response ends this kind of request, or undefined. */
export function finalKind(kind: LdapRequest['kind']): FinalKind | undefined {
  if (kind === 'search') return 'searchDone';
  return kind === 'unbind' || kind === 'abandon' ? undefined : kind;
}

/** The answer that ends an operation of this kind. */
export function answer(
  kind: FinalKind,
  result: LdapResult,
  controls: readonly Control[] = NO_CONTROLS,
): Answer {
  if (kind === 'bind') return { response: { kind, result, serverCredentials: undefined }, controls };
  if (kind === 'extended') return { response: { kind, result, oid: undefined, value: undefined }, controls };
  return { response: { kind, result }, controls };
}

/** The answer of an extended operation. */
export function extendedAnswer(
  result: LdapResult,
  oid: string | undefined,
  value: Uint8Array | undefined,
): Answer {
  return { response: { kind: 'extended', result, oid, value }, controls: NO_CONTROLS };
}

/** Throws the result canceled when the client asked for it: before each step that can still be left out. */
export function checkStopped(operation: Operation): void {
  if (operation.stopped !== undefined) throw canceled();
}

/** What a canceled operation answers (RFC 3909 section 2). */
export function canceled(): LdapError {
  return new LdapError('canceled', 'The client canceled the operation.');
}
