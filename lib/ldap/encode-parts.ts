/**
 * The parts that several LDAP messages share, as BER: controls, attributes, the envelope (RFC 4511 sections 4.1.1, 4.1.7, 4.1.11).
 *
 * The writer fills its buffer backwards, so each function writes its element's content last part first.
 */
import type { BerWriter } from '../ber/ber-writer.js';
import { TAG } from '../ber/tags.js';
import type { Control } from './message.js';
import { CONTROLS_TAG } from './protocol-tags.js';

/** [0] Controls; nothing when there are none. */
export function writeControls(writer: BerWriter, controls: readonly Control[]): void {
  if (controls.length === 0) return;
  const all = writer.length;
  for (let i = controls.length - 1; i >= 0; i--) {
    const control = controls[i] as Control;
    const mark = writer.length;
    if (control.value !== undefined) writer.octets(control.value);
    if (control.critical) writer.boolean(true);
    writer.text(control.oid);
    writer.wrap(TAG.sequence, mark);
  }
  writer.wrap(CONTROLS_TAG, all);
}

/** SET (or SEQUENCE) OF AttributeValue. */
function writeValues(writer: BerWriter, tag: number, values: readonly Uint8Array[]): void {
  const mark = writer.length;
  for (let i = values.length - 1; i >= 0; i--) writer.octets(values[i] as Uint8Array);
  writer.wrap(tag, mark);
}

/** A PartialAttribute. */
export function writeAttribute(writer: BerWriter, description: string, values: readonly Uint8Array[]): void {
  const mark = writer.length;
  writeValues(writer, TAG.set, values);
  writer.text(description);
  writer.wrap(TAG.sequence, mark);
}

/** The messageID and the LDAPMessage header, before an operation and controls written since `mark`. */
export function writeEnvelope(writer: BerWriter, id: number, mark: number): void {
  writer.integer(id);
  writer.wrap(TAG.sequence, mark);
}
