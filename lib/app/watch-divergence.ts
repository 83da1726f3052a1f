/** The watch against silent divergence of one running domain, made from its parts. Composition only. */
import type { StoreBackend } from '../backend/store-backend.js';
import type { Broker } from '../broker/broker.js';
import { systemClock } from '../io/system-clock.js';
import { Divergence } from '../replica/divergence.js';
import type { Alert } from './alert-log.js';

/** `broker`: asked when it is needed, since it comes later. */
export function watchDivergence(
  server: string,
  backend: StoreBackend,
  alert: (alert: Alert) => void,
  broker: () => Broker,
): Divergence {
  return new Divergence({
    server,
    backend,
    clock: systemClock,
    ask: (peer, question) => broker().ask(peer, question),
    following: () => broker().following(),
    alert,
  });
}
