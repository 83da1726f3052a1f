/** One entry of a search's result on its way to the client, as it is or as controls of the search reshape it. */
import type { Reader } from '../../access/access-policy.js';
import type { ReadAhead } from '../../backend/backend.js';
import { withRows } from '../../backend/index/reverse-lookup.js';
import { BerWriter } from '../../ber/ber-writer.js';
import { isSelected, type Selection } from '../../entry/select-attributes.js';
import type { Control } from '../../ldap/message.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import { canceled, type Operation } from '../operation.js';
import type { ServerParts } from '../server-parts.js';
import type { SendableEntry } from './entry-bytes.js';
import { type EntryShape, writeShaped } from './entry-shape.js';
import type { Choice } from './matched-values.js';

const writer = new BerWriter(65_536);

interface AnswerPlan {
  readonly reader: Reader;
  readonly shape: EntryShape | undefined;
}

/** Sends the entry. False: the client must read before it gets more; a promise of that where a control or many values take their time. Throws RowsAway. */
export function sendEntry(
  server: ServerParts,
  operation: Operation,
  plan: AnswerPlan,
  selection: Selection,
  entry: SendableEntry,
): boolean | Promise<boolean> {
  const sends = (key: AttributeKey) => !selection.typesOnly && isSelected(selection, key);
  const ahead = entry.readAhead?.((key) => sends(key) || plan.shape?.reads(key) === true);
  const write = () => writeEntry(server, operation, plan, selection, entry);
  return ahead === undefined ? write() : afterReading(server, operation, ahead, write);
}

/** Many values are read in turns of their own before the entry is written. */
async function afterReading(
  server: ServerParts,
  operation: Operation,
  ahead: ReadAhead,
  write: () => boolean | Promise<boolean>,
): Promise<boolean> {
  try {
    while (ahead.step()) {
      await nextTurn(server, operation);
    }
    return await withRows(write);
  } finally {
    ahead.end();
  }
}

/** Lets others have their turn. Rejects when the operation was stopped meanwhile. */
async function nextTurn({ clock }: ServerParts, operation: Operation): Promise<void> {
  await new Promise<void>((resolve) => void clock.after(0, resolve));
  if (operation.stopped !== undefined) throw canceled();
}

function writeEntry(
  server: ServerParts,
  operation: Operation,
  { reader, shape }: AnswerPlan,
  selection: Selection,
  entry: SendableEntry,
): boolean | Promise<boolean> {
  const { id } = operation.message;
  server.statistics.entriesSent += 1;
  if (shape === undefined) {
    writer.reset();
    server.entryBytes.write(writer, id, entry, reader, selection);
    return operation.stream.send(writer.bytes());
  }
  const send = ({ attributes }: Choice, controls: readonly Control[]): boolean => {
    if (operation.stopped !== undefined) throw canceled();
    writer.reset();
    writeShaped(writer, id, entry, attributes, controls);
    return operation.stream.send(writer.bytes());
  };
  const view = reader.view(entry);
  const controls = shape.controls(view);
  const choose = () => shape.choose(view, selection);
  if (controls instanceof Promise) return controls.then(async (given) => late(await withRows(choose), given));
  const choice = choose();
  return choice.step() ? late(choice, controls) : send(choice, controls);

  async function late(choice: Choice, given: readonly Control[]): Promise<boolean> {
    while (choice.step()) await nextTurn(server, operation);
    return send(choice, given);
  }
}
