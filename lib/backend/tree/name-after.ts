/** Names that writes give: the DN of an entry after an add, a rename or a move; and names as the rules of the DIT see them. */
import { type ChangeBody, type EntryUuid, ROOT_UUID } from '../../change/change.js';
import { toRdn } from '../../change/named-rdn.js';
import type { Dn } from '../../dn/dn.js';
import type { NamedAttributes } from '../../entry/check-placement.js';
import type { ReadView, StoredEntry } from '../backend.js';

/** The DN; undefined when the parent is not there. `entry`: as it stands; undefined for an add. */
export function dnAfter(
  view: ReadView,
  body: Extract<ChangeBody, { readonly kind: 'add' | 'modifyDn' }>,
  entry: StoredEntry | undefined,
): Dn | undefined {
  const parent = parentAfter(view, body.parent, entry);
  const rdn = body.rdn === undefined ? entry?.dn.rdns[0] : toRdn(body.rdn);
  return parent === undefined || rdn === undefined ? undefined : { rdns: [rdn, ...parent.rdns] };
}

function parentAfter(
  view: ReadView,
  parent: EntryUuid | undefined,
  entry: StoredEntry | undefined,
): Dn | undefined {
  if (parent === ROOT_UUID) return { rdns: view.baseDn.rdns.slice(1) };
  if (parent !== undefined) return view.byUuid(parent)?.dn;
  return entry === undefined ? undefined : { rdns: entry.dn.rdns.slice(1) };
}

/** An entry as the rules of the DIT see it. */
export function placed(entry: StoredEntry): NamedAttributes;
export function placed(entry: StoredEntry | undefined): NamedAttributes | undefined;
export function placed(entry: StoredEntry | undefined): NamedAttributes | undefined {
  return entry === undefined ? undefined : { attributes: entry.stored, rdn: entry.state.rdn };
}
