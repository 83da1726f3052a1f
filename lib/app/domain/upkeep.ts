/**
 * What a domain of a running server keeps and forgets: the table of its servers and the background work on history and change log, made from the configuration.
 *
 * Composition only. The broker comes later than the table that it carries: attach() gives it.
 */

import { resubmit } from '../../backend/resubmit.js';
import type { KeySpace } from '../../backend/rows/key-space.js';
import type { StoreBackend } from '../../backend/store-backend.js';
import type { Changelog } from '../../changelog/changelog.js';
import { csnTimeMs, type ReplicaId, toReplicaId } from '../../csn/csn.js';
import { freeBytes } from '../../io/free-space.js';
import { systemClock } from '../../io/system-clock.js';
import type { OrderedStore } from '../../port/ordered-store.js';
import { Housekeeping, type PurgeResult } from '../../replica/housekeeping.js';
import { Membership } from '../../replica/membership.js';
import { Reissue } from '../../replica/reissue.js';
import type { RefusalCode } from '../../sync/frames.js';
import type { ServerConfig } from '../config/read-config.js';
import type { Alert } from '../monitor/alert-log.js';
import type { MemberStatus, UpkeepStatus } from '../monitor/server-status.js';

const MiB = 1_048_576;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface UpkeepParts {
  readonly config: ServerConfig;
  readonly store: OrderedStore;
  readonly keys: KeySpace;
  readonly changelog: Changelog;
  /** undefined: a broker alone. */
  readonly backend: StoreBackend | undefined;
  alert(alert: Alert): void;
}

/** The broker's part. */
interface Dismisses {
  dismiss(
    name: string,
    refusal: { readonly code: RefusalCode; readonly sentence: string },
    replica: ReplicaId | undefined,
  ): void;
}

export class Upkeep {
  readonly members: Membership;
  /** Of a directory. */
  readonly reissue: Reissue | undefined;
  readonly housekeeping: Housekeeping;
  readonly changelog: Changelog;
  readonly #broker: { attached: Dismisses | undefined };

  private constructor(
    parts: UpkeepParts,
    members: Membership,
    reissue: Reissue | undefined,
    broker: { attached: Dismisses | undefined },
  ) {
    const { config, changelog, backend } = parts;
    const { settings } = config;
    this.members = members;
    this.reissue = reissue;
    this.changelog = changelog;
    this.#broker = broker;
    this.housekeeping = new Housekeeping({
      members,
      target: backend,
      changelog,
      clock: systemClock,
      limits: {
        logMaxAgeMs: settings['changelog.maxAgeHours'] * HOUR_MS,
        logMaxBytes: settings['changelog.maxMiB'] * MiB,
        diskMinFreeBytes: settings['changelog.minFreeMiB'] * MiB,
        journalMaxAgeMs: settings['conflicts.keepDays'] * DAY_MS,
      },
      freeBytes: () => freeBytes(config.files.db),
      alert: (alert) => parts.alert(alert),
    });
  }

  /** Reads the table. Rejects with a StoreError. */
  static async open(parts: UpkeepParts): Promise<Upkeep> {
    const { config, store, keys, changelog, backend } = parts;
    const { settings } = config;
    const broker: { attached: Dismisses | undefined } = { attached: undefined };
    const members = await Membership.open({
      server: settings['server.name'],
      replica: backend === undefined ? undefined : toReplicaId(settings['server.id']),
      store,
      prefix: keys.memberPrefix(),
      changelog,
      clock: systemClock,
      peers: [...config.peers.keys()],
      generation: () =>
        backend === undefined
          ? changelog.recordedGeneration
          : backend.importing
            ? undefined
            : backend.generationId,
      directory: backend,
      undeleteMs: settings['deletedEntries.keepDays'] * DAY_MS,
      evictAfterMs: settings['replication.evictAfterDays'] * DAY_MS,
      dismiss: (name, refusal, id) => broker.attached?.dismiss(name, refusal, id),
      alert: (alert) => parts.alert(alert),
    });
    const replica = toReplicaId(settings['server.id']);
    const reissue =
      backend === undefined || replica === undefined
        ? undefined
        : await Reissue.open({
            replica,
            store,
            prefix: keys.memberPrefix(),
            changelog,
            clock: systemClock,
            directory: {
              get state() {
                return backend.state;
              },
              resubmit: (change) => resubmit(backend.parts.writes, change),
            },
            place: members.place,
            members: members.rows(),
            alert: (alert) => parts.alert(alert),
          });
    await reissue?.record();
    return new Upkeep(parts, members, reissue, broker);
  }

  attach(broker: Dismisses): void {
    this.#broker.attached = broker;
  }

  start(): void {
    this.housekeeping.start();
  }

  stop(): Promise<void> {
    return this.housekeeping.stop();
  }

  /** Reports, then forgets and trims all that may go now. */
  purge(): Promise<PurgeResult> {
    return this.housekeeping.run();
  }

  /** Bounds, and who holds them back. */
  async status(): Promise<UpkeepStatus> {
    const { stable, before, heldBackBy, logBytes, logChanges, purged, historyLeft } =
      this.housekeeping.status();
    const oldest = await this.changelog.oldest();
    return {
      stable: stable?.toString(),
      stableUntil: before === undefined ? undefined : new Date(csnTimeMs(before)).toISOString(),
      heldBackBy,
      historyRows: historyLeft,
      changelogBytes: logBytes,
      changelogChanges: logChanges,
      changelogOldest: oldest,
      purged,
      members: this.#members(),
    };
  }

  #members(): readonly MemberStatus[] {
    return this.members.rows().map(({ name, kind, replica, standing, report }) => ({
      name,
      kind,
      id: replica,
      standing,
      applied: report?.state.toString(),
      reportedAt: report === undefined ? undefined : new Date(report.atMs).toISOString(),
      silentSeconds: Math.round(this.members.silentMs(name) / 1000),
    }));
  }
}
