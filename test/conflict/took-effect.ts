/**
 * Whether an acknowledged write did what its client asked for, where the client is connected: one step of the naive rule, from the state before it to the one after.
 */
import { latin1 } from '../../lib/base/bytes.js';
import type { AttributeChange, ChangeBody } from '../../lib/change/change.js';
import { formatNamedRdn } from '../../lib/change/named-rdn.js';
import { type EntryState, isAlive } from '../../lib/conflict/entry-state.js';
import type { Attribute } from '../../lib/entry/entry.js';
import { naiveEqual } from './oracle.js';

/** What a change of an entry lacks of its effect; undefined: nothing. `after`: undefined for a dead entry. */
export function missingEffect(
  before: EntryState | undefined,
  after: EntryState | undefined,
  body: ChangeBody,
): string | undefined {
  const lives = after !== undefined && isAlive(after);
  if (body.kind === 'delete') return lives ? 'it lives' : undefined;
  if (!lives) return 'it is dead';
  if (body.kind === 'modifyDn') {
    if (body.rdn !== undefined && formatNamedRdn(after.rdn) !== formatNamedRdn(body.rdn))
      return `its name is ${formatNamedRdn(after.rdn)}`;
    if (body.parent !== undefined && after.parent !== body.parent) return `its parent is ${after.parent}`;
  }
  if (body.kind !== 'modify' && body.kind !== 'modifyDn') return undefined;
  for (const change of body.attributes) {
    const [was, is] = [before, after].map((state) => state?.attributes.get(change.key));
    if (was?.many !== undefined || is?.many !== undefined) continue;
    const [wanted, found] = [valuesAfter(was, change), textsOf(is)];
    if (wanted.join('|') !== found.join('|')) return `${change.key} is ${found}, not ${wanted}`;
  }
  return undefined;
}

function textsOf(attribute: Attribute | undefined): string[] {
  return (attribute?.values ?? []).map(latin1).sort();
}

function valuesAfter(was: Attribute | undefined, change: AttributeChange): string[] {
  const { clear, remove, add, single, increment, equality } = change;
  const same = (a: string) => (b: string) => naiveEqual(equality, a, b);
  let values = clear ? [] : textsOf(was);
  for (const value of remove.map(latin1)) values = values.filter((other) => !same(value)(other));
  for (const value of add.map(latin1))
    if (!values.some(same(value)) && !(single && values.length > 0)) values.push(value);
  if (increment !== 0n)
    values = values.map((value) =>
      /^(0|-?[1-9][0-9]*)$/.test(value) ? `${BigInt(value) + increment}` : value,
    );
  return values.sort();
}
