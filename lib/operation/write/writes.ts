/**
 * What add, delete, modify and modify DN share: the target, conditions, and the way through the write path.
 *
 * Every check that depends on stored state runs inside decide(), after all writes decided before it; what is looked at earlier only saves work.
 */
import type { Reader } from '../../access/access-policy.js';
import type { ReadView, StoredEntry, Written } from '../../backend/backend.js';
import type { Decision } from '../../backend/decision.js';
import { rowsOrWait, withRows } from '../../backend/index/reverse-lookup.js';
import { utf8Encode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import { LIMITS } from '../../base/limits.js';
import { type Steps, whole } from '../../base/steps.js';
import { LOST_AND_FOUND_UUID } from '../../conflict/entry-state.js';
import { classProfile, OBJECT_CLASS_KEY } from '../../entry/class-profile.js';
import type { Attributes, EntryView } from '../../entry/entry.js';
import { askedInSteps } from '../../filter/long-look.js';
import type { Domain } from '../directory.js';
import { shown } from '../names.js';
import {
  type Answer,
  answer,
  checkStopped,
  type FinalKind,
  type MaybeAnswer,
  type Operation,
  SUCCESS,
} from '../operation.js';
import { matcherFor } from '../search/search-filter.js';
import type { ServerParts } from '../server-parts.js';
import { type Assured, assure } from './assured.js';
import { initiatorOf, readControls } from './read-entry.js';

const COLLECTIVE_CLASS = utf8Encode('collectiveAttributeSubentry');

/** The assertion control (RFC 4528): throws assertionFailed unless the filter is TRUE for what the requester sees of the entry. */
export function checkAssertion(
  parts: ServerParts,
  operation: Operation,
  reader: Reader,
  entry: EntryView,
): void {
  if (operation.controls.assertion === undefined) return;
  whole(checkAssertionInSteps(parts, operation, reader, entry));
}

/** checkAssertion() in steps, where the entry has many values to be looked at. */
export function* checkAssertionInSteps(
  parts: ServerParts,
  operation: Operation,
  reader: Reader,
  entry: EntryView,
): Steps<void> {
  const { assertion } = operation.controls;
  if (assertion === undefined) return;
  const { matches } = matcherFor(parts.schema, reader, assertion, true);
  if ((yield* askedInSteps(() => matches(entry))) !== true) {
    throw new LdapError('assertionFailed', `The asserted filter does not hold for ${shown(entry.dn)}.`);
  }
}

/** Containers that the server itself keeps can be read and not written. */
export function checkWritable(entry: StoredEntry): void {
  if (entry.uuid === LOST_AND_FOUND_UUID) {
    throw new LdapError(
      'unwillingToPerform',
      `${shown(entry.dn)} is kept by the server; move or delete what is in it.`,
    );
  }
}

/** Every entry may ask which collective subentries are for it, so there is a bound of them. Throws LdapError adminLimitExceeded. */
export function checkSubentryRoom(
  { schema }: Pick<ServerParts, 'schema'>,
  view: ReadView,
  before: Attributes | undefined,
  after: Attributes,
): void {
  if (!classProfile(after, schema).collective) return;
  if (before !== undefined && classProfile(before, schema).collective) return;
  const normal = schema.attributeType(OBJECT_CLASS_KEY)?.equality?.normalizeAssertion(COLLECTIVE_CLASS);
  if (normal === undefined || view.holderCount(OBJECT_CLASS_KEY, normal) < LIMITS.collectiveSubentries)
    return;
  throw new LdapError(
    'adminLimitExceeded',
    `There are ${LIMITS.collectiveSubentries} collective subentries already (collectiveSubentries).`,
  );
}

/** Submits a write, lets the connection start the next one, and waits until it is on disk. */
export function submit(
  operation: Operation,
  { backend }: Pick<Domain, 'backend'>,
  decide: (view: ReadView) => Decision,
): Promise<Written> {
  checkStopped(operation);
  const last = operation.controls.noOp ? refuseToDo : undefined;
  const written = withRows(() => backend.submit(initiatorOf(operation), decide, last));
  operation.release();
  return written;
}

/** The no-op control (draft-zeilenga-ldap-noop): everything is checked in the write's turn, then nothing is done. */
export function refuseToDo(): never {
  throw new LdapError('noOperation', 'The operation would succeed; the no-op control asked for no more.');
}

/** The answer to a write that succeeded. */
export function writtenAnswer(
  parts: ServerParts,
  operation: Operation,
  kind: FinalKind,
  { assurance }: Partial<Pick<Domain, 'assurance'>>,
  written: Written,
): MaybeAnswer {
  const given = rowsOrWait(() => answer(kind, SUCCESS, readControls(parts, operation, written)));
  const waiting = assure(operation, assurance, written.csn);
  return waiting === undefined ? given : assuredAnswer(given, waiting);
}

async function assuredAnswer(given: MaybeAnswer, waiting: Promise<Assured>): Promise<Answer> {
  const [{ response, controls }, assured] = await Promise.all([given, waiting]);
  return {
    response: { ...response, result: assured.result },
    controls: [...controls, ...assured.controls],
  };
}
