/**
 * A writer's connection to one server, opened anew when it was lost, and the shape of one write: its controls, its answer, and what the answer says.
 *
 * An answer that never came is an outcome of its own (`unknown`): the write may have happened.
 */
import { utf8Decode, utf8Encode } from '../../lib/base/bytes.js';
import { LdapError } from '../../lib/base/ldap-error.js';
import { parseFilter } from '../../lib/filter/filter-text.js';
import { type FinalAnswer, LdapClient } from '../../lib/io/ldap-client.js';
import { CONTROL_OIDS } from '../../lib/ldap/control-oids.js';
import { encodeAssured } from '../../lib/ldap/controls/assured.js';
import { decodeReadResponse, encodeReadRequest } from '../../lib/ldap/controls/read-entry.js';
import type { Control } from '../../lib/ldap/message.js';
import { ADMIN, PASSWORD } from '../e2e/harness.js';

const REQUEST_MS = 30_000;

/** An entry as text: lower-case attribute names. */
export interface SeenEntry {
  readonly dn: string;
  readonly values: ReadonlyMap<string, readonly string[]>;
}

export type Outcome =
  | { readonly kind: 'done'; readonly csn: string; readonly seen: SeenEntry | undefined }
  | { readonly kind: 'refused'; readonly code: string; readonly diagnostic: string }
  | { readonly kind: 'unknown'; readonly why: string };

interface RawEntry {
  readonly dn: string;
  readonly attributes: readonly { readonly name: string; readonly values: readonly Uint8Array[] }[];
}

export function seenEntry({ dn, attributes }: RawEntry): SeenEntry {
  const text = (value: Uint8Array) => utf8Decode(value) ?? Buffer.from(value).toString('base64');
  return {
    dn,
    values: new Map(attributes.map(({ name, values }) => [name.toLowerCase(), values.map(text)])),
  };
}

export class Session {
  readonly #host: string;
  readonly #port: number;
  #client: LdapClient | undefined;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.#host = hostname;
    this.#port = Number(port);
  }

  /** Bound as the administrator. Rejects while the server is away. */
  async client(): Promise<LdapClient> {
    if (this.#client?.connected === true) return this.#client;
    const client = await LdapClient.connect({
      host: this.#host,
      port: this.#port,
      connectMs: 5000,
      requestMs: REQUEST_MS,
    });
    await client.bind(ADMIN, PASSWORD);
    this.#client = client;
    return client;
  }

  close(): void {
    this.#client?.unbind();
    this.#client = undefined;
  }

  /** All entries that a filter finds. */
  async search(
    base: string,
    filter: string,
    attributes: readonly string[],
    controls: readonly Control[] = [],
  ): Promise<SeenEntry[]> {
    const client = await this.client();
    const found = await client.searchAll({ base, filter: parseFilter(filter), attributes }, { controls });
    return found.entries.map(seenEntry);
  }

  /** Sends one write. `read`: attributes that its pre-read or post-read asks for. Rejects when it was not sent. */
  async write(
    send: (client: LdapClient, controls: readonly Control[]) => Promise<FinalAnswer>,
    how: {
      readonly read: 'before' | 'after' | 'not';
      readonly assured: boolean;
      readonly more?: readonly Control[];
    },
  ): Promise<Outcome> {
    const client = await this.client();
    const controls: Control[] = [{ oid: CONTROL_OIDS.changeCsn, critical: true, value: undefined }];
    const selection = encodeReadRequest(['*', 'entryUUID', 'entryDN']);
    if (how.read === 'before') controls.push({ oid: CONTROL_OIDS.preRead, critical: true, value: selection });
    if (how.read === 'after') controls.push({ oid: CONTROL_OIDS.postRead, critical: true, value: selection });
    if (how.assured)
      controls.push({
        oid: CONTROL_OIDS.assured,
        critical: true,
        value: encodeAssured({ mode: 'safe-data', level: 1, timeoutMs: 500, required: false }),
      });
    try {
      const answer = await send(client, [...controls, ...(how.more ?? [])]);
      const read = answer.controls.find(
        ({ oid }) => oid === CONTROL_OIDS.preRead || oid === CONTROL_OIDS.postRead,
      );
      const csn = answer.controls.find(({ oid }) => oid === CONTROL_OIDS.changeCsn);
      return {
        kind: 'done',
        csn: utf8Decode(csn?.value ?? utf8Encode('')) ?? '',
        seen: read === undefined ? undefined : seenEntry(decodeReadResponse(read.value)),
      };
    } catch (error) {
      if (error instanceof LdapError && error.result !== 'timeLimitExceeded')
        return { kind: 'refused', code: error.result, diagnostic: error.message };
      client.unbind();
      return { kind: 'unknown', why: String(error) };
    }
  }
}
