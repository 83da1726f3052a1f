/**
 * Opens a domain of an ordered store as a Backend: puts the parts together and answers the face of backend.ts.
 *
 * Refuses data that it must not serve: another format, a load that did not end, a rebuild of all indexes that did not end. Indexes that are configured
 * and have no rows yet are not used; StoreBackend.indexJobs builds them. The store is its owner's: close() leaves it open.
 */
import { LdapError } from '../base/ldap-error.js';
import { OperatorError } from '../base/operator-error.js';
import { type Csn, csnReplica, type ReplicaId } from '../csn/csn.js';
import { CsnGenerator } from '../csn/csn-generator.js';
import type { ServerState } from '../csn/server-state.js';
import type { Dn } from '../dn/dn.js';
import { governingRule } from '../entry/check-placement.js';
import type { Fraction } from '../entry/fraction.js';
import { answersAll, planFilter } from '../filter/filter-plan.js';
import type { Clock } from '../port/clock.js';
import type { Log } from '../port/log.js';
import type { OrderedStore } from '../port/ordered-store.js';
import type { AttributeKey } from '../schema/attribute-type.js';
import { dnKey } from '../schema/dn-key.js';
import type { Schema } from '../schema/schema.js';
import { AppliedLog } from './applied-log.js';
import { ChangeFeed, ChangeNotes } from './change-feed.js';
import type { ChangeSink } from './change-sink.js';
import { PartDigests } from './digest/part-digests.js';
import { type DomainFacts, domainNumber, readFacts, TOTAL_UPDATE } from './domain-facts.js';
import { EventLoopTurn } from './event-loop-turn.js';
import { FoldView } from './fold-view.js';
import { GroupCommit } from './group-commit.js';
import { allIds } from './index/candidates.js';
import { DerivedIndexes } from './index/derived-indexes.js';
import { heldIndexes } from './index/held-indexes.js';
import { DEFAULT_INDEXES, IndexConfig, type IndexOptions, REBUILDING } from './index/index-config.js';
import { IndexJobs } from './index/index-jobs.js';
import { IndexReader } from './index/index-reader.js';
import { LiveIndexes } from './index/live-indexes.js';
import { Postings } from './index/postings.js';
import { ReverseLookup } from './index/reverse-lookup.js';
import type { Layer } from './layer.js';
import { PendingRows } from './layer.js';
import { HeldFraction } from './load/held-fraction.js';
import { SievedStore } from './memory/sieved-store.js';
import { writeOpeningRows } from './opening-rows.js';
import { Dictionary } from './rows/dictionary.js';
import { KeySpace } from './rows/key-space.js';
import { LargeAttributes, type ValueBounds } from './rows/large-attributes.js';
import { DurableRows } from './rows/rows.js';
import { singleValued } from './rows/shown.js';
import { CollectiveAttributes } from './rules/collective.js';
import { findHolders, type HolderWorld } from './rules/collective-holders.js';
import { type ConsistencyOptions, ConsistencyRules } from './rules/consistency-rules.js';
import { DynamicGroups, dynamicIds } from './rules/dynamic-groups.js';
import { DEFAULT_MEMBER_ATTRIBUTES, memberAttributesOf } from './rules/memberships.js';
import { type JobWorld, ReferenceJobs } from './rules/reference-jobs.js';
import { ReferenceRules, referenceAttributesOf } from './rules/reference-rules.js';
import { type Conformance, conformanceOfPart } from './rules/schema-marks.js';
import { structuralClassOf } from './rules/structural-class.js';
import { UniqueWatch } from './rules/unique-doubles.js';
import { uniqueRulesOf } from './rules/unique-rules.js';
import { StoreBackend } from './store-backend.js';
import { DurableTree } from './tree/durable-tree.js';
import { PendingTree } from './tree/pending-tree.js';
import type { TreeFacts } from './tree/tree-facts.js';
import { UsnSource } from './usn-source.js';
import { WritePath, type WriteWorld } from './write-path.js';

