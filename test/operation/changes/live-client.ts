/** What the tests of live searches see of a connection: messages of one request, as short texts. */
import { utf8Decode } from '../../../lib/base/bytes.js';
import { uuidFromBytes } from '../../../lib/change/entry-uuid.js';
import { CONTROL_OIDS } from '../../../lib/ldap/control-oids.js';
import {
  decodeSyncDone,
  decodeSyncInfo,
  decodeSyncState,
  encodeSyncRequest,
  type SyncRequest,
} from '../../../lib/ldap/controls/content-sync.js';
import { decodeEntryChange, encodePersistentSearch } from '../../../lib/ldap/controls/persistent-search.js';
import type { Control, ResponseMessage } from '../../../lib/ldap/message.js';
import { settle, type TestClient } from '../test-server.js';

/** A persistent search control: all kinds, changes only, with notifications unless said otherwise. */
export function psearch(changeTypes = 15, changesOnly = true, returnChanges = true): Control {
  const value = encodePersistentSearch({ changeTypes, changesOnly, returnChanges });
  return { oid: CONTROL_OIDS.persistentSearch, critical: true, value };
}

export function syncControl(
  mode: SyncRequest['mode'],
  cookie: Uint8Array | undefined = undefined,
  reloadHint = false,
): Control {
  const value = encodeSyncRequest({ mode, cookie, reloadHint });
  return { oid: CONTROL_OIDS.syncRequest, critical: true, value };
}

/** Reads what one request brings, from message to message. */
export class LiveReader {
  readonly #client: TestClient;
  readonly id: number;
  #at = 0;
  /** The newest cookie of a synchronization. */
  cookie: Uint8Array | undefined;

  constructor(client: TestClient, id: number) {
    this.#client = client;
    this.id = id;
  }

  /** The messages since the last call, in short. */
  async news(): Promise<string[]> {
    await settle();
    const mine = this.#client.transport.responses.filter((message) => message.id === this.id);
    const fresh = mine.slice(this.#at);
    this.#at = mine.length;
    return fresh.map((message) => this.#text(message));
  }

  #text({ response, controls }: ResponseMessage): string {
    const find = (oid: string) => controls.find((control) => control.oid === oid)?.value;
    if (response.kind === 'searchEntry') {
      const change = find(CONTROL_OIDS.entryChange);
      const state = find(CONTROL_OIDS.syncState);
      const name = response.dn.split(',')[0] ?? '';
      if (change !== undefined) {
        const { changeType, previousDn } = decodeEntryChange(change);
        return `${changeType} ${name}${previousDn === undefined ? '' : ` was ${previousDn.split(',')[0]}`}`;
      }
      if (state === undefined) return name;
      const sync = decodeSyncState(state);
      if (sync.cookie !== undefined) this.cookie = sync.cookie;
      return `${sync.state} ${name}${sync.cookie === undefined ? '' : ' +cookie'}`;
    }
    if (response.kind === 'intermediate') {
      const info = decodeSyncInfo(response.value);
      if (info.cookie !== undefined) this.cookie = info.cookie;
      return info.kind === 'idSet'
        ? `${info.refreshDeletes ? 'gone' : 'present'} ${info.uuids.map((uuid) => uuidFromBytes(uuid)).join(' ')}`
        : info.kind;
    }
    const done = find(CONTROL_OIDS.syncDone);
    const result = 'result' in response ? response.result.result : response.kind;
    if (done === undefined) return result;
    const { cookie, refreshDeletes } = decodeSyncDone(done);
    if (cookie !== undefined) this.cookie = cookie;
    return `${result} ${refreshDeletes ? 'deletes' : 'present'}`;
  }
}

/** Text of a cookie. */
export function cookieText(cookie: Uint8Array | undefined): string {
  return cookie === undefined ? '' : (utf8Decode(cookie) ?? '');
}
