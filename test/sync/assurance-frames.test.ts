/** Octets of wishes and acknowledgements. */
import t from 'tap';
import { ByteReader, ByteWriter } from '../../lib/base/binary.js';
import { type Csn, makeCsn, ZERO_CSN } from '../../lib/csn/csn.js';
import {
  type Acknowledgement,
  readSaying,
  type Saying,
  writeSaying,
} from '../../lib/sync/assurance-frames.js';
import { FrameError } from '../../lib/sync/frame-error.js';
import { decodeFrame, encodeFrame } from '../../lib/sync/frame-octets.js';
import { replica as replicaId } from './session-fixtures.js';

const ORIGIN = replicaId(1);
const at = (ms: number): Csn => makeCsn(1000 + ms, 0, ORIGIN);

function read(bytes: Uint8Array): Saying {
  const reader = new ByteReader(bytes, (reason) => new FrameError(reason));
  const saying = readSaying(reader);
  reader.end();
  return saying;
}

t.test(
  'octets: both sayings round-trip; every cut and every damaged octet is a FrameError or a saying',
  async (t) => {
    const rows: Acknowledgement[] = [
      { server: 's2', origin: ORIGIN, log: at(5), applied: at(3) },
      { server: 's3', origin: replicaId(9), log: ZERO_CSN, applied: ZERO_CSN },
    ];
    for (const saying of [
      { kind: 'wish', wish: { csn: at(1), round: 300 } },
      { kind: 'held', rows },
    ] as const) {
      const frame = { kind: 'assurance', saying } as const;
      t.same(decodeFrame(encodeFrame(frame).subarray(4)), frame);
      const writer = new ByteWriter(64);
      writeSaying(writer, saying);
      const bytes = writer.finish();
      t.same(read(bytes), saying);
      for (let length = 0; length < bytes.length; length++)
        t.throws(() => read(bytes.subarray(0, length)), { name: 'FrameError' } as Error);
      for (let i = 0; i < bytes.length; i++)
        for (const octet of [0, 1, 0x7f, 0xff]) {
          const damaged = bytes.slice();
          damaged[i] = octet;
          try {
            read(damaged);
          } catch (error) {
            if (!(error instanceof FrameError)) throw error;
          }
        }
    }
  },
);
