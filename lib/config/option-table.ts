/**
 * The option table: every option of a server, once. Flag, environment variable, file key, default, bounds, help text, the TypeScript type and the
 * reference page (docs/reference-options.md) all come from these rows.
 *
 * A key is the path in polyarch.yaml, parts joined by dots. Relative file names are relative to the server's directory.
 */
import type { Static } from '@sinclair/typebox';
import { MAX_BANDWIDTH_KBIT, MIN_BANDWIDTH_KBIT } from '../topology/ways.js';
import { ALERT_OPTIONS } from './alert-options.js';
import { ASSURANCE_OPTIONS } from './assurance-options.js';
import { BACKUP_OPTIONS } from './backup-options.js';
import { CLIENT_LIMITS } from './client-limits.js';
import { FRACTION_OPTIONS } from './fraction-options.js';
import { choice, flag, integer, list, lists, map, type Option, text } from './option.js';
import {
  addressFault,
  dnFault,
  hashFault,
  includeFault,
  ldapUrlFault,
  listenFault,
  nameFault,
  socketPathFault,
  sourceFault,
  uniquenessFault,
} from './option-faults.js';
import { PASSWORD_OPTIONS } from './password-options.js';

const GiB_IN_MiB = 1024;

/** The administrator's DN unless configured otherwise. */
export const DEFAULT_ADMIN_DN = 'cn=Directory Manager';

/** How an attribute may be indexed. */
export const INDEX_KINDS = ['equality', 'presence', 'substring', 'ordering'] as const;

