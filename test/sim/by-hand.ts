/**
 * The states in which servers wait for people, and what an administrator does then: exactly what the sentences say that the servers and the refused commands show (docs/replication.md, Proof).
 *
 * Known are: a server that was evicted, and holds changes of others that whoever does not let it in lacks, so that it takes no copy by itself; and two histories of a restored server, each held by somebody.
 * Invariants: one command at a time; changes are given up only where a command without --give-up-changes named them, and only once they are saved; what is saved is applied anew, as ldapmodify does, when its
 * server takes writes.
 */
import type { Change } from '../../lib/change/change.js';
import { csnReplica } from '../../lib/csn/csn.js';
import { givenUpChanges } from '../../lib/replica/given-up-changes.js';
import { SoleHoldingsError } from '../../lib/replica/sole-holdings.js';
import type { GiveUp } from '../../lib/replica/total-update.js';
import { entryUuid } from './entry-uuid.js';
import type { SimServer } from './sim-server.js';

/** `replication initialize --from FROM --replace-all-data`, at a server. */
interface Command {
  readonly at: string;
  readonly from: string;
}

/** A server's copy of a domain, as far as people see it and work with it. */
export type AdministeredCopy = Pick<
  SimServer,
  'name' | 'options' | 'broker' | 'replica' | 'changelog' | 'directory' | 'madeAnew' | 'write'
>;

const MUST_INITIALIZE = /(\w+) (?:has|lacks) [^;]* and must be initialized before it replicates with (\w+)/;
const FORKED =
  /^(\w+) and (\w+) hold different histories of replica \d+; (?:(\w+) was restored .*; initialize it \(polyarch replication initialize\).*; where it has been, initialize (\w+) from it)?/;
