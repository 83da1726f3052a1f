/** The entry of a change of many values is made in steps, and says of the change what LDIF says. */
import t from 'tap';
import { must } from '../../../lib/base/assert.js';
import { latin1, utf8Encode } from '../../../lib/base/bytes.js';
import type { AttributeChange, Change, EntryUuid } from '../../../lib/change/change.js';
import { makeCsn, type ReplicaId } from '../../../lib/csn/csn.js';
import { ServerState } from '../../../lib/csn/server-state.js';
import { formatRecord } from '../../../lib/ldif/format-record.js';
import { changelogEntryInSteps } from '../../../lib/operation/changes/changelog-entry.js';
import type { ChangelogDomain } from '../../../lib/operation/changes/changelog-tree.js';
import type { AttributeKey } from '../../../lib/schema/attribute-type.js';
import { BASE, testSchema } from '../test-server.js';

const GROUP = `cn=g,${BASE}`;
const CHANGES = 'changes' as AttributeKey;
const domain = { domain: { baseText: BASE, backend: { lastName: () => GROUP } } } as unknown as Pick<
  ChangelogDomain,
  'domain' | 'included'
>;
const members = (count: number) =>
  Array.from({ length: count }, (_, n) => utf8Encode(`uid=${n % 7 === 0 ? 'ü' : 'u'}${n},${BASE}`));

/** The `changes` of a modify with these effects on the members, and how many steps it took. */
function made(effects: Partial<AttributeChange>): { readonly text: string; readonly steps: number } {
  const attribute: AttributeChange = {
    ...{ key: 'member' as AttributeKey, name: 'member', equality: 'distinguishedNameMatch', single: false },
    ...{ clear: false, remove: [], add: [], increment: 0n },
    ...effects,
  };
  const change: Change = {
    csn: makeCsn(1_700_000_000_000, 0, 1 as ReplicaId),
    previous: undefined,
    seen: ServerState.EMPTY,
    entry: '10000000-0000-4000-8000-000000000001' as EntryUuid,
    initiator: '',
    body: { kind: 'modify', attributes: [attribute] },
  };
  const steps = changelogEntryInSteps(testSchema(), domain, change, 7, undefined);
  for (let count = 0; ; count++) {
    const step = steps.next();
    if (step.done !== true) continue;
    const value = must(step.value.attribute(CHANGES)?.values[0], 'changes');
    return { text: latin1(value), steps: count };
  }
}

/** The same by the writer of whole records, without its first two lines and the blank one at the end. */
function formatted(modifications: readonly ['add' | 'delete' | 'replace', readonly Uint8Array[]][]): string {
  const change = {
    kind: 'modify' as const,
    modifications: modifications.map(([operation, values]) => ({
      operation,
      attribute: { description: 'member', values },
    })),
  };
  const text = formatRecord({ kind: 'change', dn: GROUP, controls: [], change }, { wrap: false });
  return text.split('\n').slice(2, -1).join('\n');
}

t.test('of 50,000 values in steps, of a few at once', async (t) => {
  const [remove, add] = [members(20_000), members(50_000)];
  const many = made({ remove, add });
  t.ok(many.steps >= 50, `${many.steps} steps`);
  t.equal(
    many.text,
    formatted([
      ['delete', remove],
      ['add', add],
    ]),
  );
  const few = made({ clear: true, add: members(20) });
  t.equal(few.steps, 0);
  t.equal(few.text, formatted([['replace', members(20)]]));
});