export const OPTIONS = {
  'server.id': integer(
    'Replica id of this server, unique in the topology and never used again for another server.',
    1,
    65_535,
    {
      required: true,
    },
  ),
  'server.name': text('Name of this server, unique in the topology. Peers and messages use it.', {
    required: true,
    check: nameFault,
  }),
  'server.site': text('Site in which this server stands.', { preset: 'default', check: nameFault }),
  'server.runs': choice(
    'What this server runs: `directory` (entries; nobody dials it, it dials others and replicates both ways on those links), `broker` (changes only), or `both`.',
    ['directory', 'broker', 'both'],
    { preset: 'both' },
  ),
  domains: list('Base DNs that this server holds, each replicated on its own.', {
    required: true,
    check: dnFault,
  }),
  initializeWhenEmpty: flag(
    'A server without data takes a copy from the first peer that has data. When false, it waits for `replication initialize` or `import-ldif`.',
    { preset: true },
  ),
  initializeWhenBehind: flag(
    'A server that lacks changes which no peer keeps any more takes a new copy by itself, once a peer holds all changes of its own. When false, it waits for `replication initialize`.',
    { preset: true },
  ),
  'replication.compression': choice(
    'Whether changes that other servers fetch from this one are compressed: `always`, `never`, or `auto` (to servers of other sites).',
    ['auto', 'always', 'never'],
    { preset: 'auto' },
  ),
  'replication.bandwidthKbit': integer(
    'What this server sends to servers of other sites at most, kilobits a second, all of them together, where the links of the topology file set no limit of their own. Without a topology file: to all servers. Absent: no limit.',
    MIN_BANDWIDTH_KBIT,
    MAX_BANDWIDTH_KBIT,
  ),
  'replication.sourceAddress': text(
    'IP address of this machine from which other servers are dialed, where it has several. `any`: the system chooses.',
    { preset: 'any', check: sourceFault },
  ),
  'replication.evictAfterDays': integer(
    'Days of silence after which a server is evicted: it no longer keeps history from being forgotten, and must be restored by command. Counted while most servers are heard. 0: never.',
    0,
    36_500,
    { preset: 30 },
  ),
  'changelog.maxAgeHours': integer(
    'Changes that every server has are kept in the change log for so long; 0: for ever.',
    0,
    876_000,
    { preset: 168 },
  ),
  'changelog.maxMiB': integer(
    'Size of the change log of one domain, MiB. A larger one is trimmed, even of what a server still needs: that one must then be initialized. 0: no limit.',
    0,
    1024 * GiB_IN_MiB,
    { preset: 4096 },
  ),
  'changelog.minFreeMiB': integer(
    'Free space of the disk, MiB, below which the change log is trimmed as for `changelog.maxMiB`; 0: never.',
    0,
    1024 * GiB_IN_MiB,
    { preset: 256 },
  ),
  'deletedEntries.keepDays': integer(
    'Days for which a deleted entry can be undeleted here. It is dropped when no server accepts that any more.',
    0,
    36_500,
    { preset: 30 },
  ),
  'conflicts.keepDays': integer(
    'Days for which the conflict journal keeps what was lost; lines that say what is so now stay. 0: for ever.',
    0,
    36_500,
    { preset: 90 },
  ),
  defaultReferral: list(
    'LDAP URLs of servers to which clients are referred for names that lie under no domain of this server; none: such names do not exist.',
    { preset: [], reloads: true, check: ldapUrlFault },
  ),
  topology: text('Topology file; peers that are not listed under `peers` come from it.'),
  peers: map(
    'Servers that this one subscribes to: name -> advertised replication address. Absent: those of the topology file.',
    {
      check: addressFault,
    },
  ),
  peerAddresses: map(
    "Overrides of peers' addresses, by name. With an override in place no other address of that peer is tried.",
    { preset: {}, check: addressFault },
  ),

  ...ASSURANCE_OPTIONS,
  ...BACKUP_OPTIONS,
  ...ALERT_OPTIONS,

  ...FRACTION_OPTIONS,

  'listen.ldap': text('Address for LDAP, with StartTLS. `none` turns it off.', {
    preset: '0.0.0.0:1389',
    check: listenFault,
  }),
  'listen.ldaps': text('Address for LDAP over TLS. `none` turns it off.', {
    preset: '0.0.0.0:1636',
    check: listenFault,
  }),
  'listen.ldapi': text(
    'Unix-domain socket for LDAP (`ldapi://` with the path in percent form), as an absolute path. `none`: there is none. Every user of the machine may connect.',
    { preset: 'none', check: socketPathFault },
  ),
  'listen.replication': text(
    'Address for replication, always mutual TLS. `none`: nobody dials this server; it dials others and replicates both ways on those links.',
    {
      preset: '0.0.0.0:8989',
      check: listenFault,
    },
  ),
  'listen.http': text('Address for HTTP: /metrics, /healthz and /readyz. `none` turns it off.', {
    preset: '127.0.0.1:8443',
    check: listenFault,
  }),
  'advertise.ldap': text('LDAP address that clients and peers should use. Absent: the listen address.', {
    check: addressFault,
  }),
  'advertise.ldaps': text('LDAPS address that clients should use. Absent: the listen address.', {
    check: addressFault,
  }),
  'advertise.replication': text('Replication address that peers should use. Absent: the listen address.', {
    check: addressFault,
  }),
  'advertise.http': text('HTTP address that people should use. Absent: the listen address.', {
    check: addressFault,
  }),

  'admin.dn': text('DN of the administrator, who may do all and needs no entry.', {
    preset: DEFAULT_ADMIN_DN,
    check: dnFault,
  }),
  'admin.passwordHash': text(
    'Password hash of the administrator, as `setup` writes it; never the password itself.',
    {
      required: true,
      secret: true,
      reloads: true,
      check: hashFault,
    },
  ),

  'tls.certificate': text('Server certificate (PEM), followed by its chain.', { preset: 'tls/server.crt' }),
  'tls.key': text('Private key of the server certificate (PEM).', { preset: 'tls/server.key' }),
  'tls.ca': text('Certificates (PEM) that may sign the certificates of peers.', { preset: 'tls/ca.crt' }),
  'tls.caKey': text(
    'Private key of the topology CA (PEM); only needed to make certificates for new servers.',
    {
      preset: 'tls/ca.key',
    },
  ),

  'tls.requestClientCertificates': flag(
    'Ask LDAP clients for a certificate, so that they can bind with SASL EXTERNAL. Clients without one are let in all the same.',
    { preset: true },
  ),

  'access.proxies': list(
    'DNs of entries that may act under the identity of any other entry (proxied authorization, RFC 4370); never as the administrator.',
    { preset: [], reloads: true, check: dnFault },
  ),
  'binds.version2': flag(
    'Take binds that state LDAP version 2, as old devices and libraries send them; answers are those of version 3 all the same.',
    { preset: false, reloads: true },
  ),
  'binds.withoutPassword': flag(
    'Take a bind with a name and an empty password as anonymous (RFC 4513 section 5.1.2); programs that forget to ask for a password then let everybody in.',
    { preset: false, reloads: true },
  ),
  'binds.passwordsNeedTls': flag('Refuse passwords on connections without TLS.', {
    preset: false,
    reloads: true,
  }),
  'sasl.certificateAttribute': text(
    'SASL EXTERNAL: attribute (such as `uid`) that holds the common name of a client certificate whose subject is not the DN of an entry. `none`: no such look-up.',
    { preset: 'none', reloads: true },
  ),
  ...PASSWORD_OPTIONS,
  ...CLIENT_LIMITS,
  'changelog.enabled': flag('Serve the changes of all domains as cn=changelog.', { preset: true }),
  'changelog.readers': list(
    'DNs of users and of groups that may read cn=changelog besides the administrator.',
    { preset: [], check: dnFault },
  ),
  'changelog.include': list(
    'Attributes of the changed entry that go with each record of cn=changelog (`includedAttributes`), as `base DN:attribute,attribute`, or `*:attribute` for all domains; names, OIDs, `*`, `+` and `@class`.',
    { preset: [], check: includeFault },
  ),
  'changelog.includeForDeletes': list(
    'Attributes that go with the records of deletes, besides those of `changelog.include`, in the same form.',
    { preset: [], check: includeFault },
  ),
  'changelog.silentSeconds': integer(
    'A replica that is not heard of for so long no longer holds up the numbers of changes in cn=changelog.',
    1,
    86_400,
    { preset: 60 },
  ),
  'cache.entryMiB': integer(
    'Memory for entries, MiB; a quarter of it for those above 4 KiB.',
    1,
    64 * GiB_IN_MiB,
    {
      preset: 160,
    },
  ),
  'cache.preload': flag('Fill the memory for entries right after the start, in the background.', {
    preset: true,
  }),
  'cache.storeMiB': integer('Memory for blocks of the store, MiB.', 1, 64 * GiB_IN_MiB, { preset: 16 }),
  durability: choice(
    '`disk`: an acknowledged write is on disk. `memory`: it may be lost when the machine (not the process) fails.',
    ['disk', 'memory'],
    { preset: 'disk' },
  ),
  'groups.memberAttributes': list(
    'Attributes from which memberOf and isMemberOf are derived; empty: there is no memberOf. They are indexed for equality.',
    { preset: ['member', 'uniqueMember'] },
  ),
  'groups.allowEmpty': flag('Whether a groupOfNames or groupOfUniqueNames may be without a member.', {
    preset: false,
    reloads: true,
  }),
  'groups.dynamic': flag(
    'Whether entries of class groupOfURLs show the entries that their memberURL finds as member, and these show the group in memberOf.',
    { preset: false },
  ),
  'references.attributes': list(
    'Attributes whose values follow the entries that they name: changed on rename and move, removed on delete; empty: none. They are indexed for equality.',
    {
      preset: ['member', 'uniqueMember', 'owner', 'manager', 'seeAlso', 'secretary', 'roleOccupant'],
    },
  ),
  'references.mustExist': flag(
    'Whether an add or modify of these attributes is refused when a value names an entry that is not there.',
    { preset: false },
  ),
  uniqueness: list(
    'Rules of uniqueness, as LDAP URLs: `ldap:///base?attributes?sub?filter`. In the entries of the base that match the filter no two share a value of the attributes.',
    { preset: [], check: uniquenessFault },
  ),
  'log.level': choice(
    'Least important events that are logged.',
    ['debug', 'info', 'warn', 'error', 'silent'],
    {
      preset: 'info',
      reloads: true,
    },
  ),
  'log.access': flag('Log one line for each LDAP operation.', { preset: false, reloads: true }),
  indexes: lists('Indexes, by attribute type.', INDEX_KINDS, {
    preset: {
      objectClass: ['equality'],
      uid: ['equality', 'substring'],
      cn: ['equality', 'substring'],
      sn: ['equality', 'substring'],
      givenName: ['equality', 'substring'],
      mail: ['equality', 'substring'],
      telephoneNumber: ['equality'],
      employeeNumber: ['equality'],
      ou: ['equality'],
      o: ['equality'],
      dc: ['equality'],
      member: ['equality'],
      uniqueMember: ['equality'],
      memberUid: ['equality'],
      manager: ['equality'],
      uidNumber: ['equality', 'ordering'],
      gidNumber: ['equality', 'ordering'],
      createTimestamp: ['ordering'],
      modifyTimestamp: ['ordering'],
    },
  }),
} as const satisfies Record<string, Option>;

export type OptionKey = keyof typeof OPTIONS;

type Value<K extends OptionKey> = Static<(typeof OPTIONS)[K]['schema']>;

/** Options for which absence means something. */
export type OptionalKey = 'topology' | 'peers' | `advertise.${string}`;

/** A complete, valid configuration, by key. */
export type Settings = {
  readonly [K in OptionKey]: K extends OptionalKey ? Value<K> | undefined : Value<K>;
};

/** Some options, by key: one source (file, environment, flags) of a configuration. */
export type PartialSettings = { readonly [K in OptionKey]?: Value<K> };

/** All keys, in the order of the table. */
export const OPTION_KEYS = Object.keys(OPTIONS) as OptionKey[];

/** A row by key. */
export function optionOf(key: OptionKey): Option {
  return OPTIONS[key];
}
