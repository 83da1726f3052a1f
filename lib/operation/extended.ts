/** Extended operations (RFC 4511 section 4.12), by OID. StartTLS and cancel belong to the connection and are handled there. */
import { authorizationId } from '../access/requester.js';
import { utf8Encode } from '../base/bytes.js';
import { LdapError } from '../base/ldap-error.js';
import { EXTENDED_OIDS } from '../ldap/control-oids.js';
import type { ExtendedRequest } from '../ldap/message.js';
import { administer } from './administration.js';
import { passwordModify } from './bind/password-modify.js';
import { type Answer, extendedAnswer, type MaybeAnswer, type Operation, SUCCESS } from './operation.js';
import type { ServerParts } from './server-parts.js';

/** Answers an extended request. Throws protocolError for an OID that is not served (RFC 4511 section 4.12). */
export function extended(parts: ServerParts, operation: Operation): MaybeAnswer {
  const request = operation.message.request as ExtendedRequest;
  switch (request.oid) {
    case EXTENDED_OIDS.whoAmI:
      return whoAmI(operation, request);
    case EXTENDED_OIDS.passwordModify:
      return passwordModify(parts, operation);
    case EXTENDED_OIDS.administration:
      return administer(parts, operation);
    default:
      throw new LdapError('protocolError', `The extended operation ${request.oid} is not supported.`);
  }
}

/** RFC 4532: the authorization identity, empty for anonymous. */
function whoAmI(operation: Operation, request: ExtendedRequest): Answer {
  if (request.value !== undefined)
    throw new LdapError('protocolError', 'A "Who am I?" request has no value.');
  return extendedAnswer(SUCCESS, undefined, utf8Encode(authorizationId(operation.requester)));
}
