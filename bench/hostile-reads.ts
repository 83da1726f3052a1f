/**
 * The largest searches of bench/hostile.ts: filters, bases, sorted lists, cookies, cn=monitor and cn=changelog.
 *
 * Each is one request, or one connection's many.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { utf8Encode } from '../lib/base/bytes.js';
import { LIMITS } from '../lib/base/limits.js';
import type { Filter } from '../lib/filter/filter.js';
import { CONTROL_OIDS } from '../lib/ldap/control-oids.js';
import { encodeSyncRequest } from '../lib/ldap/controls/content-sync.js';
import { encodePagedResults } from '../lib/ldap/controls/paged-results.js';
import { encodeSortRequest } from '../lib/ldap/controls/sort.js';
import { encodeVirtualListRequest, type ListTarget } from '../lib/ldap/controls/virtual-list.js';
import {
  abandoned,
  anything,
  BASE_DN,
  type Case,
  contains,
  control,
  entries,
  equals,
  long,
  many,
  or,
  people,
  port,
  search,
  told,
} from './hostile-case.js';

const CONNECTIONS = 2000;
const CHANGES = 100_000;

const sortKeys = (count: number) =>
  [
    'sn',
    'givenName',
    'cn',
    'mail',
    'uid',
    'employeeNumber',
    'telephoneNumber',
    'street',
    'postalCode',
    'description',
  ]
    .slice(0, count)
    .map((attribute) => ({
      attribute,
      rule: attribute === 'telephoneNumber' ? 'caseIgnoreOrderingMatch' : undefined,
      reverse: false,
    }));
const sorted = (count: number) => control(CONTROL_OIDS.sortRequest, encodeSortRequest(sortKeys(count)));
const view = (target: ListTarget) =>
  control(
    CONTROL_OIDS.virtualListRequest,
    encodeVirtualListRequest({ before: 10, after: 10, target, contextId: undefined }),
  );
const paged = (size: number, octets: number) =>
  control(CONTROL_OIDS.pagedResults, encodePagedResults({ size, cookie: new Uint8Array(octets).fill(65) }));
const cookieOf = (octets: number) =>
  control(
    CONTROL_OIDS.syncRequest,
    encodeSyncRequest({
      mode: 'refreshOnly',
      cookie: new Uint8Array(octets).fill(48),
      reloadHint: false,
    }),
  );
let sockets: Socket[] = [];

/** Searches. */
export const readCases = (): readonly Case[] => [
  ...filterCases(),
  ...baseCases(),
  ...sortCases(),
  ...cookieCases(),
  ...monitorCases(),
  ...changelogCases(),
];

function filterCases(): Case[] {
  const terms = or(Array.from({ length: 4000 }, (_, n) => equals('street', `nobody ${n}`)));
  const parts = or(Array.from({ length: 4000 }, (_, n) => contains('description', `nobody ${n}`)));
  const indexed = or(Array.from({ length: 4000 }, (_, n) => equals('uid', `user.${n}`)));
  const short = or(Array.from({ length: 4000 }, (_, n) => contains('cn', String(n % 10).repeat(3))));
  let deep: Filter = contains('description', 'nobody');
  for (let n = 0; n < 98; n++) deep = { kind: 'not', clause: deep };
  const one = (label: string, filter: Filter): Case => ({
    name: 'filter',
    label,
    run: (client) => search(client, filter),
  });
  return [
    one('filter: 4,000 equalities, no index', terms),
    one('filter: 4,000 equalities, index', indexed),
    one('filter: 4,000 substrings, index', short),
    one('filter: 98 nested negations', deep),
    one('filter: a substring of 256 parts', {
      kind: 'substrings',
      attribute: 'description',
      initial: undefined,
      any: many(255, () => 'e'),
      final: undefined,
    }),
    one('filter: a value of 2 MiB', equals('street', 'x'.repeat(LIMITS.filterValueBytes))),
    one('filter: a substring of 2 MiB', contains('cn', 'x'.repeat(LIMITS.filterValueBytes))),
    one('filter: a value of 15 MiB, refused', equals('street', 'x'.repeat(long))),
    {
      name: 'filter',
      label: 'filter: 4,000 substrings, abandoned',
      run: (client) => abandoned(client, { base: BASE_DN, filter: parts }),
    },
  ];
}

