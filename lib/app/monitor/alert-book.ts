/**
 * Which alerts stand: what health rules find, over time. Pure bookkeeping; who looks and who is told is alert-watch.ts.
 *
 * An error stands when it is found, and is told of anew when a warning became one; a warning when it is found twice in a row, since much of what is odd right after a start or a cut goes by itself. An alert goes
 * when it was not found twice in a row. Bounded: beyond MAX_ALERTS new ones are passed over until others go.
 */
import { createHash } from 'node:crypto';
import type { Finding } from './health-rules.js';

/** Alerts that stand at once. */
const MAX_ALERTS = 1000;
/** Examinations in a row in which a warning must be found, and an alert must not be found any more. */
const WARN_AFTER = 2;
const CLEAR_AFTER = 2;

/** An alert that stands. */
export interface StandingAlert extends Finding {
  /** The same for the same rule and matter: `H020-1a2b3c4d`. */
  readonly id: string;
  /** When it was found first and last, ms since the epoch. */
  readonly firstMs: number;
  readonly lastMs: number;
}

export interface AlertChange {
  readonly event: 'raised' | 'cleared';
  readonly alert: StandingAlert;
}

interface Row {
  alert: StandingAlert;
  /** As it was found last. */
  severity: Finding['severity'];
  /** Examinations in which it was found, and those in a row in which it was not. */
  found: number;
  missed: number;
  /** Whether it stands. */
  raised: boolean;
}

export class AlertBook {
  readonly #rows = new Map<string, Row>();

  /** Alerts that stand, in the order of the rules. */
  standing(): readonly StandingAlert[] {
    const alerts = [...this.#rows.values()].flatMap(({ raised, alert }) => (raised ? [alert] : []));
    return alerts.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Takes what an examination found; answers which alerts began to stand and which ended. */
  take(findings: readonly Finding[], nowMs: number): readonly AlertChange[] {
    const changes: AlertChange[] = [];
    const present = new Set<string>();
    for (const finding of findings) {
      const id = alertId(finding);
      if (present.has(id)) continue;
      const before = this.#rows.get(id);
      if (before === undefined && this.#rows.size >= MAX_ALERTS) continue;
      present.add(id);
      const firstMs = before?.alert.firstMs ?? nowMs;
      const alert = { ...finding, id, firstMs, lastMs: nowMs };
      const row: Row = before ?? { alert, severity: finding.severity, found: 0, missed: 0, raised: false };
      row.alert = alert;
      row.found += 1;
      row.missed = 0;
      this.#rows.set(id, row);
      const worse = row.raised && row.severity === 'warning' && finding.severity === 'error';
      row.severity = finding.severity;
      if (row.raised ? !worse : finding.severity === 'warning' && row.found < WARN_AFTER) continue;
      row.raised = true;
      changes.push({ event: 'raised', alert: row.alert });
    }
    for (const [id, row] of this.#rows) {
      if (present.has(id)) continue;
      row.missed += 1;
      if (row.raised && row.missed < CLEAR_AFTER) continue;
      this.#rows.delete(id);
      if (row.raised) changes.push({ event: 'cleared', alert: row.alert });
    }
    return changes;
  }
}

function alertId({ code, about }: Pick<Finding, 'code' | 'about'>): string {
  return `${code}-${createHash('sha256').update(about).digest('hex').slice(0, 8)}`;
}
