/**
 * Administrators who add, change and remove definitions of cn=schema on random servers, while clients write data that use them (schema-writes.ts).
 *
 * Checked beside what every run checks: no acknowledged change of the schema is lost, all servers end with the same definitions, of which the same take effect, and with the schema that follows from them alone;
 * and each merged entry is marked as that schema judges it.
 */
import { checkRecord, decodeState } from '../../lib/backend/rows/entry-record.js';
import { readId, TAG } from '../../lib/backend/rows/key-space.js';
import { shownOf } from '../../lib/backend/rows/shown.js';
import { conformanceOf, conformanceOfPart, markOf } from '../../lib/backend/rules/schema-marks.js';
import { equalBytes } from '../../lib/base/bytes.js';
import type { Csn } from '../../lib/csn/csn.js';
import { ownDefinitions } from '../../lib/operation/schema/schema-store.js';
import { buildSchema } from '../../lib/schema/load-schema.js';
import { extendSchema } from '../../lib/schema/own-definitions.js';
import { standardFiles } from '../schema/standard-schema.js';
import type { Act, Trouble } from './act.js';
import { BackendDirectory } from './backend-directory.js';
import { type AdministeredCopy, Administrator } from './by-hand.js';
import { areEqual, type ComparedCopy, checkLog, describeServers, holdTheSame } from './end-checks.js';
import { openSchemaLog, SchemaCopy } from './schema-copy.js';
import { schemaEdits } from './schema-writes.js';
import type { WriteRequest } from './sim-directory.js';
import type { SimDomain } from './sim-domain.js';
import type { DomainBefore, OpenedProcess, ProcessParts, SimServer } from './sim-server.js';
import type { Simulation } from './simulation.js';

/** How long all is left to itself before people look at it. */
const BY_HAND_MS = 20_000;

/** As much of the schema as the data of the simulator need: a smaller one is worked out sooner. */
const FILES = buildSchema(standardFiles().filter(({ name }) => /^0[0-3]-/.test(name)));

/** cn=schema of one server, over all lives of its process. */
class SchemaServer implements AdministeredCopy, ComparedCopy {
  readonly server: SimServer;
  /** Of the process that runs. */
  domain: SimDomain | undefined;
  copy: SchemaCopy | undefined;
  alive: () => boolean = () => false;
  readonly madeAnew = new Set<Csn>();
  acked: Csn[] = [];
  /** How often the disk had been replaced when the process began. */
  replaced = 0;

  constructor(server: SimServer) {
    this.server = server;
  }

  get name() {
    return this.server.name;
  }

  get options() {
    return this.server.options;
  }

  get changelog() {
    return this.#running?.changelog;
  }

  get directory() {
    return this.#running?.directory;
  }

  get broker() {
    return this.#running?.broker;
  }

  get replica() {
    return this.#running?.replica;
  }

  get reissuing(): boolean {
    return this.#running?.reissue?.pending === true;
  }

  get alerts(): string[] {
    return this.server.alerts;
  }

  get #running(): SimDomain | undefined {
    return this.alive() ? this.domain : undefined;
  }

  /** What was saved, written again. */
  async write(request: WriteRequest): Promise<Csn | undefined> {
    const { alive, replica, directory } = this;
    if (directory === undefined || replica?.writesHeld() !== undefined) return undefined;
    const csn = await directory.write(request);
    if (csn !== undefined && alive()) this.acked.push(csn);
    return csn;
  }
}

