/**
 * The external change log of a running server: the numbers of its changes, when they are given, and cn=changelog.
 *
 * A replica that was silent for longer than `changelog.silentSeconds` does not count (changelog-completeness.ts).
 */
import { domainNumber } from '../../backend/domain-facts.js';
import { must } from '../../base/assert.js';
import { ChangeNumbers, type NumberedLog } from '../../changelog/change-numbers.js';
import type { Settings } from '../../config/option-table.js';
import { toReplicaId } from '../../csn/csn.js';
import { systemClock } from '../../io/system-clock.js';
import { IncludedAttributes } from '../../operation/changes/included-attributes.js';
import type { LdapService } from '../../operation/ldap-service.js';
import type { Log } from '../../port/log.js';
import type { OrderedStore } from '../../port/ordered-store.js';
import { completeness } from './changelog-completeness.js';
import type { RunningDomain } from './domain.js';

/** Server-wide rows of the numbers in the store. */
const NUMBERS_PREFIX = Uint8Array.of(0, 0, 0x6b);
/** Changes wait at most so long for their number; how often those that wait for others are looked at, ms. */
const SOON_MS = 20;
const LATER_MS = 500;

export interface ExternalChangelogParts {
  readonly store: OrderedStore;
  readonly log: Log;
  readonly service: LdapService;
  readonly domains: readonly RunningDomain[];
  readonly settings: Settings;
}

/** Opens it and serves it, where it is enabled; the function that it resolves to ends it. */
export async function serveExternalChangelog(parts: ExternalChangelogParts): Promise<() => Promise<void>> {
  const { store, service, domains, settings, log } = parts;
  if (!settings['changelog.enabled'] || domains.length === 0) return async () => {};
  const replica = must(toReplicaId(settings['server.id']), 'the configuration was checked');
  const silentMs = settings['changelog.silentSeconds'] * 1000;
  const numbered = await Promise.all(
    domains.map(async (domain): Promise<NumberedLog> => {
      const { members, changelog, reissue } = domain.upkeep;
      return {
        domain: await domainNumber(store, domain.baseKey),
        copied: domain.backend.parts.keys.meta('changeNumbers'),
        baseKey: domain.baseKey,
        changelog,
        complete: () =>
          completeness(
            changelog.state,
            members.rows(),
            {
              replica,
              issued: changelog.lastOwn(),
              applied: domain.backend.state,
              unsettled: members.owed() !== undefined || reissue?.pending === true,
              wallMs: systemClock.wallMs(),
            },
            (name) => members.silentMs(name) > silentMs,
          ),
      };
    }),
  );
  const numbers = await ChangeNumbers.open(store, NUMBERS_PREFIX, numbered);
  domains.forEach(({ backend }, i) => {
    const number = numbered[i]?.domain ?? 0;
    backend.counted = (state, snapshot) => numbers.copyOf(number, state, snapshot);
  });
  const served = domains.map((domain, i) => ({
    domain: service.directory.domains.find(({ baseText }) => baseText === domain.baseText),
    number: numbered[i]?.domain ?? 0,
    changelog: domain.upkeep.changelog,
    included: new IncludedAttributes(service.directory.schema, domain.baseText, {
      always: settings['changelog.include'],
      deletes: settings['changelog.includeForDeletes'],
    }),
  }));
  for (const { included } of served)
    for (const name of included.unknown())
      log.warn({ name }, 'changelog.include names what the schema does not have; nothing goes along for it');
  service.serveChangelog({
    domains: served.flatMap((one) => (one.domain === undefined ? [] : [{ ...one, domain: one.domain }])),
    numbers,
    readers: settings['changelog.readers'],
  });
  return drive(numbers, numbered, log);
}

/** Has the changes numbered: soon after one came, and again while some wait. */
function drive(numbers: ChangeNumbers, logs: readonly NumberedLog[], log: Log): () => Promise<void> {
  let stopped = false;
  let soon = false;
  let running: Promise<void> = Promise.resolve();
  const step = (): void => {
    if (stopped) return;
    running = numbers.step().catch((error: unknown) => {
      if (!stopped) log.warn({ error }, 'changes could not be numbered for cn=changelog');
    });
  };
  const ends = logs.map(({ changelog }) =>
    changelog.onAdvance(() => {
      if (soon || stopped) return;
      soon = true;
      systemClock.after(SOON_MS, () => {
        soon = false;
        step();
      });
    }),
  );
  let cancel: () => void = () => {};
  const later = (): void => {
    cancel = systemClock.after(LATER_MS, () => {
      step();
      later();
    });
  };
  step();
  later();
  return async () => {
    stopped = true;
    cancel();
    for (const end of ends) end();
    await running;
  };
}
