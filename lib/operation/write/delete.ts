/**
 * Delete (RFC 4511 section 4.8), and with the tree delete control everything below (draft-armijo-ldap-treedelete).
 *
 * A tree delete takes exactly the entries that it saw, children first, in batches that each are one write: it can be of any size, holds up no
 * other write for long, and when it is cut short what is left is a whole tree.
 */
import type { Intent, ReadView, StoredEntry, Written } from '../../backend/backend.js';
import type { Decision } from '../../backend/decision.js';
import { EventLoopTurn } from '../../backend/event-loop-turn.js';
import { withRows } from '../../backend/index/reverse-lookup.js';
import { LdapError } from '../../base/ldap-error.js';
import { LIMITS } from '../../base/limits.js';
import { type Steps, whole } from '../../base/steps.js';
import type { EntryUuid } from '../../change/change.js';
import { LOST_AND_FOUND_UUID } from '../../conflict/entry-state.js';
import type { DeleteRequest } from '../../ldap/message.js';
import type { Domain } from '../directory.js';
import { domainOfEntry, namedEntry, shown } from '../names.js';
import { type Answer, checkStopped, type Operation } from '../operation.js';
import type { ServerParts } from '../server-parts.js';
import { initiatorOf } from './read-entry.js';
import { checkAssertionInSteps, checkWritable, refuseToDo, submit, writtenAnswer } from './writes.js';

/** Entries deleted in one write of a tree delete. */
const BATCH = 500;
/** Times that entries added meanwhile are looked for. */
const ROUNDS = 16;

/** Deletes the entry, or the tree, and answers when that is on disk. */
export async function remove(parts: ServerParts, operation: Operation): Promise<Answer> {
  const request = operation.message.request as DeleteRequest;
  const { dn } = request;
  const domain = domainOfEntry(parts.directory, dn, operation.controls.manageDsaIt);
  const tree = operation.controls.treeDelete && hasChildren(domain, dn);
  const written = tree
    ? await removeTree(parts, operation, domain, dn)
    : await submit(operation, domain, (view) => decide(parts, operation, view, dn));
  return writtenAnswer(parts, operation, 'delete', domain, written);
}

function hasChildren(domain: Domain, dn: string): boolean {
  const entry = domain.backend.byDnText(dn);
  return entry !== undefined && domain.backend.childCount(entry) > 0;
}

/** In steps where an assertion may go through many values. */
function decide(parts: ServerParts, operation: Operation, view: ReadView, dn: string): Decision {
  const steps = decideInSteps(parts, operation, view, dn);
  return operation.controls.assertion === undefined ? whole(steps) : steps;
}

function* decideInSteps(
  parts: ServerParts,
  operation: Operation,
  view: ReadView,
  dn: string,
): Steps<readonly Intent[]> {
  const entry = yield* checkedTarget(parts, operation, view, dn);
  const children = view.childCount(entry);
  if (children > 0) {
    throw new LdapError(
      'notAllowedOnNonLeaf',
      `${shown(entry.dn)} has ${children === 1 ? 'an entry' : `${children} entries`} below it; delete those first or use the tree delete control.`,
    );
  }
  return [{ entry: entry.uuid, body: { kind: 'delete' } }];
}

function* checkedTarget(
  parts: ServerParts,
  operation: Operation,
  view: ReadView,
  dn: string,
): Steps<StoredEntry> {
  const reader = parts.policy.reader(operation.requester);
  const entry = namedEntry(view, dn, reader, operation.controls.manageDsaIt);
  parts.policy.checkDelete(operation.requester, entry);
  checkWritable(entry);
  yield* checkAssertionInSteps(parts, operation, reader, entry);
  return entry;
}

async function removeTree(
  parts: ServerParts,
  operation: Operation,
  domain: Domain,
  dn: string,
): Promise<Written> {
  const { backend } = domain;
  const top = await new EventLoopTurn(parts.clock).run(checkedTarget(parts, operation, backend, dn));
  for (let round = 0; round < ROUNDS; round++) {
    const doomed = await entriesBelow(parts, operation, domain, top);
    if (operation.controls.noOp) refuseToDo();
    for (let from = 0; from < doomed.length; from += BATCH) {
      checkStopped(operation);
      const batch = doomed.slice(from, from + BATCH);
      await withRows(() => backend.submit(initiatorOf(operation), (view) => leavesOf(view, batch)));
    }
    if (backend.childCount(top) > 0) continue;
    try {
      return await submit(operation, domain, (view) => decide(parts, operation, view, top.dnText));
    } catch (error) {
      // Somebody added an entry since: once more.
      if (!(error instanceof LdapError) || error.result !== 'notAllowedOnNonLeaf') throw error;
    }
  }
  throw new LdapError('busy', `Entries are being added below ${shown(dn)}; the tree could not be emptied.`);
}

/** Everything below the top, deepest first. */
async function entriesBelow(
  parts: ServerParts,
  operation: Operation,
  domain: Domain,
  top: StoredEntry,
): Promise<readonly EntryUuid[]> {
  const found: EntryUuid[] = [];
  let level: readonly StoredEntry[] = [top];
  while (level.length > 0) {
    const below: StoredEntry[] = [];
    for (const entry of level) {
      if (domain.backend.childCount(entry) === 0) continue;
      for await (const slice of domain.backend.children(entry)) {
        checkStopped(operation);
        for (const child of slice) {
          if (child.uuid !== LOST_AND_FOUND_UUID) {
            parts.policy.checkDelete(operation.requester, child);
            found.push(child.uuid);
          }
          below.push(child);
        }
        if (found.length > LIMITS.treeDeleteEntries) {
          throw new LdapError(
            'adminLimitExceeded',
            `A tree delete may take ${LIMITS.treeDeleteEntries} entries (treeDeleteEntries).`,
          );
        }
      }
    }
    level = below;
  }
  return found.reverse();
}

/** Deletes of those entries of the batch that are still there and have, before their turn, nothing left below them. */
function leavesOf(view: ReadView, batch: readonly EntryUuid[]): readonly Intent[] {
  const goneBelow = new Map<EntryUuid, number>();
  const intents: Intent[] = [];
  for (const uuid of batch) {
    const entry = view.byUuid(uuid);
    if (entry === undefined || view.childCount(entry) > (goneBelow.get(uuid) ?? 0)) continue;
    const { parent } = entry.state.place;
    goneBelow.set(parent, (goneBelow.get(parent) ?? 0) + 1);
    intents.push({ entry: uuid, body: { kind: 'delete' } });
  }
  return intents;
}
