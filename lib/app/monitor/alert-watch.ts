/**
 * Looks at a running server by the rules of `polyarch health`, again and again, and keeps the list of what is wrong: cn=alerts,cn=monitor, the log, and the operator's command.
 *
 * Counting standing conflicts reads the whole journal: it is done when changes came since, and not more often than once a minute.
 */
import { generalizedTime } from '../../backend/rows/computed-attributes.js';
import type { Settings } from '../../config/option-table.js';
import { parseDn } from '../../dn/dn-text.js';
import { systemClock } from '../../io/system-clock.js';
import { MONITOR_DN, SUBSCHEMA_DN } from '../../operation/trees/root-dse.js';
import {
  ListedTree,
  type NamedEntry,
  type VirtualTree,
  virtualEntry,
} from '../../operation/trees/virtual-tree.js';
import type { Log } from '../../port/log.js';
import type { Schema } from '../../schema/schema.js';
import { AlertCommand, alertMessage } from '../control/alert-command.js';
import { AlertBook, type StandingAlert } from './alert-book.js';
import { examine, type HealthFacts } from './health-rules.js';

const ALERTS_DN = `cn=alerts,${MONITOR_DN}`;
/** The first look after a start: peers have met by then. */
const FIRST_MS = 5000;

/** What may change while the server runs. */
export interface AlertSettings {
  readonly everyMs: number;
  /** Run for each alert; '' for none. */
  readonly command: string;
}

export interface AlertWatchParts extends AlertSettings {
  readonly server: string;
  readonly facts: () => Promise<HealthFacts>;
  readonly log: Log;
}

export class AlertWatch {
  readonly #parts: Omit<AlertWatchParts, keyof AlertSettings>;
  readonly #book = new AlertBook();
  #everyMs: number;
  #command: AlertCommand | undefined;
  #commandText: string;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(parts: AlertWatchParts) {
    this.#parts = parts;
    this.#everyMs = parts.everyMs;
    this.#commandText = parts.command;
    this.#command = this.#newCommand();
  }

  start(): void {
    this.#later(Math.min(FIRST_MS, this.#everyMs));
  }

  /** Goes on with other settings. A run of the former command that is under way is ended; alerts that stand are not told again. */
  configure({ everyMs, command }: AlertSettings): void {
    if (this.#stopped) return;
    if (everyMs !== this.#everyMs) {
      this.#everyMs = everyMs;
      if (this.#timer !== undefined) this.#later(Math.min(FIRST_MS, everyMs));
    }
    if (command === this.#commandText) return;
    void this.#command?.stop();
    this.#commandText = command;
    this.#command = this.#newCommand();
  }

  #newCommand(): AlertCommand | undefined {
    return this.#commandText === ''
      ? undefined
      : new AlertCommand(this.#commandText, this.#parts.log, systemClock);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#looking;
    await this.#command?.stop();
  }

  /** Alerts that stand. */
  standing(): readonly StandingAlert[] {
    return this.#book.standing();
  }

  /** Resolves when the command is not under way. */
  async idle(): Promise<void> {
    await this.#command?.idle();
  }

  /** Examines the server once. */
  async look(): Promise<void> {
    const { facts, server, log } = this.#parts;
    const findings = examine(await facts());
    const nowMs = systemClock.wallMs();
    const changes = this.#book.take(findings, nowMs);
    for (const { event, alert } of changes) {
      const { code, severity, about, what, mend } = alert;
      const fields = { kind: 'alert', event, code, about, advice: mend };
      if (event === 'cleared') log.info(fields, `no more: ${about}: ${what}`);
      else if (severity === 'error') log.error(fields, `${about}: ${what}`);
      else log.warn(fields, `${about}: ${what}`);
    }
    this.#command?.tell(changes.map((change) => alertMessage(server, change, nowMs)));
  }

  #later(delayMs: number): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#looking = this.look()
        .catch((error: unknown) =>
          this.#parts.log.warn({ error: String(error) }, 'alerts could not be looked for'),
        )
        .then(() => this.#later(this.#everyMs));
    }, delayMs);
    this.#timer.unref();
  }
}

/** The options of the watch. */
export function alertSettings(settings: Settings): AlertSettings {
  return {
    everyMs: settings['alerts.everySeconds'] * 1000,
    command: settings['alerts.command'] ?? '',
  };
}

/** cn=alerts,cn=monitor: the alerts that stand. */
export function alertTree(schema: Schema, standing: () => readonly StandingAlert[]): VirtualTree {
  const top = virtualEntry(
    schema,
    ALERTS_DN,
    { objectClass: ['top', 'monitor', 'monitorContainer'], cn: 'alerts' },
    { entryDN: ALERTS_DN, subschemaSubentry: SUBSCHEMA_DN },
  );
  return new ListedTree(schema, parseDn(ALERTS_DN), true, () => [
    top,
    ...standing().map((alert) => alertEntry(schema, alert)),
  ]);
}

function alertEntry(schema: Schema, alert: StandingAlert): NamedEntry {
  const dn = `cn=${alert.id},${ALERTS_DN}`;
  return virtualEntry(
    schema,
    dn,
    {
      objectClass: ['top', 'ds-monitor-entry'],
      cn: alert.id,
      description: alert.what,
      'alert-code': alert.code,
      'alert-severity': alert.severity,
      'alert-about': alert.about,
      'alert-reason': alert.why,
      'alert-advice': alert.mend,
    },
    {
      createTimestamp: generalizedTime(alert.firstMs),
      modifyTimestamp: generalizedTime(alert.lastMs),
      entryDN: dn,
      subschemaSubentry: SUBSCHEMA_DN,
    },
  );
}
