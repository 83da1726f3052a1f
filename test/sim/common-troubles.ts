/**
 * Troubles that every run may see: crashes, cuts, resets, a full or slow disk, a clock that jumps.
 */
import type { SimServer } from './sim-server.js';
import type { Simulation } from './simulation.js';

/** How many kinds there are; a crash counts twice. */
export const COMMON = 9;
/** The one that sets a clock. */
export const CLOCK = 6;

/** One of them happens to `server`. */
export function strikeCommon(
  simulation: Simulation,
  kind: number,
  server: SimServer,
  other: SimServer,
  forMs: number,
  note: (text: string) => void,
): void {
  const { random, network, time } = simulation;
  const [a, b] = [server.name, other.name];
  switch (kind) {
    case 0:
    case 1:
      note(`crash ${a}`);
      server.crash();
      time.at(forMs / 2, () => simulation.restart(server));
      break;
    case 2:
      note(`partition ${a} ${b}`);
      network.cut(a, b);
      network.cut(b, a);
      time.at(forMs, () => {
        network.heal(a, b);
        network.heal(b, a);
      });
      break;
    case 3:
      note(`one way ${a} > ${b}`);
      network.cut(a, b);
      time.at(forMs, () => network.heal(a, b));
      break;
    case 4:
      note(`break ${a} ${b}`);
      network.breakLinks(a, b);
      break;
    case 5:
      note(`disk full ${a}`);
      server.disk.faults.refuse = 'full';
      time.at(forMs / 2, () => {
        server.disk.faults.refuse = undefined;
      });
      break;
    case CLOCK:
      server.clockOffset.wallMs += random.chance(0.5) ? -3_600_000 : 200_000 * random.next();
      note(`clock of ${a} at ${Math.round(server.clockOffset.wallMs)}`);
      break;
    case 7: {
      note(`isolate ${a}`);
      const heal = isolate(simulation, a);
      time.at(forMs, heal);
      break;
    }
    default:
      note(`slow ${a}`);
      server.disk.faults.delay = () => time.sleep(50 + random.below(400));
      time.at(forMs, () => {
        server.disk.faults.delay = () => time.sleep(0.2 + random.next());
      });
  }
}

/** Cuts a server off from all others; the function returned ends it. */
export function isolate({ network, servers }: Simulation, name: string): () => void {
  const peers = servers.map((server) => server.name);
  for (const peer of peers) {
    network.cut(name, peer);
    network.cut(peer, name);
  }
  return () => {
    for (const peer of peers) {
      network.heal(name, peer);
      network.heal(peer, name);
    }
  };
}
