/**
 * CSNs in the form that OpenLDAP writes: `YYYYmmddHHMMSS.uuuuuuZ#count#sid#mod` (six, three and six hex digits), for entryCSN, contextCSN and cookies.
 *
 * Order is kept and the way back is exact for replica ids and for the first 2^24 changes of one millisecond: the replica id stands whole in `mod`, its lower 12
 * bits in `sid`.
 */
import {
  type Csn,
  csnReplica,
  csnSequence,
  csnTimeMs,
  MAX_CSN_TIME_MS,
  makeCsn,
  toReplicaId,
} from './csn.js';

const LENGTH = 'YYYYmmddHHMMSS.uuuuuuZ#cccccc#sss#cccccc'.length;
const MAX_COUNT = 0xff_ffff;
const FORM = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\.(\d{3})000Z#([0-9a-f]{6})#([0-9a-f]{3})#([0-9a-f]{6})$/;

const hex = (n: number, digits: number): string => n.toString(16).padStart(digits, '0');

/** The CSN as OpenLDAP writes it. */
export function toOpenLdapCsn(csn: Csn): string {
  const iso = new Date(csnTimeMs(csn)).toISOString();
  // Years beyond 9999 have no such form; no clock shows one.
  const [date = '', time = ''] = iso.split('T');
  const stamp = `${date.replaceAll('-', '')}${time.slice(0, 8).replaceAll(':', '')}.${time.slice(9, 12)}000Z`;
  const replica = csnReplica(csn);
  return `${stamp}#${hex(Math.min(csnSequence(csn), MAX_COUNT), 6)}#${hex(replica & 0xfff, 3)}#${hex(replica, 6)}`;
}

/** The CSN that toOpenLdapCsn() wrote; undefined for any other text. */
export function fromOpenLdapCsn(text: string): Csn | undefined {
  if (text.length !== LENGTH) return undefined;
  const parts = FORM.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second, ms, count = '', , mod = ''] = parts;
  const timeMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
  const replica = toReplicaId(Number.parseInt(mod, 16));
  if (replica === undefined || !(timeMs >= 0 && timeMs <= MAX_CSN_TIME_MS)) return undefined;
  const csn = makeCsn(timeMs, Number.parseInt(count, 16), replica);
  return toOpenLdapCsn(csn) === text ? csn : undefined;
}
