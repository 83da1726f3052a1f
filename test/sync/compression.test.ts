/**
 * When a link may be compressed, and where that begins (protocol version 2).
 */
import t from 'tap';
import { compressionStart, isCompressionStart, mayCompress } from '../../lib/sync/compression.js';
import { FrameAssembler } from '../../lib/sync/frame-assembler.js';
import { decodeFrame } from '../../lib/sync/frame-octets.js';
import { hello } from './session-fixtures.js';

t.test('the start is a frame of one octet; what follows it is kept apart', (t) => {
  const assembler = new FrameAssembler(100);
  assembler.push(compressionStart());
  assembler.push(new Uint8Array([9, 8, 7]));
  const body = assembler.next() ?? new Uint8Array();
  t.ok(isCompressionStart(body));
  t.notOk(isCompressionStart(new Uint8Array([12, 0])));
  t.same(assembler.takeRest(), new Uint8Array([9, 8, 7]));
  t.equal(assembler.pendingBytes, 0);
  t.throws(() => decodeFrame(body), 'who did not agree to it takes it for nonsense');
  t.end();
});

t.test('only who knows version 2 is compressed for', (t) => {
  t.notOk(mayCompress(hello('s2', 2, { protocolMax: 1 })));
  t.ok(mayCompress(hello('s2', 2, { protocolMax: 2 })));
  t.ok(mayCompress(hello('s2', 2, { protocolMax: 7 })));
  t.end();
});