function baseCases(): Case[] {
  const rdns = Array.from({ length: 240 }, (_, n) => `ou=level number ${n} of so many of them`).join(',');
  const base = `${rdns},${BASE_DN}`;
  const pluses = Array.from({ length: 48 }, (_, n) => `cn=${n} ${'Straße '.repeat(30)}`).join('+');
  return [
    { name: 'base', label: 'a base of 242 RDNs', run: (client) => search(client, anything, { base }) },
    {
      name: 'base',
      label: 'a base with an RDN of 48 values',
      run: (client) => search(client, anything, { base: `${pluses},${BASE_DN}` }),
    },
    {
      name: 'base',
      label: '2,000 searches with that base in one piece',
      run: async (client) => {
        const found = await Promise.all(
          Array.from({ length: 2000 }, () => told(search(client, anything, { base }))),
        );
        throw new Error(found[0]);
      },
    },
  ];
}

function sortCases(): Case[] {
  return [
    {
      name: 'sort',
      label: 'sort by 10 keys, all answered',
      run: (client) => search(client, anything, {}, [sorted(10)]),
    },
    { name: 'sort', label: 'the same again', run: (client) => search(client, anything, {}, [sorted(10)]) },
    {
      name: 'sort',
      label: 'sort by 10 keys, abandoned',
      run: (client) =>
        abandoned(client, { base: BASE_DN, filter: contains('cn', 'Number') }, [sorted(9)], 500),
    },
    {
      name: 'sort',
      label: 'list view, by offset, 10 keys',
      run: (client) =>
        search(client, contains('cn', 'umber'), {}, [
          sorted(10),
          view({ kind: 'offset', offset: 50_000, contentCount: 0 }),
        ]),
    },
    {
      name: 'sort',
      label: 'list view, by value',
      run: (client) =>
        search(client, contains('cn', 'umber'), {}, [
          sorted(10),
          view({ kind: 'value', value: utf8Encode('M'.repeat(1000)) }),
        ]),
    },
  ];
}

function cookieCases(): Case[] {
  return [
    {
      name: 'cookie',
      label: 'a paged cookie of 15 MiB',
      run: (client) => search(client, anything, {}, [paged(10, long)]),
    },
    {
      name: 'cookie',
      label: 'a synchronization cookie of 60 KiB',
      run: (client) => search(client, anything, {}, [cookieOf(60_000)]),
    },
    {
      name: 'cookie',
      label: 'a synchronization cookie of 15 MiB',
      run: (client) => search(client, anything, {}, [cookieOf(long)]),
    },
    {
      name: 'cookie',
      label: 'a synchronization of all',
      run: (client) =>
        search(client, anything, {}, [
          control(
            CONTROL_OIDS.syncRequest,
            encodeSyncRequest({ mode: 'refreshOnly', cookie: undefined, reloadHint: false }),
          ),
        ]),
    },
  ];
}

function monitorCases(): Case[] {
  return [
    {
      name: 'monitor',
      label: `${CONNECTIONS} connections made`,
      run: async () => {
        const socketOf = () =>
          new Promise<Socket>((resolve, reject) => {
            const socket = connect(port, '127.0.0.1', () => resolve(socket));
            socket.once('error', reject);
          });
        for (let n = 0; n < CONNECTIONS; n += 100)
          sockets.push(...(await Promise.all(Array.from({ length: 100 }, socketOf))));
      },
    },
    {
      name: 'monitor',
      label: `cn=monitor with ${CONNECTIONS} connections`,
      run: (client) => search(client, anything, { base: 'cn=monitor', attributes: ['*', '+'] }),
    },
    {
      name: 'monitor',
      label: 'the same by a filter',
      run: (client) => search(client, contains('cn', '127'), { base: 'cn=monitor', attributes: ['*', '+'] }),
    },
    {
      name: 'monitor',
      label: `${CONNECTIONS} connections ended at once`,
      run: async () => {
        for (const socket of sockets) socket.destroy();
        sockets = [];
        await sleep(1000);
      },
    },
  ];
}

function changelogCases(): Case[] {
  const base = 'cn=changelog';
  return [
    {
      name: 'changelog',
      label: `${CHANGES} modifies, 64 at a time`,
      run: async (client) => {
        let next = 0;
        const one = async () => {
          for (let n = next++; n < CHANGES; n = next++)
            await client.modify(people(n % entries), [
              {
                operation: 'replace',
                attribute: { description: 'title', values: [utf8Encode(`title ${n}`)] },
              },
            ]);
        };
        await Promise.all(Array.from({ length: 64 }, one));
      },
    },
    {
      name: 'changelog',
      label: 'changelog: all read',
      run: (client) => search(client, anything, { base, attributes: ['*', '+'] }),
    },
    {
      name: 'changelog',
      label: 'changelog: a filter that none matches',
      run: (client) => search(client, contains('changes', 'nobody'), { base }),
    },
    {
      name: 'changelog',
      label: 'changelog: abandoned',
      run: (client) => abandoned(client, { base, filter: anything, attributes: ['*', '+'] }),
    },
  ];
}
