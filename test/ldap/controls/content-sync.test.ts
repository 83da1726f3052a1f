/** The controls of content synchronization, byte for byte. */
import t from 'tap';
import type { LdapError } from '../../../lib/base/ldap-error.js';
import { LIMITS } from '../../../lib/base/limits.js';
import {
  decodeSyncDone,
  decodeSyncInfo,
  decodeSyncRequest,
  decodeSyncState,
  encodeSyncDone,
  encodeSyncInfo,
  encodeSyncRequest,
  encodeSyncState,
  type SyncInfo,
} from '../../../lib/ldap/controls/content-sync.js';

const PROTOCOL_ERROR = { result: 'protocolError' } as unknown as LdapError;

const cookie = Uint8Array.of(1, 2, 3);
const uuid = Uint8Array.from({ length: 16 }, (_, i) => i);

t.test('the request: mode, cookie, reloadHint (RFC 4533 section 2.2)', async (t) => {
  for (const mode of ['refreshOnly', 'refreshAndPersist'] as const)
    for (const held of [undefined, cookie])
      for (const reloadHint of [false, true]) {
        const request = { mode, cookie: held, reloadHint };
        t.same(decodeSyncRequest(encodeSyncRequest(request)), request);
      }
  t.same(
    [...encodeSyncRequest({ mode: 'refreshOnly', cookie: undefined, reloadHint: false })],
    [0x30, 3, 10, 1, 1],
  );
  t.same(
    decodeSyncRequest(
      encodeSyncRequest({ mode: 'refreshOnly', cookie: new Uint8Array(0), reloadHint: false }),
    ).cookie,
    undefined,
    'an empty cookie is none',
  );
  t.throws(() => decodeSyncRequest(Uint8Array.of(0x30, 3, 10, 1, 2)), PROTOCOL_ERROR);
  t.throws(() => decodeSyncRequest(undefined), PROTOCOL_ERROR);
  const long = new Uint8Array(LIMITS.syncCookieBytes + 1);
  t.throws(
    () => decodeSyncRequest(encodeSyncRequest({ mode: 'refreshOnly', cookie: long, reloadHint: false })),
    PROTOCOL_ERROR,
  );
});

t.test('state, done and info (sections 2.3 to 2.5)', async (t) => {
  for (const state of ['present', 'add', 'modify', 'delete'] as const)
    t.same(decodeSyncState(encodeSyncState({ state, uuid, cookie })), { state, uuid, cookie });
  t.throws(() => decodeSyncState(Uint8Array.of(0x30, 5, 10, 1, 4, 4, 0)), PROTOCOL_ERROR);
  for (const refreshDeletes of [false, true])
    t.same(decodeSyncDone(encodeSyncDone({ cookie, refreshDeletes })), { cookie, refreshDeletes });
  const infos: SyncInfo[] = [
    { kind: 'newCookie', cookie },
    { kind: 'refreshDelete', cookie, refreshDone: true },
    { kind: 'refreshPresent', cookie: undefined, refreshDone: false },
    { kind: 'idSet', cookie: undefined, refreshDeletes: true, uuids: [uuid, uuid] },
    { kind: 'idSet', cookie, refreshDeletes: false, uuids: [] },
  ];
  for (const info of infos) t.same(decodeSyncInfo(encodeSyncInfo(info)), info);
  t.same([...encodeSyncInfo({ kind: 'newCookie', cookie })], [0x80, 3, 1, 2, 3]);
  t.throws(() => decodeSyncInfo(Uint8Array.of(0xa7, 0)), PROTOCOL_ERROR);
});
