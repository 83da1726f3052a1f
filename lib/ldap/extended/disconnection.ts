/** Notice of disconnection, the unsolicited notification that ends a session (RFC 4511 section 4.4.1). */
import type { ResultName } from '../../base/result-code.js';
import type { BerWriter } from '../../ber/ber-writer.js';
import { EXTENDED_OIDS } from '../control-oids.js';
import { encodeResponse } from '../encode-response.js';

/** Writes the message. `diagnostic`: one sentence for people. */
export function encodeDisconnection(writer: BerWriter, result: ResultName, diagnostic: string): void {
  encodeResponse(writer, {
    id: 0,
    response: {
      kind: 'extended',
      result: { result, matchedDn: '', diagnostic, referrals: [] },
      oid: EXTENDED_OIDS.noticeOfDisconnection,
      value: undefined,
    },
    controls: [],
  });
}
