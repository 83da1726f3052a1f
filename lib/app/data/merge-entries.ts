/**
 * `merge`: the data of another server, or of a file, become part of what a running server holds (replication-model.md section 8).
 *
 * An entry that is missing is added with its UUID and its times, one that is there under the same DN is merged by the rules of entry/merge-entry.ts; both are ordinary changes of this
 * server, which replicate, and nothing is ever deleted. Values that do not survive go into an LDIF file. A run that was cut can be repeated: what was merged is equal then.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Intent, StoredEntry } from '../../backend/backend.js';
import type { LoadEntry } from '../../backend/load/bulk-load.js';
import { placed } from '../../backend/tree/name-after.js';
import { LdapError } from '../../base/ldap-error.js';
import { OperatorError } from '../../base/operator-error.js';
import { type EntryUuid, ROOT_UUID } from '../../change/change.js';
import { attributeTimes } from '../../conflict/attribute-times.js';
import type { Dn } from '../../dn/dn.js';
import { applyModifications } from '../../entry/apply-modifications.js';
import { checkModifiedEntry, STRICT_POLICY } from '../../entry/check-entry.js';
import { checkPlacement } from '../../entry/check-placement.js';
import { type MergeLoss, type MergePreference, mergeEntry } from '../../entry/merge-entry.js';
import { type LdifFileWriter, writeLdifFile } from '../../io/ldif-files.js';
import { PasswordHashing } from '../../io/password-hashing.js';
import { formatRecord, LDIF_HEADER } from '../../ldif/format-record.js';
import { isUnder, rdnKeys } from '../../operation/trees/virtual-tree.js';
import { scramIterations } from '../config/scram-parts.js';
import type { ControlProgress } from '../control/control-protocol.js';
import type { RunningDomain } from '../domain/domain.js';
import type { RunningServer } from '../server.js';
import { LdifEntries } from './ldif-entry.js';
import { checkMergeSource, type MergeOrder, type MergeRecord, mergeRecords } from './merge-source.js';

/** Entries that are told of one by one. */
const MAX_LINES = 1000;
/** Entries under way at once, so that they share fsyncs. */
const WINDOW = 64;
const PROGRESS_EVERY = 500;
/** Attempts with an entry that others write at the same time. */
const MAX_TRIES = 5;
const MERGE_POLICY = { ...STRICT_POLICY, operational: true };

export interface MergeLine {
  readonly dn: string;
  readonly what: 'add' | 'change' | 'keep' | 'refuse';
  /** Attributes that came or whose values went; why it is refused. */
  readonly detail: string;
}

export interface MergeResult {
  readonly dryRun: boolean;
  readonly added: number;
  readonly changed: number;
  readonly equal: number;
  /** Entries of which values did not survive, here or there; among `changed` and `equal`. */
  readonly differing: number;
  readonly refused: number;
  /** The first MAX_LINES of them that are not equal. */
  readonly lines: readonly MergeLine[];
  /** File with the values that did not survive; undefined: there are none. */
  readonly lost: string | undefined;
}

/** What became of one entry. */
interface Outcome {
  readonly what: 'add' | 'change' | 'equal';
  readonly detail: string;
  readonly losses: readonly MergeLoss[];
}

/** Merges. Rejects with OperatorError MERGE_REFUSED, or as checkMergeSource() does. */
export async function mergeEntries(
  server: RunningServer,
  order: MergeOrder,
  progress: (progress: ControlProgress) => void,
): Promise<MergeResult> {
  await checkMergeSource(order.from);
  if (order.differing !== 'refuse') return await new Merge(server, order, order.differing).run(progress);
  const would = await new Merge(server, { ...order, dryRun: true }, 'newest').run(progress);
  if (order.dryRun || would.differing === 0)
    return order.dryRun ? would : await new Merge(server, order, 'newest').run(progress);
  const lines = would.lines.filter(({ what }) => what === 'change' || what === 'keep');
  throw new OperatorError(
    'MERGE_REFUSED',
    `${would.differing} entries differ; nothing was merged (--differing newest: the last write of each attribute counts; --differing topology: what the topology holds)`,
    lines.slice(0, 20).map(({ dn, detail }) => `${dn}: ${detail}`),
  );
}

/** Somebody wrote the entry meanwhile. */
class Moved extends Error {}