export interface BackendOptions {
  readonly store: OrderedStore;
  readonly baseDn: Dn;
  readonly schema: Schema;
  readonly replica: ReplicaId;
  readonly clock: Clock;
  readonly log: Log;
  readonly sink: ChangeSink;
  /** Drawn anew at each start, so that no life of a restored replica makes a CSN again (CsnGenerator). Default 0. */
  readonly salt?: number;
  /** Default DEFAULT_INDEXES. */
  readonly indexes?: IndexOptions;
  /** Numbers of applied changes, shared by the domains of a server. Default: of this domain alone. */
  readonly usns?: UsnSource;
  /** Attributes from which memberOf is derived; indexed for equality. Default DEFAULT_MEMBER_ATTRIBUTES. */
  readonly memberAttributes?: readonly string[];
  /** Members of groupOfURLs are shown; `secret`: keys of attributes that their URLs may not ask for. Default: they are not. */
  readonly dynamicGroups?: { readonly secret: readonly string[] };
  /** What local writes keep to, beyond the schema. Attributes named here are to be indexed for equality. Default: nothing. */
  readonly consistency?: ConsistencyOptions;
  /** What is to be held of entries' attributes. Default: what the rows were made by. */
  readonly fraction?: Fraction;
  /** How many values of an attribute stand in its record. Default VALUE_BOUNDS. */
  readonly values?: ValueBounds;
  /** Octets of the entry cache. Default 64 MiB. */
  readonly cacheBytes?: number;
  /** Resolves after other work of the event loop had its turn. Default: Clock.after(0). */
  readonly pause?: () => Promise<void>;
  /** A change whose time lies beyond the skew bound was applied: an alert. */
  readonly onSkew?: (csn: Csn, aheadMs: number) => void;
  /** CSNs of local changes follow one that lies beyond the skew bound (pass-stamps.ts): an alert. */
  readonly onFollow?: (csn: Csn, aheadMs: number) => void;
  /** Writing has ended for this run. */
  readonly onFailed?: (error: Error) => void;
  /** Entries changed, durably: called in the turn in which reads see it. */
  readonly onApplied?: () => void;
  /** For tools that work on a domain which must not be served (rebuild, load again): no refusal. */
  readonly unchecked?: boolean;
}

/** Opens the domain. OperatorError DATA_FORMAT_UNKNOWN, LOAD_UNFINISHED, INDEX_REBUILD_NEEDED (an unfinished rebuild); StoreError. */
export async function openBackend(options: BackendOptions): Promise<StoreBackend> {
  const { store, schema, baseDn } = options;
  const baseKey = schema.dnKey(baseDn);
  if (baseKey === undefined)
    throw new OperatorError('CONFIG_INVALID', 'the base DN names an attribute twice');
  const keys = new KeySpace(await domainNumber(store, baseKey));
  const facts = readFacts(store, keys);
  const wanted = new IndexConfig(options.indexes ?? DEFAULT_INDEXES, schema);
  if (options.unchecked !== true) checkServable(facts);
  const ready = heldIndexes(wanted, facts);
  const dictionary = await Dictionary.load(store, keys);
  const indexes = new LiveIndexes(wanted, ready, keys, dictionary);
  const empty = facts.generationId === undefined || facts.loading !== undefined;
  const fraction = HeldFraction.of(facts.fraction, options.fraction, empty, schema);
  const conformance = conformanceOfPart(schema, fraction);
  const world = { store, keys, dictionary, isSingle: singleValued(schema), conformance, indexes };
  const owed = await writeOpeningRows({ ...world, baseKey, unchecked: options.unchecked === true });
  const applied = await AppliedLog.open(store, keys, options.usns ?? new UsnSource());
  const backend = assemble(options, keys, facts, { indexes, dictionary, applied, fraction, conformance });
  if (owed !== undefined) backend.parts.commit.owe(owed);
  await findHolders(holderWorld(backend));
  return backend;
}

function holderWorld({ parts }: StoreBackend): HolderWorld {
  return { ...parts, postings: parts.pending.postings, collective: parts.tree.collective };
}

/** What was made of the rows. */
interface Opened {
  readonly indexes: LiveIndexes;
  readonly dictionary: Dictionary;
  readonly applied: AppliedLog;
  readonly fraction: HeldFraction;
  readonly conformance: Conformance;
}

