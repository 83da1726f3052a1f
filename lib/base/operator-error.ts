/**
 * OperatorError: a fault that the person who runs the server can mend. Codes are API; every code stands in docs/errors.md
 * (a test compares).
 */

export const OPERATOR_ERRORS = {
  CONFIG_INVALID: 'the configuration or topology file has faults; all of them are listed',
  DATA_DIR_LOCKED: 'another process uses the data directory',
  DATA_DIR_MISSING: 'the directory holds no Polyarch server',
  DATA_MISSING: 'the command reads the data of a stopped server, which has none yet',
  DATA_DIR_NOT_EMPTY: 'setup was asked to write into a directory that already holds a server',
  DATA_FORMAT_UNKNOWN: 'the data were written by another version of the data format',
  DATA_CORRUPT: 'the store is damaged',
  DISK_FULL: 'the disk is full',
  FILE_UNWRITABLE: 'a file that a command was told to write cannot be written',
  PORT_IN_USE: 'another process listens on a configured port',
  PORT_FORBIDDEN: 'the process may not listen on a configured port',
  TLS_INVALID: 'a certificate or key cannot be used',
  LDIF_INVALID: 'an LDIF file has a fault; file and line are given',
  SCHEMA_INVALID: 'a schema file has a fault; file and line are given',
  SERVER_RUNNING: 'the command works on a stopped server and this one runs',
  SERVER_NOT_RUNNING: 'the command works on a running server and this one does not run',
  CONNECT_FAILED: 'the server cannot be reached',
  COMMAND_INVALID: 'the command line is wrong',
  PASSWORD_MISSING: 'no password was given by prompt, file or environment',
  GENERATION_MISMATCH: 'the peers hold different data sets',
  REPLICA_ID_IN_USE: 'two live servers use one replica id',
  LOAD_UNFINISHED: 'an import or total update was cut short: its data are not served',
  BACKUP_INVALID: 'a backup or its key cannot be used',
  RESTORE_REFUSED: 'a restore would overwrite data, or the backups do not lead to where it was told to go',
  INDEX_REBUILD_NEEDED: 'a rebuild of all indexes was cut short: there are no index rows to search with',
  FRACTION_INVALID: 'the part of the attributes that a server is to hold has faults; all of them are listed',
  FRACTION_REFUSED: 'a server that holds a part of the attributes cannot be given a data set to begin with',
  CHANGES_UNSHARED: 'a copy would drop changes of other servers that no other one is known to have',
  MERGE_REFUSED: 'data that were to be merged differ from those that are there; nothing was merged',
  JOIN_REFUSED: 'a new server may not join the topology; the reason is given',
  LEAVE_REFUSED: 'a server cannot leave the topology yet; the reason is given',
  TOPOLOGY_LEFT: 'the server left its topology and is not started any more',
} as const;

export type OperatorErrorCode = keyof typeof OPERATOR_ERRORS;

/** A fault of configuration, environment or command line, with every detail known. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
  readonly code: OperatorErrorCode;
  /** All faults found, one sentence each; empty when the message says it all. */
  readonly faults: readonly string[];

  constructor(
    code: OperatorErrorCode,
    message: string,
    faults: readonly string[] = [],
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = code;
    this.faults = faults;
  }
}
