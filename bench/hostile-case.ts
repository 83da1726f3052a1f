import { setTimeout as sleep } from 'node:timers/promises';
import { utf8Encode } from '../lib/base/bytes.js';
import { LdapError } from '../lib/base/ldap-error.js';
import type { Filter } from '../lib/filter/filter.js';
import { LdapClient, type SearchParameters } from '../lib/io/ldap-client.js';
import type { Control } from '../lib/ldap/message.js';
import { commandLine, list, text, wholeNumber } from '../scripts/command-line.js';

export const BASE_DN = 'dc=example,dc=com';
export const PASSWORD = 'bench-secret';
export const anything: Filter = { kind: 'present', attribute: 'objectClass' };
export const contains = (attribute: string, text: string): Filter => ({
  kind: 'substrings',
  attribute,
  initial: undefined,
  any: [utf8Encode(text)],
  final: undefined,
});
export const equals = (attribute: string, text: string): Filter => ({
  kind: 'equality',
  attribute,
  value: utf8Encode(text),
});

export const { entries, port, only, home } = commandLine(
  {
    command: 'npm run bench -- hostile',
    about: 'What the largest requests that a server takes do to others.',
  },
  {
    entries: wholeNumber(100_000, 'entries of the server', 1),
    port: wholeNumber(21_889, 'first port'),
    only: list([], 'only these groups of cases', [
      ...['idle', 'filter', 'base', 'sort', 'cookie', 'monitor', 'changelog'],
      ...['schema', 'add', 'group', 'password'],
    ]),
    home: text('', 'DIR', 'where the server stands, kept for the next run'),
  },
);

export const people = (n: number) => `uid=user.${n},ou=people,${BASE_DN}`;
export const connectClient = () =>
  LdapClient.connect({ host: '127.0.0.1', port, connectMs: 20_000, requestMs: 0 });

/** The name of a result. */
export async function told(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'success';
  } catch (error) {
    if (error instanceof LdapError) return `${error.result}: ${error.message.slice(0, 60)}`;
    return error instanceof Error ? error.message.slice(0, 70) : 'an end';
  }
}

export interface Case {
  readonly name: string;
  readonly label: string;
  run(client: LdapClient): Promise<unknown>;
}

export const many = (count: number, of: (n: number) => string): Uint8Array[] =>
  Array.from({ length: count }, (_, n) => utf8Encode(of(n)));

export function search(
  client: LdapClient,
  filter: Filter,
  more: Partial<SearchParameters> = {},
  controls: Control[] = [],
) {
  return drained(client, { base: BASE_DN, filter, attributes: ['1.1'], ...more }, controls);
}

/** Reads a whole answer and keeps nothing of it. */
export async function drained(
  client: LdapClient,
  parameters: SearchParameters,
  controls: Control[],
): Promise<void> {
  const stream = client.search(parameters, { controls });
  for await (const _ of stream);
  const result = stream.end?.result;
  if (result !== undefined && result.result !== 'success')
    throw new LdapError(result.result, result.diagnostic);
}

/** Message id of the first request after the bind. */
export const FIRST_ID = 2;

/** A search that is given up after so many ms, the first request of its client, and one small search behind it, which must be answered. */
export async function abandoned(
  client: LdapClient,
  parameters: SearchParameters,
  controls: Control[] = [],
  ms = 100,
): Promise<void> {
  // Read all the while: a client that reads nothing would not see the answer behind it either.
  void drained(client, parameters, controls);
  await sleep(ms);
  client.abandon(FIRST_ID);
  await client.readEntry(people(1), ['1.1']);
}

export const or = (filters: readonly Filter[]): Filter => ({ kind: 'or', clauses: filters });
export const control = (oid: string, value: Uint8Array): Control => ({ oid, critical: true, value });
export const long = 15 << 20;
