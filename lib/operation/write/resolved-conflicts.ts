/**
 * Journal lines that somebody has looked at and settled: their marks, and the modify that sets and takes them back.
 *
 * A line follows from the changes and is nobody's to write. That it is settled is said by an ordinary change: a value of `ds-sync-conflict-resolved` of the domain's base entry, which names the line by what it says. So
 * it replicates, and counts wherever that line stands; should a late change make another outcome, that is another line, and open. A mark whose line is long gone is taken away by who sets the next one.
 */
import type { Backend, StoredEntry } from '../../backend/backend.js';
import { hash64 } from '../../backend/rows/value-hash.js';
import { latin1, toHex, utf8Encode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import type { JournalLine } from '../../conflict/domain-view.js';
import { journalKey } from '../../conflict/journal.js';
import { csnTimeMs, parseCsn } from '../../csn/csn.js';
import { applyModifications } from '../../entry/apply-modifications.js';
import type { ModifyRequest } from '../../ldap/message.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import type { Domain } from '../directory.js';
import { type Answer, checkStopped, type Operation } from '../operation.js';
import type { ServerParts } from '../server-parts.js';
import { submit, writtenAnswer } from './writes.js';

const MARKS = 'ds-sync-conflict-resolved';
const MARKS_KEY = MARKS as AttributeKey;
const LINE_ATTRIBUTE = 'conflict-resolved';
/** Marks whose line is not there any more go so long after the change that lost, so many at once: other servers may keep the line longer. */
const STALE_MS = 90 * 86_400_000;
const STALE_AT_ONCE = 200;

/** A journal line under the name that it has on every server. */
export interface ListedLine {
  readonly line: JournalLine;
  /** CSN of the change that lost, and number among its lines. */
  readonly id: string;
  readonly resolved: boolean;
}

/** All lines of a domain, by the change that lost. */
export async function* listedLines(
  backend: Pick<Backend, 'journal' | 'byDn' | 'baseDn'>,
): AsyncGenerator<readonly ListedLine[], undefined> {
  const marks = marksOf(backend.byDn(backend.baseDn));
  let loser = '';
  let number = 0;
  for await (const slice of backend.journal()) {
    yield slice.map((line) => {
      number = line.loser === loser ? number + 1 : 1;
      loser = line.loser;
      return { line, id: `${loser}.${number}`, resolved: marks.size > 0 && marks.has(markOf(line)) };
    });
  }
  return undefined;
}

/** Names a line by what it says. */
export function markOf(line: JournalLine): string {
  const hash = new Uint8Array(8);
  hash64(utf8Encode(journalKey(line)), hash, 0);
  return `${line.loser}.${toHex(hash)}`;
}

function marksOf(base: StoredEntry | undefined): ReadonlySet<string> {
  return new Set([...(base?.stored.get(MARKS_KEY)?.values ?? [])].map(latin1));
}

/** Modify of a line's entry: `conflict-resolved` TRUE settles it, FALSE or none takes that back. Rejects with LdapError. */
export async function resolveLine(
  parts: ServerParts,
  operation: Operation,
  domains: readonly Domain[],
  id: string,
): Promise<Answer> {
  if (!parts.policy.mayMonitor(operation.requester))
    throw new LdapError('insufficientAccessRights', 'Only those who may read cn=monitor resolve conflicts.');
  const resolved = wantedMark(operation.message.request as ModifyRequest);
  for (const domain of domains) {
    const found = await find(operation, domain, id);
    if (found === undefined) continue;
    const { mark, stale } = found;
    const written = await submit(operation, domain, (view) => {
      const base = view.byDn(view.baseDn);
      if (base === undefined)
        throw new LdapError('noSuchObject', 'The base entry of the domain is not there.');
      parts.policy.checkModify(operation.requester, base, [{ key: MARKS_KEY, operation: 'add' }]);
      return change(parts, base, mark, resolved, stale);
    });
    return await writtenAnswer(parts, operation, 'modify', domain, written);
  }
  throw new LdapError('noSuchObject', `There is no journal line ${id}.`);
}

/** What the request asks for. Throws LdapError. */
function wantedMark({ modifications }: ModifyRequest): boolean {
  let wanted: boolean | undefined;
  for (const { operation, attribute } of modifications) {
    const text = attribute.values.map((value) => latin1(value).toUpperCase()).join();
    const isWord = text === 'TRUE' || text === 'FALSE' || (text === '' && operation !== 'add');
    if (attribute.description.toLowerCase() !== LINE_ATTRIBUTE || operation === 'increment' || !isWord)
      throw onlyMarks();
    wanted = operation !== 'delete' && text === 'TRUE';
  }
  // A request may come without any modification (RFC 4511 section 4.6).
  if (wanted === undefined) throw onlyMarks();
  return wanted;
}

function onlyMarks(): LdapError {
  return new LdapError(
    'unwillingToPerform',
    `Journal lines are computed; a client may set ${LINE_ATTRIBUTE} to TRUE or FALSE, and nothing else.`,
  );
}

interface Found {
  readonly mark: string;
  /** Marks whose lines are gone. */
  readonly stale: readonly string[];
}

async function find(operation: Operation, { backend }: Domain, id: string): Promise<Found | undefined> {
  const gone = new Set(marksOf(backend.byDn(backend.baseDn)));
  let mark: string | undefined;
  for await (const slice of listedLines(backend)) {
    checkStopped(operation);
    for (const { line, id: one } of slice) {
      if (one !== id && gone.size === 0) continue;
      const its = markOf(line);
      gone.delete(its);
      if (one === id) mark = its;
    }
  }
  if (mark === undefined) return undefined;
  const newest = backend.state.newest();
  const beforeMs = (newest === undefined ? 0 : csnTimeMs(newest)) - STALE_MS;
  const isStale = (one: string): boolean => {
    const loser = parseCsn(one.slice(0, one.indexOf('.')));
    return loser === undefined || csnTimeMs(loser) < beforeMs;
  };
  return { mark, stale: [...gone].filter(isStale).slice(0, STALE_AT_ONCE) };
}

function change(
  { schema }: Pick<ServerParts, 'schema'>,
  base: StoredEntry,
  mark: string,
  resolved: boolean,
  stale: readonly string[],
): ReturnType<Parameters<typeof submit>[2]> {
  const values = (texts: readonly string[]) => ({ description: MARKS, values: texts.map(utf8Encode) });
  const there = marksOf(base);
  const gone = (resolved ? stale : [...stale, mark]).filter((one) => there.has(one));
  const isNew = resolved && !there.has(mark);
  const { changes } = applyModifications(
    base.stored,
    [
      ...(gone.length > 0 ? [{ operation: 'delete', attribute: values(gone) } as const] : []),
      ...(isNew ? [{ operation: 'add', attribute: values([mark]) } as const] : []),
    ],
    schema,
    { permissive: true },
  );
  return changes.length === 0
    ? []
    : [{ entry: base.uuid, body: { kind: 'modify' as const, attributes: changes } }];
}