export class SchemaAct implements Act {
  readonly #simulation: Simulation;
  readonly #all = new Map<SimServer, SchemaServer>();
  #administrator: Administrator | undefined;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  readonly troubles: readonly Trouble[] = [
    ({ name, peers }, _forMs, note) => {
      const copy = this.#servers.find((one) => one.name === name);
      if (copy?.replica === undefined || copy.replica.progress() !== undefined || peers.length === 0) return;
      const from = this.#simulation.random.pick(peers);
      note(`schema of ${name} copied from ${from}`);
      // Refused where the peer cannot be reached.
      copy.replica.initialize(from).catch(() => {});
    },
  ];

  async before(server: SimServer, parts: ProcessParts): Promise<DomainBefore> {
    let own = this.#all.get(server);
    if (own === undefined) {
      own = new SchemaServer(server);
      this.#all.set(server, own);
    }
    own.alive = () => false;
    const { madeAnew } = own;
    // CSNs of two domains may be alike.
    const its = { ...parts, madeAnew: (change: Csn) => void madeAnew.add(change) };
    own.copy = server.options.replica === undefined ? undefined : await SchemaCopy.open(its, FILES);
    own.domain = own.copy?.domain ?? (await openSchemaLog(its));
    return { domain: own.domain, schema: own.copy?.schema };
  }

  async opened(server: SimServer, { directory, alive }: OpenedProcess): Promise<void> {
    const own = this.#all.get(server);
    if (own === undefined) return;
    if (directory instanceof BackendDirectory) own.copy?.serve(directory);
    own.alive = alive;
    if (own.replaced === server.replaced) return;
    own.replaced = server.replaced;
    // What nobody else holds went with the disk.
    own.acked = own.acked.filter((csn) =>
      this.#servers.some(({ changelog }) => changelog?.holds(csn) === true),
    );
  }

  begin(): void {
    const { time, random } = this.#simulation;
    const next = (): void => {
      if (!this.#simulation.writing) return;
      const one = random.pick(this.#servers);
      const { copy } = one;
      if (copy !== undefined && one.server.up)
        this.#simulation.spawn(this.#change(one, copy, schemaEdits(copy.schema, random)));
      time.at(30 + random.below(300), next);
    };
    time.at(300, next);
  }

  async #change(
    one: SchemaServer,
    copy: SchemaCopy,
    edits: Parameters<SchemaCopy['modify']>[0],
  ): Promise<void> {
    const { alive } = one;
    try {
      const csn = await copy.modify(edits);
      if (csn !== undefined && alive()) one.acked.push(csn);
    } catch (error) {
      // The process ended while it looked at entries.
      if (alive()) throw error;
    }
  }

  async mend(): Promise<void> {
    const { time, faults } = this.#simulation;
    const administrator = new Administrator(this.#servers, (what) =>
      faults.push(`${Math.round(time.nowMs)} schema: ${what}`),
    );
    this.#administrator = administrator;
    const look = (): void => {
      this.#simulation.spawn(administrator.look());
      time.at(3000, look);
    };
    time.at(BY_HAND_MS, look);
  }

  waitsFor(): string | undefined {
    const servers = this.#servers;
    if (!holdTheSame(servers)) return `cn=schema\n${describeServers(servers)}`;
    const late = servers.find(({ copy }) => copy?.settled === false);
    return late === undefined ? this.#administrator?.waitsFor() : `${late.name} follows its schema`;
  }

  async check(): Promise<void> {
    const servers = this.#servers;
    if (!(await areEqual(servers))) throw new Error('cn=schema changed after all was equal');
    for (const server of servers) {
      const { name, copy, changelog, directory, acked, madeAnew } = server;
      if (changelog === undefined) throw new Error(`${name} is down`);
      await checkLog(`cn=schema of ${name}`, changelog, directory?.state);
      const lost = acked.find((csn) => !madeAnew.has(csn) && !changelog.holds(csn));
      if (lost !== undefined) throw new Error(`${name} lost the acknowledged change ${lost} of its schema`);
      if (copy === undefined) continue;
      if (copy.failure !== undefined) throw copy.failure;
      checkSchema(name, copy);
      if (server.server.directory instanceof BackendDirectory)
        await checkMarks(name, server.server.directory, copy);
    }
  }

  get #servers(): readonly SchemaServer[] {
    return this.#simulation.servers.flatMap((server) => this.#all.get(server) ?? []);
  }
}

/** A server's schema is what follows from the definitions alone. */
function checkSchema(name: string, copy: SchemaCopy): void {
  const entry = copy.entry();
  if (entry === undefined) throw new Error(`${name} has no cn=schema`);
  const { schema, inactive } = extendSchema(FILES, ownDefinitions(entry));
  const is = textOf(copy.schema, copy.inactive);
  const due = textOf(schema, inactive);
  if (is !== due) throw new Error(`${name} has the schema\n${is}\ninstead of\n${due}`);
}

function textOf(schema: SchemaCopy['schema'], inactive: SchemaCopy['inactive']): string {
  const left = inactive.map(({ kind, text, reason }) => `${kind} ${text} ${reason}`);
  return [conformanceOf(schema).fingerprint, ...left].join('\n');
}

/** Marks of merged entries are those of the schema as it is now, as far as the entries are held. */
async function checkMarks(name: string, { backend }: BackendDirectory, copy: SchemaCopy): Promise<void> {
  const { store, keys, dictionary, isSingle, fraction } = backend.parts;
  const conformance = conformanceOfPart(copy.schema, fraction);
  for await (const rows of store.scan(keys.tagRange(TAG.mark)))
    for (const { key, value } of rows) {
      const record = store.get(keys.entry(readId(key, 3)));
      if (record === undefined) continue;
      const state = decodeState(checkRecord(record), dictionary);
      const due = markOf(state, shownOf(state, isSingle), conformance);
      if (!equalBytes(due, value)) throw new Error(`${name} judged ${state.uuid} by another schema`);
    }
}
