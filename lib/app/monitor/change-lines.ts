/** The newest changes that a running server applied, for people: what, where, by whom; no values. */

import type { ChangeBody } from '../../change/change.js';
import { decodeChange } from '../../change/change-codec.js';
import { csnReplica, csnTimeMs } from '../../csn/csn.js';
import type { RunningDomain } from '../domain/domain.js';

export interface ChangeLine {
  /** When the change was made, ISO 8601. */
  readonly time: string;
  readonly csn: string;
  /** The replica that made it. */
  readonly replica: number;
  /** Number of the change on this server, in the order of application (entryUSN). */
  readonly usn: number;
  readonly kind: ChangeBody['kind'];
  readonly entryUuid: string;
  /** The entry's name now, or when it died; undefined when it is not known any more. */
  readonly dn: string | undefined;
  /** Names of the attributes changed. */
  readonly attributes: readonly string[];
  readonly by: string;
}

/** The newest `limit` changes in the order of application. */
export async function changeLines(domain: RunningDomain, limit: number): Promise<readonly ChangeLine[]> {
  const { backend, upkeep } = domain;
  const { log } = backend.changes;
  const lines: ChangeLine[] = [];
  for await (const slice of log.between(log.trimmed, log.durable, true)) {
    for (const { usn, csn } of slice) {
      // What the change log no longer holds tells nothing more.
      const encoded = upkeep.changelog.get(csn);
      if (encoded === undefined) continue;
      const { entry, initiator, body } = decodeChange(encoded.bytes);
      lines.push({
        time: new Date(csnTimeMs(csn)).toISOString(),
        csn,
        replica: csnReplica(csn),
        usn,
        kind: body.kind,
        entryUuid: entry,
        dn: backend.lastName(entry),
        attributes: 'attributes' in body ? body.attributes.map(({ name }) => name) : [],
        by: initiator,
      });
      if (lines.length >= limit) return lines.reverse();
    }
  }
  return lines.reverse();
}