class Merge {
  readonly #server: RunningServer;
  readonly #order: MergeOrder;
  readonly #preference: MergePreference;
  readonly #counts = { add: 0, change: 0, equal: 0 };
  readonly #lines: MergeLine[] = [];
  /** Of a dry run: keys of names that would be there. */
  readonly #planned = new Set<string>();
  readonly #entries: LdifEntries;
  readonly #path: string;
  #file: LdifFileWriter | undefined;
  #writing: Promise<void> = Promise.resolve();
  #differing = 0;
  #refused = 0;

  constructor(server: RunningServer, order: MergeOrder, preference: MergePreference) {
    this.#server = server;
    this.#order = order;
    this.#preference = preference;
    this.#entries = new LdifEntries(server.schema, newUuid);
    const stamp = new Date().toISOString().replaceAll(/[:.]/g, '-');
    this.#path = join(server.config.files.dir, `merge-${stamp}.ldif`);
  }

  async run(progress: (progress: ControlProgress) => void): Promise<MergeResult> {
    const hasher = new PasswordHashing({ scramIterations: scramIterations(this.#server.config.settings) });
    const running = new Set<Promise<void>>();
    let failure: unknown;
    let done = 0;
    try {
      for await (const item of mergeRecords(this.#order.from, hasher)) {
        if (failure !== undefined) break;
        if ('fault' in item) this.#refuse('', item.fault);
        else {
          const work = this.#take(item).catch((error: unknown) => {
            failure ??= error;
          });
          running.add(work);
          void work.finally(() => running.delete(work));
        }
        done += 1;
        if (done % PROGRESS_EVERY === 0) progress({ done, what: 'entries' });
        if (running.size >= WINDOW) await Promise.race(running);
      }
    } finally {
      await Promise.all(running);
      await this.#writing.catch((error: unknown) => {
        failure ??= error;
      });
      await hasher.close();
      await this.#file?.close();
    }
    if (failure !== undefined) throw failure;
    const { add, change, equal } = this.#counts;
    return {
      dryRun: this.#order.dryRun,
      added: add,
      changed: change,
      equal,
      differing: this.#differing,
      refused: this.#refused,
      lines: this.#lines,
      lost: this.#file === undefined ? undefined : this.#path,
    };
  }

