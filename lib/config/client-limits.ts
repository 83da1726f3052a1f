/** Limits of what one client, or all of them, may ask of a server: rows of the option table. */
import { LIMITS } from '../base/limits.js';
import { integer, type Option } from './option.js';

/** Rows of the option table (option-table.ts). */
export const CLIENT_LIMITS = {
  'limits.connections': integer('Client connections at once.', 1, 1_000_000, {
    preset: 10_000,
    reloads: true,
  }),
  'limits.idleSeconds': integer(
    'A client connection silent for so long is closed; 0: never.',
    0,
    31_536_000,
    { preset: 0, reloads: true },
  ),
  'limits.messageBytesAnonymous': integer(
    'Octets of one LDAP message before a successful bind.',
    1024,
    1_073_741_824,
    {
      preset: LIMITS.messageBytesAnonymous,
      reloads: true,
    },
  ),
  'limits.messageBytes': integer('Octets of one LDAP message after a successful bind.', 1024, 1_073_741_824, {
    preset: LIMITS.messageBytes,
    reloads: true,
  }),
  'limits.searchEntries': integer(
    'Entries that one search may return to anyone but the administrator; 0: no limit.',
    0,
    1_000_000_000,
    {
      preset: 0,
      reloads: true,
    },
  ),
  'limits.searchSeconds': integer(
    'Seconds that one search may take for anyone but the administrator; 0: no limit.',
    0,
    86_400,
    {
      preset: 0,
      reloads: true,
    },
  ),
  'limits.searchLookThrough': integer(
    'Entries that one search may look at for anyone but the administrator; 0: no limit.',
    0,
    1_000_000_000,
    { preset: 0, reloads: true },
  ),
  'limits.unindexedEntries': integer(
    'A search without an index that would look at more entries is refused to anyone but the administrator; 0: no limit.',
    0,
    1_000_000_000,
    { preset: 100_000, reloads: true },
  ),
  'limits.unindexedSearches': integer(
    'Searches without an index that read at once; the others wait for their turn.',
    1,
    1000,
    { preset: 4, reloads: true },
  ),
  'limits.persistentSearches': integer(
    'Persistent searches and synchronizations (RFC 4533, refreshAndPersist) at once.',
    0,
    100_000,
    { preset: 200, reloads: true },
  ),
  'limits.changeWaitSeconds': integer(
    'Longest time for which a request waits until this server has applied a change that it names (wait for CSN control).',
    0,
    3600,
    { preset: 10, reloads: true },
  ),
} as const satisfies Record<string, Option>;