/** Of a server that neither of the two is. */
const FORKED_OF_ANOTHER =
  / hold different histories of replica \d+; .*: initialize (\w+) from (\w+) \(polyarch /;
const INSTEAD = /initialize (\w+) instead \(polyarch replication initialize --from (\w+) /;

export class Administrator {
  readonly #servers: readonly AdministeredCopy[];
  readonly #gone: readonly AdministeredCopy[];
  readonly #note: (what: string) => void;
  #busy = false;
  /** What refused commands told to do instead. */
  #next: Command | undefined;
  /** Commands that ended well: "where it has been". */
  readonly #done = new Set<string>();
  /** Commands that were refused since all that was asked for was tried: the next sentence comes first. */
  readonly #refused = new Set<string>();
  /** LDIF of given-up/, by the server that wrote it. */
  readonly #saved = new Map<AdministeredCopy, Change[]>();

  /** `gone`: servers that left or are dead for good; what they made may be saved too. */
  constructor(
    servers: readonly AdministeredCopy[],
    note: (what: string) => void,
    gone: readonly AdministeredCopy[] = [],
  ) {
    this.#servers = servers;
    this.#gone = gone;
    this.#note = note;
  }

  /** Whether anything was asked for. */
  get acted(): boolean {
    return this.#done.size > 0;
  }

  /** What is not made again yet. */
  waitsFor(): string | undefined {
    if (this.#busy) return 'the administrator';
    const [waiting] = this.#saved.keys();
    return waiting === undefined ? undefined : `changes saved at ${waiting.name}`;
  }

  /** Looks at all servers and does the first thing that is asked for. Rejects where a client's write would. */
  async look(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      const command = this.#next ?? this.#asked();
      this.#next = undefined;
      if (command !== undefined) await this.#initialize(command);
      else await this.#applySaved();
    } finally {
      this.#busy = false;
    }
  }

  #asked(): Command | undefined {
    for (const server of this.#servers) {
      for (const sentence of sentencesOf(server)) {
        const command =
          commandIn(MUST_INITIALIZE, sentence) ??
          commandIn(FORKED_OF_ANOTHER, sentence) ??
          this.#forked(sentence);
        if (command !== undefined && !this.#refused.has(textOf(command))) return command;
      }
    }
    this.#refused.clear();
    return undefined;
  }

  #forked(sentence: string): Command | undefined {
    const [, one, two, restored, other] = FORKED.exec(sentence) ?? [];
    if (one === undefined || two === undefined || restored === undefined || other === undefined)
      return undefined;
    const first = { at: restored, from: other };
    return this.#done.has(textOf(first)) ? { at: other, from: restored } : first;
  }

  async #initialize(command: Command): Promise<void> {
    const { at, from } = command;
    const server = this.#servers.find(({ name }) => name === at);
    if (server?.replica === undefined || server.replica.progress() !== undefined) return;
    const saved: Change[] = [];
    const { changelog } = server;
    const save: GiveUp = async (holdings, source) => {
      if (changelog === undefined) throw new Error(`${at} is down`);
      for await (const { changes, sole } of givenUpChanges(changelog, holdings, source)) {
        saved.push(...changes);
        if (sole) this.#countSaved(changes);
      }
    };
    try {
      await server.replica.initialize(from).catch((error: unknown) => {
        if (!(error instanceof SoleHoldingsError)) throw error;
        this.#note(`${textOf(command)} is refused: ${error.message}`);
        return server.replica?.initialize(from, 'reissued', save);
      });
      this.#done.add(textOf(command));
      this.#note(`${textOf(command)}, by hand${saved.length === 0 ? '' : `: ${saved.length} changes saved`}`);
      if (saved.length > 0) this.#saved.set(server, [...(this.#saved.get(server) ?? []), ...saved]);
    } catch (error) {
      const { message } = error as Error;
      this.#note(`${textOf(command)} is refused: ${message}`);
      this.#refused.add(textOf(command));
      const [, there, source] = INSTEAD.exec(message) ?? [];
      if (there !== undefined && source !== undefined) this.#next = { at: there, from: source };
    }
  }

  /** A person has them: they are made anew, or looked at and left. */
  #countSaved(saved: readonly Change[]): void {
    const makers = [...this.#servers, ...this.#gone];
    for (const { csn } of saved)
      makers.find(({ options }) => options.replica === csnReplica(csn))?.madeAnew.add(csn);
  }

  /** An entry whose parent is gone is added below the base: changes of others may wait for it. */
  async #apply(server: AdministeredCopy, { entry, body }: Change): Promise<boolean> {
    if ((await server.write({ entry, body })) !== undefined) return true;
    if (body.kind !== 'add' || server.directory?.knows(entry) !== false) return false;
    return (await server.write({ entry, body: { ...body, parent: entryUuid(1) } })) !== undefined;
  }

  /** `ldapmodify -c -e '!relax' -f FILE`, at a server that takes writes: goes on after what is refused. */
  async #applySaved(): Promise<void> {
    for (const [file, changes] of this.#saved) {
      const server = [file, ...this.#servers].find(
        ({ replica }) => replica !== undefined && replica.writesHeld() === undefined,
      );
      if (server === undefined) continue;
      let made = 0;
      for (const change of changes) if (await this.#apply(server, change)) made += 1;
      this.#note(`${made} of ${changes.length} changes saved at ${file.name} made again at ${server.name}`);
      this.#saved.delete(file);
    }
  }
}

function commandIn(pattern: RegExp, sentence: string): Command | undefined {
  const [, at, from] = pattern.exec(sentence) ?? [];
  return at === undefined || from === undefined ? undefined : { at, from };
}

/** What `status` and `replication status` show of a server that stands in the way. */
function sentencesOf({ broker, replica }: AdministeredCopy): readonly string[] {
  const errors = broker?.status().map(({ lastError }) => lastError) ?? [];
  return [...errors, replica?.writesHeld() ?? ''].filter((text) => text !== '');
}

function textOf({ at, from }: Command): string {
  return `${at} initialized from ${from}`;
}
