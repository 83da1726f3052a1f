/**
 * Persistent search over cn=changelog: what is there, then each change as it gets into the log, without loss or repetition between the two.
 *
 * Read from the log at the client's pace, so there is nothing to fall behind of.
 */

import { utf8Decode } from '../../base/bytes.js';
import { CHANGE_TYPES, type PersistentSearchRequest } from '../../ldap/controls/persistent-search.js';
import type { SearchRequest } from '../../ldap/message.js';
import type { AttributeKey } from '../../schema/attribute-type.js';
import { type Answer, answer, type Operation, SUCCESS } from '../operation.js';
import { matcherFor } from '../search/search-filter.js';
import type { ServerParts } from '../server-parts.js';
import type { NamedEntry } from '../trees/virtual-tree.js';
import type { ChangelogTree } from './changelog-tree.js';
import { entryChange } from './persistent-search.js';
import { Teller } from './teller.js';

const CHANGE_NUMBER = 'changenumber' as AttributeKey;

/** Runs it to its end. Rejects with LdapError. */
export async function changelogPersistentSearch(
  parts: ServerParts,
  operation: Operation,
  wanted: PersistentSearchRequest,
  tree: ChangelogTree,
): Promise<Answer> {
  const request = operation.message.request as SearchRequest;
  const policyReader = parts.policy.reader(operation.requester);
  const filter = matcherFor(parts.schema, policyReader, request.filter);
  const reader = tree.reader(operation, filter.compiled, wanted.changesOnly);
  const teller = new Teller(parts, operation, policyReader);
  const tells = (wanted.changeTypes & CHANGE_TYPES.add) !== 0;
  let advanced = true;
  let wake: (() => void) | undefined;
  const advance = (): void => {
    advanced = true;
    wake?.();
  };
  const ends = [
    tree.facts.numbers.onAdvance(advance),
    ...tree.facts.domains.map(({ changelog }) => changelog.onAdvance(advance)),
    operation.stream.onWake(advance),
  ];
  try {
    for (;;) {
      teller.check();
      if (operation.stream.closed) return answer('searchDone', SUCCESS);
      advanced = false;
      for (let slice = await reader.next(); slice.length > 0; slice = await reader.next()) {
        for (const entry of slice) {
          if (!tells || filter.matches(entry) !== true) continue;
          const controls = wanted.returnChanges ? [entryChange('add', undefined, numberOf(entry))] : [];
          await teller.entry(entry, controls);
        }
        await teller.share();
        if (operation.stream.closed) return answer('searchDone', SUCCESS);
      }
      while (!advanced) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    for (const end of ends) end();
  }
}

function numberOf(entry: NamedEntry): number | undefined {
  const value = entry.attribute(CHANGE_NUMBER)?.values[0];
  const number = value === undefined ? 0 : Number(utf8Decode(value));
  return number > 0 ? number : undefined;
}
