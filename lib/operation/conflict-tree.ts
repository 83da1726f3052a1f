/**
 * cn=conflicts,cn=monitor: the journal of resolved conflicts of every domain (replication-model.md section 5), one entry a line.
 *
 * A line's name is the CSN of the change that lost and its number among the lines of that change, so it is the same on every replica and stays.
 */
import type { Backend } from '../backend/backend.js';
import { generalizedTime } from '../backend/computed-attributes.js';
import type { JournalLine } from '../conflict/domain-view.js';
import { csnTimeMs } from '../csn/csn.js';
import type { Dn } from '../dn/dn.js';
import { parseDn } from '../dn/dn-text.js';
import type { SearchScope } from '../ldap/message.js';
import type { Schema } from '../schema/schema.js';
import type { Directory } from './directory.js';
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
    let loser = '';
    let number = 0;
    for await (const slice of backend.journal()) {
      const entries: NamedEntry[] = [];
      for (const line of slice) {
        number = line.loser === loser ? number + 1 : 1;
        loser = line.loser;
        const entry = this.#entry(line, number, baseText);
        if (wanted(entry)) entries.push(entry);
      }
      if (entries.length > 0) yield entries;
    }
    return undefined;
  }

  #entry(line: JournalLine, number: number, baseText: string): NamedEntry {
    const cn = `${line.loser}.${number}`;
    const dn = `cn=${cn},${CONFLICTS_DN}`;
    return virtualEntry(
      this.#schema,
      dn,
      { objectClass: ['top', 'ds-monitor-entry'], cn },
      {
        'conflict-kind': line.kind,
        'conflict-entry': line.entry,
        'conflict-loser': line.loser,
        'conflict-winner': line.winner === undefined ? [] : [line.winner],
        'conflict-attribute': line.attribute === undefined ? [] : [line.attribute],
        'conflict-value': line.value === undefined ? [] : [line.value],
        'domain-name': baseText,
        createTimestamp: generalizedTime(csnTimeMs(line.loser)),
        entryDN: dn,
        subschemaSubentry: SUBSCHEMA_DN,
      },
    );
  }
}
