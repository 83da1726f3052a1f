/**
 * The fraction of a domain that this server holds: what its rows were made by, what the configuration asks for, and what both mean for writes.
 *
 * Rows follow the fraction that they were made by, recorded beside them, until a total update makes them anew by the configured one: so they can be compared with other
 * servers' at every moment. Invariant: a change goes into the log and to other servers whole; what is folded here is what the fraction leaves of it.
 */
import { equalBytes } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import type { AddedAttribute, Change, EntryUuid, NamedRdn } from '../../change/change.js';
import type { EntryState } from '../../conflict/entry-state.js';
import { restrictRow, restrictState } from '../../conflict/restrict-state.js';
import { OBJECT_CLASS_KEY } from '../../entry/class-profile.js';
import { Fraction } from '../../entry/fraction.js';
import { describeFraction, formatFraction, readFraction } from '../../entry/fraction-text.js';
import { StoreError } from '../../port/ordered-store.js';
import type { Schema } from '../../schema/schema.js';
import type { Intent, ReadView } from '../backend.js';
import type { EntryImage } from '../digest/entry-image.js';

export class HeldFraction {
  /** What the configuration asks for. */
  readonly wanted: Fraction;
  readonly #schema: Schema;
  #held: Fraction;
  #text: string;

  constructor(held: Fraction, wanted: Fraction, schema: Schema) {
    this.#held = held;
    this.#text = formatFraction(held);
    this.#schema = schema;
    this.wanted = wanted;
  }

  /**
   * `recorded`: text beside the rows, undefined for everything. `wanted`: absent where nobody is asked, then what is recorded. `empty`: there are no rows yet. Throws
   * StoreError damaged.
   */
  static of(
    recorded: string | undefined,
    wanted: Fraction | undefined,
    empty: boolean,
    schema: Schema,
  ): HeldFraction {
    const held = recorded === undefined ? Fraction.ALL : readFraction(recorded, schema);
    if (held === undefined) throw new StoreError('damaged', 'the row that says which attributes are held');
    const asked = wanted ?? held;
    return new HeldFraction(empty ? asked : held, asked, schema);
  }

  /** What the rows are made by. */
  get held(): Fraction {
    return this.#held;
  }

  /** The text of that; empty for everything. */
  get text(): string {
    return this.#text;
  }

  /** The text of what the configuration asks for. */
  get wantedText(): string {
    return formatFraction(this.wanted);
  }

  /** Why the rows must be made anew, as a clause; undefined when they are as configured. */
  get outdated(): string | undefined {
    const { wantedText } = this;
    return this.#text === wantedText
      ? undefined
      : `its data hold ${describeFraction(this.#text)} and its configuration asks for ${describeFraction(wantedText)}`;
  }

  /** The text to be recorded beside the rows; undefined for everything. */
  get record(): string | undefined {
    return this.#text === '' ? undefined : this.#text;
  }

  /** All rows are made anew, by the configured fraction. */
  renewed(): void {
    this.#held = this.wanted;
    this.#text = formatFraction(this.wanted);
  }

  /** What is folded here of a change. */
  left(change: Change, view: { entry(uuid: EntryUuid): EntryState | undefined }): Change {
    if (this.#held.isAll) return change;
    const { kind } = change.body;
    const entry = kind === 'modify' || kind === 'modifyDn' ? view.entry(change.entry) : undefined;
    return this.#held.change(change, entry?.attributes);
  }

  /** Why a copy that shall hold `text` cannot be made from these rows, as a clause; undefined when it can. */
  shortOf(text: string): string | undefined {
    const asked = readFraction(text, this.#schema);
    return asked !== undefined && this.#held.covers(asked)
      ? undefined
      : `holds ${describeFraction(this.#text)} only; initialize from a server that holds ${describeFraction(text)}`;
  }

  /** Throws LdapError unavailable where a copy that shall hold `text` cannot be given. */
  checkGives(text: string): void {
    const short = this.shortOf(text);
    if (short !== undefined) throw new LdapError('unavailable', `it ${short}`);
  }

  /** What is held here of an entry as another server has it. */
  image({ state, history }: EntryImage): EntryImage {
    return {
      state: restrictState(state, this.#held),
      history: history.map((row) => restrictRow(row, this.#held, state.attributes)),
    };
  }

  /**
   * Throws LdapError unwillingToPerform for a local write that a server with a part of an entry must not decide (OpenDJ behaviour): one of attributes that are not
   * held, beyond values of the name, and one of the object classes of an entry, which attributes that are not held may need.
   */
  checkLocal(intents: readonly Intent[], view: ReadView): void {
    if (this.#held.isAll) return;
    for (const { entry, body } of intents) {
      if (body.kind === 'add') {
        const holds = this.#held.holding(new Map(body.attributes.map((one) => [one.key, one])));
        const odd = body.attributes.find((one) => !holds(one.key) && !isOfName(one, body.rdn));
        if (odd !== undefined) throw notHeld(odd.name);
      } else if (body.kind === 'modify') {
        const holds = this.#held.holding(view.byUuid(entry)?.state.attributes ?? new Map());
        const odd = body.attributes.find(({ key }) => !holds(key));
        if (odd !== undefined) throw notHeld(odd.name);
        if (body.attributes.some(({ key }) => key === OBJECT_CLASS_KEY))
          throw new LdapError(
            'unwillingToPerform',
            'this server holds a part of the attributes and cannot judge other object classes; change them on a server that holds all',
          );
      }
    }
  }
}

function isOfName({ key, values }: AddedAttribute, { avas }: NamedRdn): boolean {
  return values.every((value) => avas.some((ava) => ava.key === key && equalBytes(ava.value, value)));
}

function notHeld(name: string): LdapError {
  return new LdapError(
    'unwillingToPerform',
    `this server does not hold attribute '${name}'; write it on a server that holds all attributes`,
  );
}
