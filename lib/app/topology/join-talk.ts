/**
 * What a new server and a member say to each other while it joins, as JSON, and the shape of it.
 *
 * greeting (member) → request (new server, once it has seen that the CA is the token's) → answer (member). Everything that comes is looked at before it is used.
 */
import { LIMITS } from '../../base/limits.js';
import type { PartialSettings } from '../../config/option-table.js';
import type { JoinWish } from '../../topology/admit.js';

/** Form of this talk. */
export const JOIN_FORM = 1;

export interface JoinGreeting {
  readonly form: number;
  readonly server: string;
  readonly version: string;
  /** Certificates (PEM) of the topology's CAs. */
  readonly authority: string;
}

export interface JoinRequest {
  readonly token: string;
  readonly secret: string;
  readonly wish: JoinWish;
  /** Public key, PEM (SPKI), and a signature of provenText() by the private one, base64. */
  readonly publicKey: string;
  readonly proof: string;
  /** Names and addresses for the certificate. */
  readonly hosts: readonly string[];
}

export interface JoinGrant {
  readonly name: string;
  readonly id: number;
  readonly certificate: string;
  readonly authority: string;
  /** Absent: the token does not give it. */
  readonly authorityKey?: string | undefined;
  readonly domains: readonly string[];
  readonly passwordHash: string;
  readonly settings: PartialSettings;
  readonly schema: readonly { readonly name: string; readonly text: string }[];
  /** Name -> replication address. */
  readonly peers: Readonly<Record<string, string>>;
}

export type JoinAnswer =
  | { readonly kind: 'granted'; readonly grant: JoinGrant }
  | { readonly kind: 'refused'; readonly sentence: string };

/** What the new server signs: it holds the key, and means this token. */
export function provenText(token: string, clockMs: number): string {
  return `polyarch-join ${token} ${clockMs}`;
}

/** The greeting, or undefined when it is none. */
export function readGreeting(value: unknown): JoinGreeting | undefined {
  if (!isRecord(value)) return undefined;
  const { form, server, version, authority } = value;
  if (typeof form !== 'number' || ![server, version, authority].every(isText)) return undefined;
  return value as unknown as JoinGreeting;
}

/** The request, or undefined when it is malformed. */
export function readRequest(value: unknown): JoinRequest | undefined {
  if (!isRecord(value) || !isRecord(value.wish)) return undefined;
  const { token, secret, publicKey, proof, hosts, wish } = value;
  if (![token, secret, publicKey, proof].every(isText)) return undefined;
  if (!Array.isArray(hosts) || hosts.length > 64 || !hosts.every(isHost)) return undefined;
  const { site, runs, clockMs, dataFormat } = wish;
  if (!isText(site) || typeof clockMs !== 'number' || typeof dataFormat !== 'number') return undefined;
  if (runs !== 'directory' && runs !== 'broker' && runs !== 'both') return undefined;
  if (wish.id !== undefined && typeof wish.id !== 'number') return undefined;
  for (const text of [wish.name, wish.replication, wish.ldap, wish.ldaps, wish.http])
    if (text !== undefined && !isText(text)) return undefined;
  return value as unknown as JoinRequest;
}

/** The answer, or undefined when it is malformed. */
export function readAnswer(value: unknown): JoinAnswer | undefined {
  if (!isRecord(value)) return undefined;
  if (value.kind === 'refused' && isText(value.sentence)) return value as unknown as JoinAnswer;
  if (value.kind !== 'granted' || !isRecord(value.grant)) return undefined;
  const { name, id, certificate, authority, authorityKey, domains, passwordHash, settings, schema, peers } =
    value.grant;
  if (![name, certificate, authority, passwordHash].every(isText) || typeof id !== 'number') return undefined;
  if (authorityKey !== undefined && !isText(authorityKey)) return undefined;
  if (!Array.isArray(domains) || !domains.every(isText) || !isRecord(settings)) return undefined;
  if (!Array.isArray(schema) || !schema.every(isSchemaFile)) return undefined;
  if (!isRecord(peers) || !Object.values(peers).every(isText)) return undefined;
  return value as unknown as JoinAnswer;
}

/** Files of a schema folder: a name that leads nowhere else. */
function isSchemaFile(value: unknown): boolean {
  return (
    isRecord(value) &&
    typeof value.text === 'string' &&
    typeof value.name === 'string' &&
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,200}\.(ldif|schema)$/.test(value.name)
  );
}

function isHost(value: unknown): boolean {
  return typeof value === 'string' && /^[A-Za-z0-9:._-]{1,253}$/.test(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= LIMITS.joinAnswerBytes;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
