/** One entry of a search's result on its way to the client, as it is or as controls of the search reshape it. */
import type { Reader } from '../access/access-policy.js';
import type { ReadAhead } from '../backend/backend.js';
import { withRows } from '../backend/reverse-lookup.js';
import { BerWriter } from '../ber/ber-writer.js';
import { isSelected, type Selection } from '../entry/select-attributes.js';
import type { Control } from '../ldap/message.js';
import type { SendableEntry } from './entry-bytes.js';
import { type EntryShape, writeShaped } from './entry-shape.js';
import { canceled, type Operation } from './operation.js';
import type { ServerParts } from './server-parts.js';

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
  const ahead = selection.typesOnly ? undefined : entry.readAhead?.((key) => isSelected(selection, key));
  const write = () => writeEntry(server, operation, plan, selection, entry);
  return ahead === undefined ? write() : afterReading(server, operation, ahead, write);
}

/** Many values are read in turns of their own before the entry is written. */
async function afterReading(
  { clock }: ServerParts,
  operation: Operation,
  ahead: ReadAhead,
  write: () => boolean | Promise<boolean>,
): Promise<boolean> {
  try {
    while (ahead.step()) {
      await new Promise<void>((resolve) => void clock.after(0, resolve));
      if (operation.stopped !== undefined) throw canceled();
    }
    return await withRows(write);
  } finally {
    ahead.end();
  }
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
  const send = (controls: readonly Control[]): boolean => {
    if (operation.stopped !== undefined) throw canceled();
    writer.reset();
    writeShaped(writer, id, entry, shape.attributes(view, selection), controls);
    return operation.stream.send(writer.bytes());
  };
  const view = reader.view(entry);
  const controls = shape.controls(view);
  if (!(controls instanceof Promise)) return send(controls);
  return controls.then((given) => withRows(() => send(given)));
}
