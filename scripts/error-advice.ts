/**
 * What to do about each operator error: the text of docs/errors.md. Complete by its type.
 */
import type { OperatorErrorCode } from '../lib/base/operator-error.js';

export const ERROR_ADVICE: Readonly<Record<OperatorErrorCode, string>> = {
  CONFIG_INVALID:
    'Each fault is listed with its file and line, or with the flag or environment variable that holds it. Mend all of them and start again; ' +
    '`docs/reference-options.md` lists every option with its bounds. Nothing was changed.',
  DATA_DIR_LOCKED:
    'One server at a time may use a data directory. `polyarch status --dir DIR` shows the one that runs; `polyarch stop --dir DIR` stops it. ' +
    'While an import or a restore works, or a server opens its data, others are refused too: try again when it is done. Locks belong to the process and are gone with it: there is no lock file to remove.',
  DATA_DIR_MISSING: 'Check `--dir`. `polyarch setup --dir DIR` makes a server there.',
  DATA_MISSING:
    'A server set up with `--empty` has no data before its first start. `polyarch start --dir DIR` beside a server that has them takes a copy; ' +
    '`polyarch import-ldif --dir DIR --file FILE` and `polyarch restore` bring data from files.',
  DATA_DIR_NOT_EMPTY:
    'Nothing was written. An empty directory is taken as it is, a mounted disk too (`lost+found` in it does not count). Choose another directory, or remove the old server first when its data are not needed any more.',
  DATA_FORMAT_UNKNOWN:
    'Use the version of Polyarch that wrote the data, export with `polyarch export-ldif`, and import into this version.',
  DATA_CORRUPT:
    'Do not write to it. Restore a backup, or make the server anew and let it initialize itself from a peer (`initializeWhenEmpty`). ' +
    '`polyarch verify --dir DIR` says what is damaged.',
  DISK_FULL:
    'Free some space. Writes are refused until then and reads go on; a running server recovers by itself.',
  FILE_UNWRITABLE: 'Check that the folder exists and may be written, or name another file.',
  PORT_IN_USE:
    'Another process listens there: stop it, or choose another address with `--listen-ldap`, `--listen-ldaps`, `--listen-replication` or ' +
    '`--listen-http` (for the demo: `--port`).',
  PORT_FORBIDDEN:
    'Ports below 1024 need a privilege (CAP_NET_BIND_SERVICE on Linux). Grant it, or use a port from 1024 on.',
  TLS_INVALID:
    'Check the files under `tls` in `polyarch.yaml`: certificate and key must be PEM, belong together, and be signed by the CA of the topology.',
  LDIF_INVALID:
    'The message gives file, line and reason. Mend the record, or import the rest with `--continue`; records that were refused go to the ' +
    'file named by `--rejects`.',
  SCHEMA_INVALID: 'Each fault is listed with its file and line. Mend the schema file and start again.',
  SERVER_RUNNING:
    'Stop the server first (`polyarch stop --dir DIR`), or use the command over LDAP with `--url`.',
  SERVER_NOT_RUNNING:
    'Start the server (`polyarch start --dir DIR`), or use the form of the command that works on a stopped one.',
  CONNECT_FAILED:
    'Check the URL, that the server runs, and that nothing between refuses the connection. With TLS, check `--ca-file`. A server that ended before it answered may have done what was asked for, in part or not at all.',
  COMMAND_INVALID: '`polyarch COMMAND --help` shows the options with examples.',
  PASSWORD_MISSING:
    'Give it at the prompt, with `--password-file FILE` (`-` reads standard input), or in `POLYARCH_PASSWORD` or `POLYARCH_PASSWORD_FILE`.',
  LOAD_UNFINISHED:
    'The data are not whole and are not served. Run the import again, or let the server take a copy from a peer: ' +
    '`polyarch start` does so when `initializeWhenEmpty` is on and a peer is configured.',
  BACKUP_INVALID:
    'The message gives the file and what is wrong with it; nothing was replaced. Use another backup (`polyarch backup list`), or the right key with ' +
    '`--key-file`. `polyarch backup verify` reads all of them; the next backup after a damaged one should be a full one.',
  RESTORE_REFUSED:
    'Nothing was changed. Data that there are are replaced with `--replace` only; `polyarch backup list` shows what the folder holds and ' +
    'what goes on from what.',
  FRACTION_INVALID:
    'The lines name what is wrong in `fraction.exclude` or `fraction.include`. Attributes that a class requires cannot be excluded for it; a server that takes writes holds all ' +
    'attributes that `uniqueness` and `references.attributes` name, a read-only one need not.',
  FRACTION_REFUSED:
    'Nothing was done. Import or restore on a server that holds all attributes, and take the data from there: `polyarch replication initialize`. `setup` of a server that holds a part goes with `--empty`.',
  CHANGES_UNSHARED:
    'Nothing was dropped. Start or reach the servers that the sentence names: once one of them says that it holds these changes, say it again. Where they are gone for good, or the history that the changes are of ' +
    'is to be given up, add `--give-up-changes`: the changes are saved as LDIF in `given-up/` of the data directory first, to be looked at and made again.',
  MERGE_REFUSED:
    'Nothing was merged. The lines name entries that differ; `polyarch merge --dry-run` lists all. Say which values count with `--differing newest` or `--differing topology`; those that ' +
    'do not survive are kept in a file.',
  JOIN_REFUSED:
    'The sentence says why and what to do; nothing was made. A token is good once and for a time: `polyarch token create` on a server of the topology makes ' +
    'another. `polyarch topology show` lists names and ids that are taken, those of servers that left too.',
  LEAVE_REFUSED:
    'The sentence says why and what to do. A server leaves once another one holds all that it holds: `polyarch replication status` shows what is missing. One that is ' +
    'gone for good is forgotten with `polyarch leave --forget NAME` on another.',
  TOPOLOGY_LEFT:
    'The other servers have forgotten it, and would refuse it. Its data can still be read (`polyarch export-ldif`). To bring the machine back, make a new server with ' +
    '`polyarch join` in another directory, under another name.',
  INDEX_REBUILD_NEEDED: 'Let it end: run `polyarch index rebuild --dir DIR` again, with the server stopped.',
  GENERATION_MISMATCH:
    'The peers were loaded separately and hold different data sets. Decide whose data stay and copy them to the other: ' +
    '`polyarch replication initialize --dir DIR --from PEER`.',
  REPLICA_ID_IN_USE:
    'Two live servers use one id. Stop the newer one, give it an id of its own (`server.id`), and let it initialize itself.',
};
