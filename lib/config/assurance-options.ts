/** Options of what writes wait for, and of servers that take none: rows of the option table. */
import { choice, flag, integer, list, type Option } from './option.js';
import { dnFault, ldapUrlFault, nameFault } from './option-faults.js';

/** Rows of the option table (option-table.ts). */
export const ASSURANCE_OPTIONS = {
  'assured.mode': choice(
    'What a write waits for before it is answered, beside its own disk: `none`; `safe-data`: other servers have it on disk; `safe-read`: all directories of the group have applied it. A request may ask by a control.',
    ['none', 'safe-data', 'safe-read'],
    { preset: 'none' },
  ),
  'assured.level': integer('Other servers that must have a safe-data write on disk.', 1, 127, { preset: 1 }),
  'assured.timeoutMs': integer(
    'Longest time for which a write waits for other servers, milliseconds. Who is late is not waited for again until it has caught up.',
    1,
    60_000,
    { preset: 2000 },
  ),
  'assured.tell': choice(
    'How a client learns that less was assured than configured: not at all, by the diagnostic of a success, or by an error (80) though the change is made.',
    ['none', 'diagnostic', 'error'],
    { preset: 'diagnostic' },
  ),
  'assured.servers': list(
    'Names of the servers whose entries must have a safe-read write: the group; none: all directories of the domain.',
    { preset: [], check: nameFault },
  ),
  'assured.domains': list('Base DNs of the domains whose writes are assured; none: all.', {
    preset: [],
    check: dnFault,
  }),
  readOnly: flag(
    'This server takes no writes from clients: it refers them to those of `writeReferral`. It replicates like any other.',
    { preset: false },
  ),
  writeReferral: list(
    'LDAP URLs to which a read-only server refers writes; none: the servers of the topology that take writes, those of its site first.',
    { preset: [], check: ldapUrlFault },
  ),
  'replication.whenIsolated': choice(
    'What becomes of writes while no other server is connected: `accept` (they are sent later) or `refuse`. Only where there are peers.',
    ['accept', 'refuse'],
    { preset: 'accept' },
  ),
} as const satisfies Record<string, Option>;
