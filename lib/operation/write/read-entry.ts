/** Pre-read and post-read (RFC 4527): an entry as it was right before, or is right after, the write that asks. */
import { requesterDn } from '../../access/requester.js';
import type { Written } from '../../backend/backend.js';
import { utf8Encode } from '../../base/bytes.js';
import { compileSelection, selectAttributes } from '../../entry/select-attributes.js';
import { CONTROL_OIDS } from '../../ldap/control-oids.js';
import { encodeReadResponse } from '../../ldap/controls/read-entry.js';
import type { Control } from '../../ldap/message.js';
import type { Operation } from '../operation.js';
import type { ServerParts } from '../server-parts.js';
import type { NamedEntry } from '../trees/virtual-tree.js';

/** The response controls of a write that succeeded; only what the requester may read is in them. */
export function readControls(parts: ServerParts, operation: Operation, written: Written): readonly Control[] {
  const { preRead, postRead, changeCsn } = operation.controls;
  if (preRead === undefined && postRead === undefined)
    return changeCsn ? csnControls(operation, written) : [];
  return [
    ...csnControls(operation, written),
    ...readControl(parts, operation, CONTROL_OIDS.preRead, preRead, written.before),
    // A write that had nothing to do left the entry as it was.
    ...readControl(parts, operation, CONTROL_OIDS.postRead, postRead, written.after ?? written.before),
  ];
}

/** The same for a write to a computed entry: as it was, and as it is. */
export function virtualReadControls(
  parts: ServerParts,
  operation: Operation,
  before: NamedEntry,
  after: NamedEntry,
): readonly Control[] {
  const { preRead, postRead } = operation.controls;
  return [
    ...readControl(parts, operation, CONTROL_OIDS.preRead, preRead, before),
    ...readControl(parts, operation, CONTROL_OIDS.postRead, postRead, after),
  ];
}

function readControl(
  parts: ServerParts,
  operation: Operation,
  oid: string,
  attributes: readonly string[] | undefined,
  entry: NamedEntry | undefined,
): readonly Control[] {
  if (attributes === undefined || entry === undefined) return [];
  const reader = parts.policy.reader(operation.requester);
  if (!reader.seesEntry(entry)) return [];
  const selected = selectAttributes(compileSelection(attributes, parts.schema), reader.view(entry));
  return [{ oid, critical: false, value: encodeReadResponse({ dn: entry.dnText, attributes: selected }) }];
}

/** The change CSN response: the change that the write made; none where it had nothing to do. */
export function csnControls(operation: Operation, { csn }: Written): readonly Control[] {
  if (!operation.controls.changeCsn || csn === undefined) return [];
  return [{ oid: CONTROL_OIDS.changeCsn, critical: false, value: utf8Encode(csn) }];
}

/** Who a change is recorded under. */
export function initiatorOf(operation: Operation): string {
  return requesterDn(operation.requester);
}