/** Puts the parts together. */
function assemble(
  options: BackendOptions,
  keys: KeySpace,
  facts: DomainFacts,
  { indexes, dictionary, applied, fraction, conformance }: Opened,
): StoreBackend {
  const { store, schema, clock } = options;
  const postings = new Postings(store);
  const durableRows = new DurableRows(store, keys, soleNames(store));
  const isSingle = singleValued(schema);
  const treeFacts = treeFactsOf(options, {
    dictionary,
    isSingle,
    conformance,
    usnOf: (id) => applied.usnOf(id),
    state: () => durable.state,
    lookup: new ReverseLookup(indexes, keys, postings, (key) => dictionary.mayHold(key)),
  });
  const tree = new DurableTree(treeFacts, durableRows, options.cacheBytes ?? 64 << 20, facts.counters);
  tree.collective.tree = tree;
  indexes.collective = tree.collective;
  const rows = new PendingRows(durableRows);
  const pending = new PendingTree(treeFacts, rows, tree);
  const large = new LargeAttributes(dictionary, schema, options.values);
  if (dictionary.values !== undefined)
    dictionary.values.layers = () => rows.layers.map(({ values }) => values);
  const turn = () => new EventLoopTurn(clock);
  const reader = new IndexReader(indexes, keys, postings, (uuid) => durableRows.idOf(uuid), turn);
  const pause = options.pause ?? (() => new Promise<void>((resolve) => void clock.after(0, resolve)));
  reader.derived = new DerivedIndexes(tree, pause);
  const feed = new ChangeFeed();
  const digests = new PartDigests(
    {
      ...{ store, keys, dictionary, pause },
      idOf: (uuid) => durableRows.idOf(uuid),
      held: (id) => tree.heldRecord(id),
      state: () => durable.state,
      flying: () => commit.flying,
    },
    fraction,
    schema,
  );
  const known = { keys, dictionary, rows: durableRows, tree, postings, applied, feed, digests, indexes };
  const durable: Durable = { ...known, state: facts.state };
  const commit = commitOver(options, durable, rows, facts);
  const importing = facts.loading === TOTAL_UPDATE;
  if (importing)
    commit.blocked = new LdapError('unavailable', 'a copy of all data was cut short; it begins again');
  const writes = writesOf(options, {
    ...{ durable, rows, pending, indexes, commit, isSingle, conformance, large, fraction },
  });
  const indexJobs = new IndexJobs({
    ...{ store, keys, dictionary, isSingle, clock, commit, indexes, reader, pause },
    rows: { keys, postings, rows },
    exclusively: (work) => writes.exclusively(work),
    log: options.log,
  });
  const backend = new StoreBackend({
    ...{ store, keys, tree, clock, pause, indexes, indexJobs, reader, writes, commit, applied, feed },
    ...{ dictionary, isSingle, conformance, importing, fraction },
    ...{ digests: digests.own, partDigests: digests },
    pending: { rows, postings, large, tree: pending },
    rules: openRules(options, { store, keys, tree, clock, log: options.log, pause }),
    state: () => durable.state,
    generationId: importing ? undefined : facts.generationId,
    onApplied: options.onApplied,
  });
  if (treeFacts.dynamic !== undefined) connectDynamic(treeFacts.dynamic, backend);
  return backend;
}

/** Tells names that one entry alone claims, where the store knows them. */
function soleNames(store: OrderedStore): ((nameKey: Uint8Array) => boolean) | undefined {
  return store instanceof SievedStore ? (nameKey) => store.isSole(nameKey) : undefined;
}

/** The write path over what is pending. */
function writesOf(
  options: BackendOptions,
  parts: Pick<
    WriteWorld,
    'rows' | 'indexes' | 'commit' | 'isSingle' | 'conformance' | 'large' | 'fraction'
  > & {
    readonly durable: Durable;
    readonly pending: PendingTree;
  },
): WritePath {
  const { durable, rows, pending, indexes, commit, isSingle, conformance, large, fraction } = parts;
  const { keys, dictionary, postings, applied, feed } = durable;
  const { store, clock, replica, sink, onSkew, onFollow } = options;
  const view = new FoldView(store, keys, rows, pending, dictionary, {
    newestMove: () => commit.counters.newestMove,
    state: () => commit.state,
  });
  return new WritePath({
    ...{ keys, rows, dictionary, postings, indexes, isSingle, conformance, large },
    ...{ view, commit, clock, replica, sink, fraction },
    tree: pending,
    generator: generatorOf(options, durable.state),
    notes: new ChangeNotes({ log: applied, rows, tree: pending }, feed),
    onSkew: onSkew ?? (() => undefined),
    onFollow: onFollow ?? (() => undefined),
  });
}

/** What every entry of the domain knows. */
function treeFactsOf(
  { baseDn, schema, memberAttributes, dynamicGroups }: BackendOptions,
  parts: Pick<TreeFacts, 'dictionary' | 'isSingle' | 'conformance' | 'usnOf' | 'state' | 'lookup'>,
): TreeFacts {
  return {
    ...parts,
    baseDn,
    collective: new CollectiveAttributes(schema, parts.dictionary),
    rules: schema,
    structuralClass: structuralClassOf(schema),
    memberAttributes: memberAttributesOf(memberAttributes ?? DEFAULT_MEMBER_ATTRIBUTES, schema),
    dynamic: dynamicGroups === undefined ? undefined : new DynamicGroups(schema, dynamicGroups.secret),
    governingRule: (entry, parent) => governingRule(entry, parent, schema),
  };
}

