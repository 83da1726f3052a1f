/**
 * The house rules as data: bands, the import table, the home of each npm package, what is banned where and what to use instead.
 *
 * ARCHITECTURE.md shows the same table to people; tidy.test.ts compares both and enforces this one.
 */

export type Band = 'pure' | 'engine' | 'shell';

export interface Room {
  readonly band: Band;
  /** Folders it may import besides itself and base. '*': everything but cli. */
  readonly imports: readonly string[];
}

const room = (band: Band, imports: string): Room => ({ band, imports: imports.split(' ').filter(Boolean) });

export const ROOMS: ReadonlyMap<string, Room> = new Map([
  ['base', room('pure', '')],
  ['port', room('pure', '')],
  ['ber', room('pure', '')],
  ['csn', room('pure', '')],
  ['dn', room('pure', '')],
  ['schema', room('pure', 'dn')],
  ['topology', room('pure', 'csn')],
  ['entry', room('pure', 'dn schema change')],
  ['filter', room('pure', 'dn schema entry')],
  ['config', room('pure', 'csn dn topology')],
  ['ldap', room('pure', 'ber dn entry filter')],
  ['change', room('pure', 'csn dn schema')],
  ['conflict', room('pure', 'csn dn schema entry change')],
  ['access', room('pure', 'dn schema entry filter change')],
  ['ldif', room('pure', 'dn entry')],
  ['sync', room('pure', 'csn dn change topology')],
  ['backend', room('engine', 'port ber csn dn schema entry filter change conflict ldap')],
  ['changelog', room('engine', 'port csn dn change')],
  [
    'operation',
    room(
      'engine',
      'port ber csn dn schema entry filter config ldap ldif change conflict access backend changelog',
    ),
  ],
  ['broker', room('engine', 'port csn sync change changelog topology')],
  ['replica', room('engine', 'port csn sync change conflict backend changelog operation broker')],
  ['io', room('shell', 'port ber dn ldap ldif schema entry filter config')],
  ['app', room('shell', '*')],
  ['cli', room('shell', '*')],
]);

/** Each npm package has one home: a folder of lib, or a file. */
export const PACKAGE_HOMES: ReadonlyMap<string, readonly string[]> = new Map([
  ['level', ['io/store']],
  ['classic-level', ['io/store']],
  ['pino', ['io/pino-log.ts']],
  ['yargs', ['cli']],
  ['ajv', ['config']],
  ['@sinclair/typebox', ['config']],
  ['yaml', ['io/yaml-file.ts']],
  ['@node-rs/argon2', ['io']],
  ['@peculiar/x509', ['io/x509.ts']],
  ['reflect-metadata', ['io/x509.ts']],
  ['bcryptjs', ['io']],
  ['unixcrypt', ['io']],
  ['cli-table3', ['cli']],
  ['@clack/prompts', ['cli']],
  ['picocolors', ['cli']],
  ['prom-client', ['app/monitor/metrics.ts', 'app/monitor/http-endpoint.ts']],
]);

export interface Ban {
  readonly bands: readonly Band[];
  readonly pattern: RegExp;
  readonly instead: string;
  /** Paths under lib that may, with the reason in their header. */
  readonly except?: readonly string[];
}

/** Looked for in code with comments and strings removed. */
export const BANS: readonly Ban[] = [
  {
    bands: ['pure', 'engine'],
    pattern: /\bDate\.now\b|\bnew Date\(\)/,
    instead: 'take the time as an argument or use port/clock.ts',
  },
  {
    bands: ['pure', 'engine'],
    pattern: /\bMath\.random\b|\bcrypto\b/,
    instead: 'take randomness as an argument or use port/random.ts',
  },
  {
    bands: ['pure', 'engine'],
    pattern: /\bset(Timeout|Interval)\b/,
    instead: 'use Clock.after of port/clock.ts',
  },
  {
    bands: ['pure'],
    pattern: /\bsetImmediate\b|\bqueueMicrotask\b/,
    instead: 'return what is to be done; an engine does it',
  },
  {
    bands: ['pure', 'engine'],
    pattern: /\bprocess\./,
    instead: 'pass the fact in; the shell knows the process',
  },
  {
    bands: ['pure'],
    pattern: /\basync\b|\bawait\b|\bPromise\b/,
    instead: 'compute; an engine awaits',
    except: ['port'],
  },
  { bands: ['pure', 'engine'], pattern: /\bconsole\./, instead: 'use port/log.ts' },
  {
    bands: ['shell'],
    pattern: /\bconsole\.(log|info|warn|error|debug)\b/,
    instead: 'use the log, or the CLI output file',
    except: ['cli', 'app'],
  },
  {
    bands: ['pure', 'engine', 'shell'],
    pattern: /\bas any\b|: any\b|<any>/,
    instead: 'use unknown and narrow it',
  },
  { bands: ['pure', 'engine', 'shell'], pattern: /\bexport default\b/, instead: 'export by name' },
  {
    bands: ['pure', 'engine', 'shell'],
    pattern: /\bexport \* from\b/,
    instead: 'import from the file that owns the name',
  },
];

