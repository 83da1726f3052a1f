/**
 * Teller: sends what a live search has to say, as fast as its client reads and sharing the event loop with the others.
 */
import type { Reader } from '../../access/access-policy.js';
import { EventLoopTurn } from '../../backend/event-loop-turn.js';
import { withRows } from '../../backend/index/reverse-lookup.js';
import { BerWriter } from '../../ber/ber-writer.js';
import type { EntryView } from '../../entry/entry.js';
import { type Selection, selectAttributes } from '../../entry/select-attributes.js';
import { INTERMEDIATE_OIDS } from '../../ldap/control-oids.js';
import { encodeSyncInfo, type SyncInfo } from '../../ldap/controls/content-sync.js';
import { encodeResponse } from '../../ldap/encode-response.js';
import type { Control, SearchRequest } from '../../ldap/message.js';
import { canceled, type Operation } from '../operation.js';
import { type EntryShape, entryShape, writeShaped } from '../search/entry-shape.js';
import type { Choice } from '../search/matched-values.js';
import type { ServerParts } from '../server-parts.js';
import type { NamedEntry } from '../trees/virtual-tree.js';

const writer = new BerWriter(65_536);

export class Teller {
  readonly #parts: ServerParts;
  readonly #operation: Operation;
  readonly #reader: Reader;
  readonly #shape: EntryShape | undefined;
  readonly #turn: EventLoopTurn;

  constructor(parts: ServerParts, operation: Operation, reader: Reader) {
    this.#parts = parts;
    this.#operation = operation;
    this.#reader = reader;
    this.#shape = entryShape(parts, operation, reader);
    this.#turn = new EventLoopTurn(parts.clock);
  }

  /** Sends an entry with these controls besides those that the request asks for. */
  async entry(entry: NamedEntry, controls: readonly Control[]): Promise<void> {
    const { attributes, typesOnly } = this.#operation.message.request as SearchRequest;
    const selection = this.#parts.selections.get(attributes, typesOnly);
    const view = this.#reader.view(entry);
    const more = this.#shape === undefined ? [] : await this.#shape.controls(view);
    this.check();
    const choice = await this.#choose(view, selection);
    // Written and sent in one turn: the writer is everybody's.
    const open = await withRows(() => {
      this.check();
      const selected = choice?.attributes ?? selectAttributes(selection, view);
      writer.reset();
      writeShaped(writer, this.#operation.message.id, entry, selected, [...controls, ...more]);
      return this.#operation.stream.send(writer.bytes());
    });
    this.#operation.entries += 1;
    this.#parts.statistics.entriesSent += 1;
    await this.#pace(open);
  }

  async #choose(view: EntryView, selection: Selection): Promise<Choice | undefined> {
    const choice = await withRows(() => this.#shape?.choose(view, selection));
    while (choice?.step() === true) await this.#turn.share();
    return choice;
  }

  /** Sends an entry that is no more: its name and these controls. */
  async gone(dnText: string, controls: readonly Control[]): Promise<void> {
    this.check();
    writer.reset();
    const response = { kind: 'searchEntry', dn: dnText, attributes: [] } as const;
    encodeResponse(writer, { id: this.#operation.message.id, response, controls });
    await this.#pace(this.#operation.stream.send(writer.bytes()));
  }

  /** Sends a sync info message (RFC 4533 section 2.5). */
  async info(info: SyncInfo): Promise<void> {
    this.check();
    writer.reset();
    const response = {
      kind: 'intermediate',
      oid: INTERMEDIATE_OIDS.syncInfo,
      value: encodeSyncInfo(info),
    } as const;
    encodeResponse(writer, { id: this.#operation.message.id, response, controls: [] });
    await this.#pace(this.#operation.stream.send(writer.bytes()));
  }

  /** Throws LdapError canceled when the operation was stopped. */
  check(): void {
    if (this.#operation.stopped !== undefined) throw canceled();
  }

  /** Gives the others their turn when it is time. */
  async share(): Promise<void> {
    if (this.#turn.over) await this.#turn.share();
    this.check();
  }

  /** Waits until more may be sent. */
  async #pace(open: boolean): Promise<void> {
    if (!open) await this.#operation.stream.ready();
    await this.share();
  }
}
