/**
 * The controls of a request: which are refused, which are ignored, and the values of the rest (RFC 4511 section 4.1.11).
 *
 * All are judged before the operation starts, so that a request with a bad control has no effect.
 */
import { LdapError } from '../base/ldap-error.js';
import type { Control, RequestMessage } from '../ldap/message.js';
import { parseRequestControls, type RequestControls } from '../ldap/request-controls.js';
import { applicableControls } from './supported.js';

const NO_CONTROLS = parseRequestControls([]);

/**
 * Throws LdapError unavailableCriticalExtension, or protocolError for a malformed value or a control given twice. One without a value that is given again says the same again and counts once: JNDI sends
 * ManageDsaIT so.
 */
export function readRequestControls(message: RequestMessage): RequestControls {
  const { controls } = message;
  if (controls.length === 0) return NO_CONTROLS;
  const applicable = applicableControls(message.request);
  const taken: Control[] = [];
  for (const control of controls) {
    if (!applicable.has(control.oid)) {
      if (!control.critical) continue;
      throw new LdapError(
        'unavailableCriticalExtension',
        `The critical control ${control.oid} is not available for this operation.`,
      );
    }
    const before = taken.find((other) => other.oid === control.oid);
    if (before !== undefined) {
      if (before.value === undefined && control.value === undefined) continue;
      throw new LdapError('protocolError', `The control ${control.oid} is given twice.`);
    }
    taken.push(control);
  }
  return parseRequestControls(taken);
}