/** Words that say nothing in a file or folder name. */
export const EMPTY_NAMES = /(^|-)(utils?|helpers?|common|types|misc|manager|handler|data|info)(-|$)/;

export const FILE_LINES_MAX = 400;
export const FUNCTION_LINES_MAX = 70;

/** Ratchets: what is larger than the goal today, and may only shrink. Path -> lines. */
export const LARGE_FILES: ReadonlyMap<string, number> = new Map<string, number>([]);
/** `path#name` -> lines. */
export const LARGE_FUNCTIONS: ReadonlyMap<string, number> = new Map<string, number>([]);
/** Pure files whose test stands elsewhere, with the place. */
export const TESTED_ELSEWHERE: ReadonlyMap<string, string> = new Map<string, string>([
  ['ber/ber-writer.ts', 'test/ber/ber-reader.test.ts'],
  ['ber/frame.ts', 'test/ber/frame-assembler.test.ts'],
  ['ber/tags.ts', 'test/ber/ber-reader.test.ts'],
  ['ber/text-intern.ts', 'test/ber/frame-assembler.test.ts'],
  ['ldap/decode-filter.ts', 'test/ldap/codec.test.ts'],
  ['ldap/decode-parts.ts', 'test/ldap/codec.test.ts'],
  ['ldap/decode-response.ts', 'test/ldap/codec.test.ts'],
  ['ldap/encode-filter.ts', 'test/ldap/codec.test.ts'],
  ['ldap/encode-parts.ts', 'test/ldap/codec.test.ts'],
  ['ldap/encode-request.ts', 'test/ldap/codec.test.ts'],
  ['ldap/encode-response.ts', 'test/ldap/codec.test.ts'],
  ['ldap/value-codec.ts', 'test/ldap/request-controls.test.ts'],
  ['ldap/controls/assertion.ts', 'test/ldap/request-controls.test.ts'],
  ['ldap/controls/matched-values.ts', 'test/ldap/request-controls.test.ts'],
  ['ldap/controls/paged-results.ts', 'test/ldap/request-controls.test.ts'],
  ['ldap/controls/password-policy.ts', 'test/ldap/request-controls.test.ts'],
  ['ldap/controls/proxied-authorization.ts', 'test/ldap/request-controls.test.ts'],
  ['ldap/controls/read-entry.ts', 'test/ldap/request-controls.test.ts'],
  ['ldap/controls/sort.ts', 'test/ldap/request-controls.test.ts'],
  ['ldap/controls/subentries.ts', 'test/ldap/request-controls.test.ts'],
  ['ldap/extended/cancel.ts', 'test/ldap/request-controls.test.ts'],
  ['ldap/extended/disconnection.ts', 'test/ldap/request-controls.test.ts'],
  ['ldap/extended/password-modify.ts', 'test/ldap/request-controls.test.ts'],
  ['schema/build-attributes.ts', 'test/schema/load-schema.test.ts'],
  ['schema/build-classes.ts', 'test/schema/load-schema.test.ts'],
  ['schema/build-syntaxes.ts', 'test/schema/load-schema.test.ts'],
  ['schema/description.ts', 'test/schema/schema-parser.test.ts'],
  ['schema/dit-rules.ts', 'test/schema/load-schema.test.ts'],
  ['schema/name-table.ts', 'test/schema/schema.test.ts'],
  ['schema/schema-fault.ts', 'test/schema/load-schema.test.ts'],
  ['schema/schema-format.ts', 'test/schema/schema-parser.test.ts'],
  ['schema/syntax-checks.ts', 'test/schema/syntaxes.test.ts'],
]);
/** Imported by tests and benchmarks only, with the reason. */
export const NOT_IMPORTED: ReadonlyMap<string, string> = new Map([
  [
    'backend/memory/memory-store.ts',
    'the other implementation of the store port, for tests, the simulator and benchmarks',
  ],
]);
/** Started by name, not by import. */
export const ENTRY_POINTS: readonly string[] = [
  'cli/load-program.ts',
  'cli/main.ts',
  'io/password-worker.ts',
];
