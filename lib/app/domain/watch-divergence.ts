/** The watch against silent divergence of one running domain, made from its parts: whom it compares with, and how they are asked. */
import type { StoreBackend } from '../../backend/store-backend.js';
import type { Broker } from '../../broker/broker.js';
import { askThrough } from '../../broker/relayed-questions.js';
import { systemClock } from '../../io/system-clock.js';
import { Divergence } from '../../replica/divergence.js';
import type { Membership } from '../../replica/membership.js';
import type { Alert } from '../monitor/alert-log.js';

/** A server that was silent for longer is not asked through brokers. */
const SILENT_MS = 60_000;

/** Servers known to hold no entries. */
export function brokersAmong(members: Pick<Membership, 'rows'>): (name: string) => boolean {
  return (name) => members.rows().some((row) => row.name === name && row.kind === 'broker');
}

/** `broker`: asked when it is needed, since it comes later. */
export function watchDivergence(
  server: string,
  backend: StoreBackend,
  alert: (alert: Alert) => void,
  members: Membership,
  broker: () => Broker,
): Divergence {
  const isBroker = brokersAmong(members);
  /** Directories that are not followed, where brokers are that lead to them. */
  const relayed = (followed: readonly string[]) => {
    if (!followed.some(isBroker)) return [];
    return members
      .rows()
      .filter(
        ({ name, kind, standing, replica }) =>
          kind === 'directory' &&
          standing === 'member' &&
          replica !== undefined &&
          name !== server &&
          !followed.includes(name) &&
          members.silentMs(name) < SILENT_MS,
      )
      .map(({ name }) => name);
  };
  return new Divergence({
    server,
    backend,
    clock: systemClock,
    ask: async (peer, question) => {
      const replica = members.rows().find(({ name }) => name === peer)?.replica;
      if (replica === undefined || broker().following().includes(peer))
        return await broker().ask(peer, question);
      return await askThrough(server, broker(), isBroker, { server: peer, replica, path: [], question });
    },
    following: () => {
      const followed = broker().following();
      return [...followed.filter((name) => !isBroker(name)), ...relayed(followed)];
    },
    alert,
  });
}
