/**
 * The commands' end of the administration operation: one request over LDAP, with its progress, result and failure as over the control socket.
 */
import { concatBytes, utf8Decode, utf8Encode } from '../../base/bytes.js';
import { LdapError } from '../../base/ldap-error.js';
import { OperatorError } from '../../base/operator-error.js';
import type { LdapClient } from '../../io/ldap-client.js';
import { EXTENDED_OIDS, INTERMEDIATE_OIDS } from '../../ldap/control-oids.js';
import {
  type ControlFailure,
  type ControlProgress,
  type ControlRequest,
  errorOf,
  MAX_CONTROL_LINE,
} from './control-protocol.js';

/** Runs one request on the server of `client`, which is bound. Rejects with what the server threw, or with LdapError. */
export async function callOverLdap(
  client: LdapClient,
  request: ControlRequest,
  onProgress: (progress: ControlProgress) => void = () => {},
): Promise<unknown> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const take = (part: Uint8Array | undefined) => {
    if (part === undefined) return;
    size += part.length;
    if (size > MAX_CONTROL_LINE) throw new Error('the server answered too much');
    parts.push(part);
  };
  const { response } = await client.exchange(
    { kind: 'extended', oid: EXTENDED_OIDS.administration, value: utf8Encode(JSON.stringify(request)) },
    {
      // Some commands take as long as the data are large.
      timeoutMs: 0,
      onIntermediate: ({ oid, value }) => {
        if (oid === INTERMEDIATE_OIDS.administrationPart) take(value);
        else if (oid === INTERMEDIATE_OIDS.administrationProgress && value !== undefined)
          onProgress(parsed(value) as ControlProgress);
      },
    },
  );
  const { result } = response;
  const value = response.kind === 'extended' ? response.value : undefined;
  if (result.result !== 'success') throw failureIn(result.result, result.diagnostic, value);
  take(value);
  return parsed(concatBytes(parts));
}

function failureIn(result: LdapError['result'], diagnostic: string, value: Uint8Array | undefined): Error {
  if (value !== undefined) return errorOf(parsed(value) as ControlFailure);
  if (result === 'protocolError')
    return new OperatorError(
      'COMMAND_INVALID',
      `the server takes no commands over LDAP (${diagnostic}); on its machine, use --dir`,
    );
  return new LdapError(result, diagnostic);
}

function parsed(bytes: Uint8Array): unknown {
  return JSON.parse(utf8Decode(bytes) ?? '');
}
