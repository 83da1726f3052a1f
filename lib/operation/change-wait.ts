/**
 * The wait for CSN control: a request waits, bounded, until this server has applied the changes that it names (docs/assurance.md, "Read your writes").
 *
 * Owns the waiting and its end: applied, too late, stopped by the client. CSNs may be given as a write returned them, or as entryCSN and contextCSN show them.
 */
import type { Backend } from '../backend/backend.js';
import { LdapError } from '../base/ldap-error.js';
import { LIMITS } from '../base/limits.js';
import { type Csn, csnReplica, parseCsn } from '../csn/csn.js';
import { fromOpenLdapCsn } from '../csn/openldap-csn.js';
import { formatDn } from '../dn/dn-text.js';
import type { LdapRequest } from '../ldap/message.js';
import { canceled, type Operation } from './operation.js';
import type { ServerParts } from './server-parts.js';
import { SUBSCHEMA_DN } from './trees/root-dse.js';

/** Counts for monitoring. */
export class ChangeWaits {
  /** Operations that wait now. */
  waiting = 0;
  /** Waits that ended with the changes here, and without. */
  fulfilled = 0;
  expired = 0;
}

/**
 * Waits for what the request's control names. undefined: there is nothing to wait for. Throws or rejects with LdapError: protocolError, unwillingToPerform, busy when the
 * time is over, canceled. `stay`: false for operations that cannot wait; they are refused at once.
 */
export function awaitChanges(
  parts: ServerParts,
  operation: Operation,
  stay = true,
): Promise<void> | undefined {
  const { waitForCsn } = operation.controls;
  if (waitForCsn === undefined) return undefined;
  const csns = waitForCsn.csns.map(readCsn);
  const backend = backendOf(parts, operation.message.request);
  const { changeWaits, settings } = parts;
  const timeoutMs = Math.min(waitForCsn.timeoutMs ?? Number.POSITIVE_INFINITY, settings.changeWaitMs);
  if (missing(backend, csns) === undefined) return undefined;
  if (!stay || timeoutMs === 0) {
    changeWaits.expired += 1;
    throw tooLate(missing(backend, csns), 0);
  }
  if (changeWaits.waiting >= LIMITS.changeWaits)
    throw new LdapError(
      'busy',
      `As many operations as may wait for a change do so already (limit changeWaits ${LIMITS.changeWaits}).`,
    );
  return wait(parts, operation, backend, csns, timeoutMs);
}

function wait(
  parts: ServerParts,
  operation: Operation,
  backend: Pick<Backend, 'state' | 'changes'>,
  csns: readonly Csn[],
  timeoutMs: number,
): Promise<void> {
  const { changeWaits, clock } = parts;
  changeWaits.waiting += 1;
  return new Promise<void>((resolve, reject) => {
    const ends: (() => void)[] = [];
    const end = (error: LdapError | undefined): void => {
      for (const one of ends.splice(0)) one();
      changeWaits.waiting -= 1;
      if (error === undefined) resolve();
      else reject(error);
    };
    ends.push(
      backend.changes.onAdvance(() => {
        if (missing(backend, csns) !== undefined) return;
        changeWaits.fulfilled += 1;
        end(undefined);
      }),
      operation.stream.onWake(() => {
        if (operation.stopped !== undefined || operation.stream.closed) end(canceled());
      }),
      clock.after(timeoutMs, () => {
        changeWaits.expired += 1;
        end(tooLate(missing(backend, csns), timeoutMs));
      }),
    );
  });
}

/** The first of the changes that is not here. */
function missing({ state }: Pick<Backend, 'state'>, csns: readonly Csn[]): Csn | undefined {
  return csns.find((csn) => !state.covers(csn));
}

function tooLate(csn: Csn | undefined, timeoutMs: number): LdapError {
  const within = timeoutMs === 0 ? '' : ` within ${timeoutMs} ms`;
  const which = csn === undefined ? 'the change' : `change ${csn} of replica ${csnReplica(csn)}`;
  return new LdapError(
    'busy',
    `This server has not applied ${which}${within}; ask again, or ask another server.`,
  );
}

function readCsn(text: string): Csn {
  const csn = parseCsn(text) ?? fromOpenLdapCsn(text);
  if (csn !== undefined) return csn;
  throw new LdapError('protocolError', 'the wait for CSN control names something that is no CSN');
}

/** The data that the request is about: each naming context counts its changes for itself. */
function backendOf({ directory, schemaStore }: ServerParts, request: LdapRequest): Backend {
  const name = nameOf(request);
  const route = name === undefined ? undefined : directory.route(name);
  if (route?.kind === 'domain') return route.domain.backend;
  if (route?.kind === 'virtual' && schemaStore !== undefined) {
    if (formatDn(route.tree.baseDn).toLowerCase() === SUBSCHEMA_DN) return schemaStore.backend;
  }
  const [only, ...more] = directory.domains;
  if (only !== undefined && more.length === 0) return only.backend;
  throw new LdapError(
    'unwillingToPerform',
    'To wait for a change, the request must name an entry of the naming context in which it was made.',
  );
}

function nameOf(request: LdapRequest): string | undefined {
  switch (request.kind) {
    case 'search':
      return request.base;
    case 'bind':
    case 'compare':
    case 'add':
    case 'modify':
    case 'delete':
    case 'modifyDn':
      return request.dn;
    default:
      return undefined;
  }
}
