/**
 * What a server can read of what another one sends: formats of copies (images of rows) and of changes. Beside the protocol version, which says how the two speak.
 *
 * A server of an older build would take the first half of what it does not know, and drop what it held before. So each hello says what its server reads, and whoever would send
 * more refuses at once, as does the other end where it hears of it. Numbers only rise; what a build reads it also writes.
 */
import type { Hello } from './frames.js';

export interface Formats {
  /** Newest format of the images of a total update that is read: the data format that they are of (docs/data-format.md). */
  readonly copies: number;
  /** Newest version of encoded changes that is read (change/change-codec.ts). */
  readonly changes: number;
}

/** Of this build. */
export const OWN_FORMATS: Formats = { copies: 2, changes: 1 };
/** Of builds whose hello says nothing of it. */
export const OLDEST_FORMATS: Formats = { copies: 1, changes: 1 };
export const MAX_FORMAT = 65_535;

/** Why `taker` must not be sent what `giver` has, as a sentence; undefined when it reads all of it. A broker without entries gives what others made: those look at what it asks for. */
export function unreadable(giver: Hello, taker: Hello): string | undefined {
  const [gives, reads] = [giver.formats ?? OLDEST_FORMATS, taker.formats ?? OLDEST_FORMATS];
  const target = taker.behalf?.server ?? taker.server;
  const through = taker.behalf === undefined ? '' : ` (through ${taker.server})`;
  if (taker.purpose === 'initialize') {
    if (giver.replica === undefined || gives.copies <= reads.copies) return undefined;
    const outdated = taker.behalf === undefined ? target : `${target} and the brokers on the way`;
    return `${target}${through} reads copies of data format ${reads.copies} at most, ${giver.server} gives data format ${gives.copies}: nothing was sent; update ${outdated}, or initialize ${target} from a server of its own version`;
  }
  if (gives.changes <= reads.changes) return undefined;
  return `${target} reads changes of format ${reads.changes} at most, ${giver.server} gives format ${gives.changes}: nothing was sent; update ${target}`;
}
