/**
 * cn=conflicts,cn=monitor: the journal of resolved conflicts of every domain (replication-model.md section 5), one entry a line.
 *
 * A line's name is the CSN of the change that lost and its number among the lines of that change, so it is the same on every replica and stays. Lines are computed; that one is
 * settled can be written (resolved-conflicts.ts).
 */
import type { Backend } from '../../backend/backend.js';
import { generalizedTime } from '../../backend/rows/computed-attributes.js';
import { utf8Decode } from '../../base/bytes.js';
import { csnTimeMs } from '../../csn/csn.js';
import type { Dn } from '../../dn/dn.js';
import { parseDn } from '../../dn/dn-text.js';
import type { ModifyRequest, SearchScope } from '../../ldap/message.js';
import type { Schema } from '../../schema/schema.js';
import type { Directory } from '../directory.js';
import type { Answer, Operation } from '../operation.js';
import type { ServerParts } from '../server-parts.js';
import { contestedLinks } from '../write/contested-links.js';
import { type ListedLine, listedLines, resolveLine } from '../write/resolved-conflicts.js';
import { MONITOR_DN, SUBSCHEMA_DN } from './root-dse.js';
import {
  inScope,
  isUnder,
  type NamedEntry,
  rdnKeys,
  type VirtualCandidates,
  type VirtualTree,
  virtualEntry,
} from './virtual-tree.js';

export const CONFLICTS_DN = `cn=conflicts,${MONITOR_DN}`;

export class ConflictTree implements VirtualTree {
  readonly baseDn: Dn = parseDn(CONFLICTS_DN);
  readonly monitorOnly = true;
  readonly #schema: Schema;
  readonly #directory: Directory;
  readonly #top: NamedEntry;

  constructor(schema: Schema, directory: Directory) {
    this.#schema = schema;
    this.#directory = directory;
    this.#top = virtualEntry(
      schema,
      CONFLICTS_DN,
      { objectClass: ['top', 'monitor', 'monitorContainer'], cn: 'conflicts' },
      { entryDN: CONFLICTS_DN, subschemaSubentry: SUBSCHEMA_DN },
    );
  }

  /** Lines are not looked up here: a search that finds none gives none. */
  holds(dn: Dn): boolean {
    const below = dn.rdns.length - this.baseDn.rdns.length;
    return below === 0 || below === 1;
  }

  search(base: Dn, scope: SearchScope): VirtualCandidates {
    const keys = rdnKeys(this.#schema, base) ?? [];
    const wanted = (entry: NamedEntry): boolean =>
      inScope(entry.dn.rdns.length, keys.length, scope) && isUnder(this.#schema, entry.dn, keys);
    const lines = this.#lines(wanted, wanted(this.#top));
    return {
      next: async () => {
        const step = await lines.next();
        return step.done === true ? undefined : step.value;
      },
      close: () => {
        void lines.return(undefined);
      },
    };
  }

  modify(parts: ServerParts, operation: Operation): Promise<Answer> {
    const [leaf = []] = parseDn((operation.message.request as ModifyRequest).dn).rdns;
    return resolveLine(
      parts,
      operation,
      this.#directory.domains,
      utf8Decode(leaf[0]?.value ?? new Uint8Array(0)) ?? '',
    );
  }

  async *#lines(
    wanted: (entry: NamedEntry) => boolean,
    withTop: boolean,
  ): AsyncGenerator<readonly NamedEntry[], undefined> {
    if (withTop) yield [this.#top];
    for (const domain of this.#directory.domains) {
      yield* this.#domainLines(domain.backend, domain.baseText, wanted);
    }
    return undefined;
  }

  async *#domainLines(
    backend: Backend,
    baseText: string,
    wanted: (entry: NamedEntry) => boolean,
  ): AsyncGenerator<readonly NamedEntry[], undefined> {
    for await (const slice of listedLines(backend)) {
      const entries: NamedEntry[] = [];
      for (const listed of slice) {
        const bare = this.#entry(listed, baseText, []);
        if (!wanted(bare)) continue;
        const { dns } = await contestedLinks(backend, this.#schema, listed.line);
        entries.push(dns.length === 0 ? bare : this.#entry(listed, baseText, dns));
      }
      if (entries.length > 0) yield entries;
    }
    return undefined;
  }

  #entry({ line, id: cn, resolved }: ListedLine, baseText: string, namedBy: readonly string[]): NamedEntry {
    const dn = `cn=${cn},${CONFLICTS_DN}`;
    return virtualEntry(
      this.#schema,
      dn,
      {
        objectClass: ['top', 'ds-monitor-entry'],
        cn,
        'conflict-kind': line.kind,
        'conflict-entry': line.entry,
        'conflict-loser': line.loser,
        'conflict-winner': line.winner === undefined ? [] : [line.winner],
        'conflict-attribute': line.attribute === undefined ? [] : [line.attribute],
        'conflict-value': line.value === undefined ? [] : [line.value],
        'conflict-resolved': resolved ? 'TRUE' : 'FALSE',
        'conflict-named-by': namedBy,
        'domain-name': baseText,
      },
      {
        createTimestamp: generalizedTime(csnTimeMs(line.loser)),
        entryDN: dn,
        subschemaSubentry: SUBSCHEMA_DN,
      },
    );
  }
}