/** Dynamic groups find their members by the searches of the backend in which they stand. */
function connectDynamic(dynamic: DynamicGroups, backend: StoreBackend): void {
  const { tree, pause, applied, reader, indexes } = backend.parts;
  dynamic.source = {
    tree,
    pause,
    version: () => applied.durable,
    search: (request) => backend.search(request),
  };
  if (reader.derived !== undefined)
    reader.derived.dynamicIds = (group) =>
      dynamicIds(dynamic, tree, group, async (filter) => {
        const { plan } = planFilter(filter, indexes);
        return (await reader.ids(plan)) ?? (answersAll(plan) ? allIds(backend.parts) : undefined);
      });
}

function openRules(
  { consistency = {}, schema, baseDn }: BackendOptions,
  world: Omit<JobWorld, 'attributes'> & { readonly tree: DurableTree },
): ConsistencyRules {
  const attributes = referenceAttributesOf(consistency.references ?? [], schema);
  const jobs = new ReferenceJobs({ ...world, attributes });
  const { dictionary } = world.tree;
  const mayHold = (key: AttributeKey) => dictionary.mayHold(key);
  const references = new ReferenceRules(attributes, consistency.referencesExist ?? false, jobs, mayHold);
  const unique = uniqueRulesOf(consistency.unique ?? [], dnKey(baseDn), schema);
  return new ConsistencyRules(unique, references, jobs, new UniqueWatch(unique, world.tree, world.log));
}

/** What memory holds of the durable rows. */
interface Durable {
  readonly keys: KeySpace;
  readonly dictionary: Dictionary;
  readonly rows: DurableRows;
  readonly tree: DurableTree;
  readonly postings: Postings;
  readonly applied: AppliedLog;
  readonly feed: ChangeFeed;
  readonly digests: PartDigests;
  readonly indexes: LiveIndexes;
  state: ServerState;
}

function commitOver(
  options: BackendOptions,
  durable: Durable,
  rows: PendingRows,
  facts: DomainFacts,
): GroupCommit {
  const { store, sink, log } = options;
  const { keys, dictionary, tree, postings, applied, feed, digests } = durable;
  const apply = (layer: Layer) => {
    applyLayer(layer, durable.rows, tree, postings);
    tree.collective.committed(layer);
    digests.written(layer.entries);
    durable.state = layer.state;
    options.onApplied?.();
    feed.advanced();
    if (layer.applied === 0) return;
    applied.committed(layer.usn, layer.applied);
    if (feed.watched) feed.publish({ changes: layer.events, state: layer.state, usn: layer.usn });
  };
  const tail = (layer: Layer) => (layer.usn === 0 ? [] : [applied.lastOp(layer.usn)]);
  const reload = async () => {
    const fresh = readFacts(store, keys);
    await dictionary.reload(store);
    tree.clear();
    rows.forget();
    postings.clear();
    applied.dropped();
    digests.reset();
    await findHolders({
      store,
      keys,
      dictionary,
      postings,
      indexes: durable.indexes,
      collective: tree.collective,
    });
    tree.counters = fresh.counters;
    durable.state = fresh.state;
    return fresh;
  };
  const onFailed = options.onFailed ?? (() => undefined);
  const turn = () => new EventLoopTurn(options.clock);
  const world = { store, keys, dictionary, rows, sink, log, turn, tail, apply, reload, onFailed };
  return new GroupCommit(world, facts.state, facts.counters);
}

/** A clock past everything that this replica issued, and past what others did within the skew bound. */
function generatorOf({ replica, sink, clock, salt }: BackendOptions, state: ServerState): CsnGenerator {
  const generator = new CsnGenerator(replica, sink.lastOwn(), undefined, salt);
  const wallMs = clock.wallMs();
  for (const csn of state.csns()) generator.observe(csn, wallMs, csnReplica(csn) === replica);
  return generator;
}

function checkServable(facts: DomainFacts): void {
  if (facts.loading !== undefined && facts.loading !== TOTAL_UPDATE) {
    throw new OperatorError(
      'LOAD_UNFINISHED',
      `${facts.loading} did not end: the data are not whole; run it again`,
    );
  }
  if (facts.indexes === REBUILDING) {
    throw new OperatorError(
      'INDEX_REBUILD_NEEDED',
      'a rebuild of the indexes did not end: there are no index rows to search with; run it again',
    );
  }
}

/** A batch is durable: caches follow. */
function applyLayer(layer: Layer, rows: DurableRows, tree: DurableTree, postings: Postings): void {
  for (const { parent, rdnKey, claims } of layer.names.values()) rows.nameWritten(parent, rdnKey, claims);
  for (const [id, count] of layer.counts) rows.countWritten(id, count);
  postings.committed(layer);
  tree.counters = layer.counters;
  tree.commits += 1;
  for (const [id, entry] of layer.entries) tree.written(id, entry.alive ? entry.record : undefined);
  if (layer.renames) tree.renamed();
  for (const [id, entry] of layer.entries) if (entry.alive) tree.decoded(id, entry.record, entry.state);
}