  async #take(record: MergeRecord): Promise<void> {
    try {
      for (let tries = 1; ; tries++) {
        try {
          this.#note(record.dn, await this.#merge(record));
          return;
        } catch (error) {
          if (!(error instanceof Moved) || tries === MAX_TRIES) throw error;
        }
      }
    } catch (error) {
      if (error instanceof Moved) this.#refuse(record.dn, 'others write it all the time');
      else if (error instanceof LdapError && error.result !== 'unavailable')
        this.#refuse(record.dn, error.message);
      else throw error;
    }
  }

  async #merge(record: MergeRecord): Promise<Outcome> {
    const { schema } = this.#server;
    const entry = this.#entries.entry(record);
    const domain = this.#domainOf(entry.dn, record.dn);
    const here = domain.guarded.byDn(entry.dn);
    if (here === undefined) return await this.#add(domain, entry);
    const other = { attributes: entry.attributes, writtenMs: record.writtenMs };
    const history = await domain.history(here.uuid);
    const ours = { attributes: here.stored, writtenMs: attributeTimes(here.state, history) };
    const { modifications, losses } = mergeEntry(ours, other, schema, this.#preference);
    const names = modifications.map(({ operation, attribute }) => `${operation} ${attribute.description}`);
    if (modifications.length > 0)
      await this.#submit(domain, (now) => {
        const view = now(entry.dn);
        if (view?.state.modified.csn !== here.state.modified.csn) throw new Moved();
        const { after, changes } = applyModifications(view.stored, modifications, schema);
        checkModifiedEntry(view.stored, after, changes, view.state.rdn, schema, MERGE_POLICY);
        return [{ entry: view.uuid, body: { kind: 'modify', attributes: changes } }];
      });
    const gone = losses.map(
      ({ attribute, side }) =>
        `${attribute} of ${side === 'here' ? 'the topology' : 'the merged data'} does not survive`,
    );
    return {
      what: modifications.length > 0 ? 'change' : 'equal',
      detail: [...names, ...gone].join('; '),
      losses,
    };
  }

  async #add(domain: RunningDomain, entry: LoadEntry): Promise<Outcome> {
    const { schema } = this.#server;
    const { dn, rdn, attributes, preserved } = entry;
    const isBase = dn.rdns.length === domain.backend.baseDn.rdns.length;
    const above: Dn = { rdns: dn.rdns.slice(1) };
    await this.#submit(domain, (now) => {
      if (now(dn) !== undefined) throw new Moved();
      const parent = isBase ? undefined : now(above);
      if (!isBase && parent === undefined && !this.#isPlanned(above))
        throw new LdapError('noSuchObject', 'the entry above it is not there');
      if (isBase || parent !== undefined) checkPlacement({ attributes, rdn }, placed(parent), schema);
      const added = [...attributes].map(([key, { name, values }]) => ({ key, name, values }));
      const body = { kind: 'add', parent: parent?.uuid ?? ROOT_UUID, rdn, attributes: added } as const;
      const facts = preserved === undefined ? {} : { preserved };
      // What has the UUID lives under another name, or was deleted: both stay what they are. Where another server merges the same at the same time, docs/conflicts.md tells.
      const known = domain.backend.parts.writes.stateOf(entry.uuid) !== undefined;
      return [{ entry: known ? newUuid() : entry.uuid, body: { ...body, ...facts } }];
    });
    if (this.#order.dryRun) this.#planned.add(schema.dnKey(dn) ?? '');
    return { what: 'add', detail: '', losses: [] };
  }

  #isPlanned(dn: Dn): boolean {
    return this.#order.dryRun && this.#planned.has(this.#server.schema.dnKey(dn) ?? ' ');
  }

  /** Decides in the write's turn, and writes unless this is a dry run. */
  async #submit(
    domain: RunningDomain,
    decide: (now: (dn: Dn) => StoredEntry | undefined) => readonly Intent[],
  ): Promise<void> {
    const { guarded } = domain;
    if (this.#order.dryRun) decide((dn) => guarded.byDn(dn));
    else
      await guarded.submit(this.#server.config.settings['admin.dn'], (view) => decide((dn) => view.byDn(dn)));
  }

  #domainOf(dn: Dn, text: string): RunningDomain {
    const { domains, schema } = this.#server;
    let found: RunningDomain | undefined;
    for (const domain of domains) {
      const keys = rdnKeys(schema, domain.backend.baseDn) ?? [];
      if (isUnder(schema, dn, keys) && keys.length > (found?.backend.baseDn.rdns.length ?? 0)) found = domain;
    }
    if (found !== undefined) return found;
    throw new LdapError('noSuchObject', `no domain of this server holds ${text}`);
  }

  #note(dn: string, { what, detail, losses }: Outcome): void {
    this.#counts[what] += 1;
    if (losses.length > 0) this.#differing += 1;
    if (what !== 'equal') this.#line({ dn, what, detail });
    else if (losses.length > 0) this.#line({ dn, what: 'keep', detail });
    if (losses.length > 0 && !this.#order.dryRun) this.#keep(dn, losses);
  }

  #refuse(dn: string, detail: string): void {
    this.#refused += 1;
    this.#line({ dn, what: 'refuse', detail });
  }

  #line(line: MergeLine): void {
    if (this.#lines.length < MAX_LINES) this.#lines.push(line);
  }

  /** Values that do not survive, as changes that would bring them back. */
  #keep(dn: string, losses: readonly MergeLoss[]): void {
    const comments = losses.map(
      ({ attribute, side, writtenMs }) =>
        `${attribute} as ${side === 'here' ? 'the topology' : 'the merged data'} had it, written ${new Date(writtenMs).toISOString()}`,
    );
    const modifications = losses.map(({ attribute, values }) => ({
      operation: 'replace' as const,
      attribute: { description: attribute, values },
    }));
    const text = formatRecord(
      { kind: 'change', dn, controls: [], change: { kind: 'modify', modifications } },
      { comments },
    );
    const begin = this.#file === undefined ? LDIF_HEADER : '';
    this.#file ??= writeLdifFile(this.#path);
    const file = this.#file;
    this.#writing = this.#writing.then(() => file.write(`${begin}${text}`));
  }
}

const newUuid = (): EntryUuid => randomUUID() as EntryUuid;
