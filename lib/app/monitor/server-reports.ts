/**
 * Reports on replication as plain data, for the control socket: conflict lines and the metadata of one entry.
 *
 * Owns the translation only. Values are shown as text where they are text, else as base64; secrets are not shown (isSecret).
 */
import { toBase64, utf8Decode } from '../../base/bytes.js';
import { formatNamedRdn } from '../../change/named-rdn.js';
import type { HistoryRow, JournalLine } from '../../conflict/domain-view.js';
import { type EntryState, isAlive } from '../../conflict/entry-state.js';
import { type Csn, csnTimeMs } from '../../csn/csn.js';
import type { ListedLine } from '../../operation/write/resolved-conflicts.js';

export interface ConflictLine {
  /** The CSN of the change that lost, and the number among its lines: the name in cn=conflicts,cn=monitor. */
  readonly id: string;
  /** Time of the change that lost, ISO 8601. */
  readonly time: string;
  readonly kind: JournalLine['kind'];
  readonly entryUuid: string;
  /** Where the entry stands now; undefined when it is not alive. */
  readonly dn: string | undefined;
  readonly attribute: string | undefined;
  readonly value: string | undefined;
  readonly loser: string;
  readonly winner: string | undefined;
  /** Somebody settled it. */
  readonly resolved: boolean;
  /** Of a contested name: DNs of entries that name it, and so one of the two; `namedByMore`: how many are not listed. Absent: none. */
  readonly namedBy?: readonly string[];
  readonly namedByMore?: number;
}

export interface EntryReport {
  readonly dn: string;
  readonly uuid: string;
  readonly alive: boolean;
  readonly conflict: boolean;
  readonly created: { readonly csn: string; readonly by: string };
  readonly modified: { readonly csn: string; readonly by: string };
  readonly parent: string;
  readonly parentCsn: string;
  readonly rdn: string;
  readonly rdnCsn: string;
  readonly claimCsn: string;
  readonly life: readonly { readonly csn: string; readonly kind: string }[];
  readonly attributes: readonly { readonly name: string; readonly values: number }[];
  readonly history: readonly HistoryReport[];
}

export interface HistoryReport {
  readonly csn: string;
  readonly time: string;
  readonly kind: string;
  readonly by: string;
  /** It took no effect: the entry was dead at that point of the order. */
  readonly void: boolean;
  /** `+attribute: value` and `-attribute: value`. */
  readonly effects: readonly string[];
}

/** Characters of a value that a report shows. */
const SHOWN = 120;

/** A journal line as data. `dnOf`: the DN of a live entry. */
export function conflictLine(
  { line, id, resolved }: ListedLine,
  dnOf: (uuid: JournalLine['entry']) => string | undefined,
  isSecret: (attribute: string) => boolean,
): ConflictLine {
  const secret = line.attribute !== undefined && isSecret(line.attribute);
  return {
    id,
    time: timeOf(line.loser),
    kind: line.kind,
    entryUuid: line.entry,
    dn: dnOf(line.entry),
    attribute: line.attribute,
    value: line.value === undefined ? undefined : secret ? '(not shown)' : valueText(line.value),
    loser: line.loser,
    winner: line.winner,
    resolved,
  };
}

/** An entry's state and history as data. */
export function entryReport(
  dn: string,
  state: EntryState,
  history: readonly HistoryRow[],
  isSecret: (attribute: string) => boolean,
): EntryReport {
  return {
    dn,
    uuid: state.uuid,
    alive: isAlive(state),
    conflict: state.place.conflict,
    created: state.created,
    modified: state.modified,
    parent: state.parent,
    parentCsn: state.parentCsn,
    rdn: formatNamedRdn(state.rdn),
    rdnCsn: state.rdnCsn,
    claimCsn: state.claimCsn,
    life: state.life,
    attributes: [...state.attributes.values()].map(({ name, values }) => ({ name, values: values.length })),
    history: history.map((row) => historyReport(row, isSecret)),
  };
}

function historyReport(row: HistoryRow, isSecret: (attribute: string) => boolean): HistoryReport {
  const effects: string[] = [];
  for (const effect of row.effects) {
    const secret = isSecret(effect.key);
    const shown = (value: Uint8Array) => (secret ? '(not shown)' : valueText(value));
    for (const value of effect.removed) effects.push(`-${effect.key}: ${shown(value)}`);
    for (const value of effect.added) effects.push(`+${effect.key}: ${shown(value)}`);
  }
  const { change } = row;
  return {
    csn: change.csn,
    time: timeOf(change.csn),
    kind: change.body.kind,
    by: change.initiator,
    void: row.void,
    effects,
  };
}

/** ISO 8601 of a CSN's time; clocks may be wrong by more than a Date can hold. */
function timeOf(csn: Csn): string {
  const ms = csnTimeMs(csn);
  return ms <= 8_640_000_000_000_000 ? new Date(ms).toISOString() : `${ms} ms`;
}

function valueText(value: Uint8Array): string {
  const text = utf8Decode(value) ?? `base64 ${toBase64(value)}`;
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}...` : text;
}
