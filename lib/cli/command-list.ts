/**
 * Every command, with the file that holds it. Nothing is loaded before it is needed.
 */
import type { CommandEntry } from './command.js';

/** Commands in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'demo',
    describe: 'Three replicating servers with sample data on this machine, to try things out',
    load: async () => (await import('./commands/demo.js')).demo,
  },
  {
    name: 'setup',
    describe: "Make a server's directory: configuration, certificates, base entry, administrator",
    load: async () => (await import('./commands/setup.js')).setup,
  },
  {
    name: 'start',
    describe: 'Run a server from its directory',
    load: async () => (await import('./commands/start.js')).start,
  },
  {
    name: 'stop',
    describe: 'Stop a running server',
    load: async () => (await import('./commands/stop.js')).stop,
  },
  {
    name: 'status',
    describe: 'What a server is doing',
    load: async () => (await import('./commands/status.js')).status,
  },
  {
    name: 'health',
    describe: 'What is wrong with a server, running or stopped, and the command that mends it',
    load: async () => (await import('./commands/health.js')).health,
  },
  {
    name: 'alerts',
    describe: 'What a running server finds wrong with itself, and since when',
    load: async () => (await import('./commands/alerts.js')).alerts,
  },
  {
    name: 'config get',
    takes: '[key]',
    describe: 'Options of a server: values in force, and where they come from',
    load: async () => (await import('./commands/config-get.js')).configGet,
  },
  {
    name: 'config set',
    takes: '<setting..>',
    describe: 'Change options, in the file and on the running server',
    load: async () => (await import('./commands/config-set.js')).configSet,
  },
  {
    name: 'config test',
    describe: 'Check the configuration of a server, and what it would change',
    load: async () => (await import('./commands/config-test.js')).configTest,
  },
  {
    name: 'import-ldif',
    describe: 'Load entries or changes from LDIF',
    load: async () => (await import('./commands/import-ldif.js')).importLdif,
  },
  {
    name: 'export-ldif',
    describe: 'Write entries as LDIF',
    load: async () => (await import('./commands/export-ldif.js')).exportLdif,
  },
  {
    name: 'generate',
    describe: 'Write sample people and groups as LDIF',
    load: async () => (await import('./commands/generate.js')).generate,
  },
  {
    name: 'backup',
    describe: 'Back up a server, running or stopped',
    load: async () => (await import('./commands/backup.js')).backup,
  },
  {
    name: 'backup list',
    describe: 'Backups in a folder',
    load: async () => (await import('./commands/backup-list.js')).backupList,
  },
  {
    name: 'backup verify',
    describe: 'Read backups whole and check every octet',
    load: async () => (await import('./commands/backup-verify.js')).backupVerify,
  },
  {
    name: 'backup prune',
    describe: 'Remove backups that are old enough',
    load: async () => (await import('./commands/backup-prune.js')).backupPrune,
  },
  {
    name: 'restore',
    describe: 'Restore a stopped server from backups, also to a point in time',
    load: async () => (await import('./commands/restore.js')).restore,
  },
  {
    name: 'verify',
    describe: "Check every invariant of a server's store",
    load: async () => (await import('./commands/verify.js')).verify,
  },
  {
    name: 'deleted list',
    describe: 'Deleted entries that can come back',
    load: async () => (await import('./commands/deleted-list.js')).deletedList,
  },
  {
    name: 'undelete',
    describe: 'Bring a deleted entry back, with its place in groups',
    load: async () => (await import('./commands/undelete.js')).undelete,
  },
  {
    name: 'token create',
    describe: 'A token with which one new server may join',
    load: async () => (await import('./commands/token-create.js')).tokenCreate,
  },
  {
    name: 'token list',
    describe: 'Tokens that a server has made',
    load: async () => (await import('./commands/token-list.js')).tokenList,
  },
  {
    name: 'token revoke',
    describe: 'Make a token void',
    load: async () => (await import('./commands/token-revoke.js')).tokenRevoke,
  },
  {
    name: 'join',
    describe: 'Make a server that belongs to a topology, with one token, and bring it in sync',
    load: async () => (await import('./commands/join.js')).join,
  },
  {
    name: 'leave',
    describe: 'Take a server out of its topology, or forget one that is gone',
    load: async () => (await import('./commands/leave.js')).leave,
  },
  {
    name: 'merge',
    describe: 'Make the data of another server, or of a file, part of what the topology holds',
    load: async () => (await import('./commands/merge.js')).merge,
  },
  {
    name: 'topology show',
    describe: 'The servers of the topology',
    load: async () => (await import('./commands/topology-show.js')).topologyShow,
  },
  {
    name: 'topology check',
    describe: 'Check a topology file as a whole',
    load: async () => (await import('./commands/topology-check.js')).topologyCheck,
  },
  {
    name: 'replication status',
    describe: 'State of replication: peers, missing changes, lag',
    load: async () => (await import('./commands/replication-status.js')).replicationStatus,
  },
  {
    name: 'replication initialize',
    describe: 'Replace the data of a server by a copy from a peer',
    load: async () => (await import('./commands/replication-initialize.js')).replicationInitialize,
  },
  {
    name: 'replication verify',
    describe: 'Whether replicas hold the same entries; names what differs, and repairs it',
    load: async () => (await import('./commands/replication-verify.js')).replicationVerify,
  },
  {
    name: 'replication conflicts',
    describe: 'The conflict journal: what lost to what',
    load: async () => (await import('./commands/replication-conflicts.js')).replicationConflicts,
  },
  {
    name: 'replication resolve',
    describe: 'Undo what a conflict took: bring a value back, give an entry a name',
    load: async () => (await import('./commands/replication-resolve.js')).replicationResolve,
  },
  {
    name: 'replication show-entry',
    describe: 'Replication metadata of one entry',
    load: async () => (await import('./commands/replication-show-entry.js')).replicationShowEntry,
  },
  {
    name: 'replication changes',
    describe: 'The newest changes that a server applied',
    load: async () => (await import('./commands/replication-changes.js')).replicationChanges,
  },
  {
    name: 'replication members',
    describe: 'The servers of a domain, what each has applied, and who holds purging back',
    load: async () => (await import('./commands/replication-members.js')).replicationMembers,
  },
  {
    name: 'replication purge',
    describe: 'Forget what no server needs any more, now',
    load: async () => (await import('./commands/replication-purge.js')).replicationPurge,
  },
  {
    name: 'replication evict',
    describe: 'Keep nothing any more for a server that is gone',
    load: async () => (await import('./commands/replication-standing.js')).replicationEvict,
  },
  {
    name: 'replication restore',
    describe: 'Let an evicted server return',
    load: async () => (await import('./commands/replication-standing.js')).replicationRestore,
  },
  {
    name: 'replication unseen',
    describe: 'Changes that only this server has, as LDIF',
    load: async () => (await import('./commands/replication-unseen.js')).replicationUnseen,
  },
  {
    name: 'index list',
    describe: 'Indexes of a server, and whether they are ready',
    load: async () => (await import('./commands/index-list.js')).indexList,
  },
  {
    name: 'index add',
    describe: 'Add indexes, while the server serves',
    load: async () => (await import('./commands/index-add.js')).indexAdd,
  },
  {
    name: 'index drop',
    describe: 'Drop indexes, while the server serves',
    load: async () => (await import('./commands/index-drop.js')).indexDrop,
  },
  {
    name: 'index rebuild',
    describe: 'Make index rows anew',
    load: async () => (await import('./commands/index-rebuild.js')).indexRebuild,
  },
  {
    name: 'index verify',
    describe: 'Compare index rows with the entries',
    load: async () => (await import('./commands/index-verify.js')).indexVerify,
  },
  {
    name: 'index advise',
    describe: 'Indexes that searches have missed',
    load: async () => (await import('./commands/index-advise.js')).indexAdvise,
  },
  {
    name: 'schema list',
    describe: 'Definitions of a schema, one a line',
    load: async () => (await import('./commands/schema-list.js')).schemaList,
  },
  {
    name: 'schema show',
    describe: 'One element of a schema in full, and what refers to it',
    load: async () => (await import('./commands/schema-show.js')).schemaShow,
  },
  {
    name: 'schema check',
    describe: 'Whether a schema file fits',
    load: async () => (await import('./commands/schema-check.js')).schemaCheck,
  },
  {
    name: 'schema add',
    describe: 'Add the definitions of a schema file, on all servers',
    load: async () => (await import('./commands/schema-add.js')).schemaAdd,
  },
  {
    name: 'schema remove',
    describe: 'Take a definition away that nothing needs',
    load: async () => (await import('./commands/schema-remove.js')).schemaRemove,
  },
  {
    name: 'access explain',
    describe: 'What a user may do with an entry, and which rule says so',
    load: async () => (await import('./commands/access-explain.js')).accessExplain,
  },
  {
    name: 'policy explain',
    describe: 'Which password policy governs a user, and what it means for the account',
    load: async () => (await import('./commands/policy-explain.js')).policyExplain,
  },
];

/** What the first words of two-word commands are about. */
export const GROUPS: Readonly<Record<string, string>> = {
  access: 'What a user may do: explain',
  policy: 'Password policy of a user: explain',
  backup: 'Back up a server, running or stopped; backups: list, verify, prune',
  replication:
    'Replication: status, initialize, verify, conflicts, resolve, show-entry, changes, members, purge, evict, restore, unseen',
  deleted: 'Deleted entries: list',
  index: 'Indexes: list, add, drop, rebuild, verify, advise',
  config: 'Options: get, set, test',
  schema: 'Schema: list, show, check, add, remove',
  token: 'Tokens for new servers: create, list, revoke',
  topology: 'Topology: show, check',
};
