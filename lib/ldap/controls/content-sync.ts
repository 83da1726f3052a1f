/**
 * Content synchronization: the request, the state and done controls and the info message (RFC 4533 sections 2.2 to 2.5).
 *
 * A cookie is octets here; what it says is the server's affair.
 */
import { LdapError } from '../../base/ldap-error.js';
import { LIMITS } from '../../base/limits.js';
import type { BerReader } from '../../ber/ber-reader.js';
import type { BerWriter } from '../../ber/ber-writer.js';
import { contextConstructed, contextTag, TAG } from '../../ber/tags.js';
import { decodeValue, encodeValue } from '../value-codec.js';

export interface SyncRequest {
  readonly mode: 'refreshOnly' | 'refreshAndPersist';
  readonly cookie: Uint8Array | undefined;
  /** The client would rather be told to start anew than be given everything. */
  readonly reloadHint: boolean;
}

const MODES = { refreshOnly: 1, refreshAndPersist: 3 } as const;
const STATES = ['present', 'add', 'modify', 'delete'] as const;
export type SyncStateName = (typeof STATES)[number];

export interface SyncState {
  readonly state: SyncStateName;
  /** 16 octets. */
  readonly uuid: Uint8Array;
  readonly cookie: Uint8Array | undefined;
}

export interface SyncDone {
  readonly cookie: Uint8Array | undefined;
  /** What was not mentioned is unchanged (true) or gone (false). */
  readonly refreshDeletes: boolean;
}

export type SyncInfo =
  | { readonly kind: 'newCookie'; readonly cookie: Uint8Array }
  | {
      readonly kind: 'refreshDelete' | 'refreshPresent';
      readonly cookie: Uint8Array | undefined;
      readonly refreshDone: boolean;
    }
  | {
      readonly kind: 'idSet';
      readonly cookie: Uint8Array | undefined;
      /** The entries are gone (true) or present (false). */
      readonly refreshDeletes: boolean;
      readonly uuids: readonly Uint8Array[];
    };

const NEW_COOKIE = contextTag(0);
const REFRESH_DELETE = contextConstructed(1);
const REFRESH_PRESENT = contextConstructed(2);
const ID_SET = contextConstructed(3);

/** Throws LdapError protocolError. */
export function decodeSyncRequest(value: Uint8Array | undefined): SyncRequest {
  return decodeValue('sync request control', value, (reader) => {
    const outer = reader.enter(TAG.sequence);
    const code = reader.integer(TAG.enumerated);
    const cookie = readCookie(reader);
    const reloadHint = reader.peekTag() === TAG.boolean ? reader.boolean() : false;
    reader.leaveExtensible(outer);
    const mode = code === MODES.refreshOnly ? 'refreshOnly' : 'refreshAndPersist';
    if (MODES[mode] !== code)
      throw new LdapError('protocolError', `there is no synchronization mode ${code}`);
    return { mode, cookie: cookie?.length === 0 ? undefined : cookie, reloadHint };
  });
}

export function encodeSyncRequest(request: SyncRequest): Uint8Array {
  return encodeValue((writer) => {
    if (request.reloadHint) writer.boolean(true);
    if (request.cookie !== undefined) writer.octets(request.cookie);
    writer.integer(MODES[request.mode], TAG.enumerated);
    writer.wrap(TAG.sequence, 0);
  });
}

export function encodeSyncState({ state, uuid, cookie }: SyncState): Uint8Array {
  return encodeValue((writer) => {
    if (cookie !== undefined) writer.octets(cookie);
    writer.octets(uuid);
    writer.integer(STATES.indexOf(state), TAG.enumerated);
    writer.wrap(TAG.sequence, 0);
  });
}

/** Throws LdapError protocolError. */
export function decodeSyncState(value: Uint8Array | undefined): SyncState {
  return decodeValue('sync state control', value, (reader) => {
    const outer = reader.enter(TAG.sequence);
    const state = STATES[reader.integer(TAG.enumerated)];
    const uuid = reader.octets();
    const cookie = readCookie(reader);
    reader.leaveExtensible(outer);
    if (state === undefined) throw new LdapError('protocolError', 'there is no such state of an entry');
    return { state, uuid, cookie };
  });
}

export function encodeSyncDone({ cookie, refreshDeletes }: SyncDone): Uint8Array {
  return encodeValue((writer) => {
    if (refreshDeletes) writer.boolean(true);
    if (cookie !== undefined) writer.octets(cookie);
    writer.wrap(TAG.sequence, 0);
  });
}

/** Throws LdapError protocolError. */
export function decodeSyncDone(value: Uint8Array | undefined): SyncDone {
  return decodeValue('sync done control', value, (reader) => {
    const outer = reader.enter(TAG.sequence);
    const cookie = readCookie(reader);
    const refreshDeletes = reader.peekTag() === TAG.boolean ? reader.boolean() : false;
    reader.leaveExtensible(outer);
    return { cookie, refreshDeletes };
  });
}

export function encodeSyncInfo(info: SyncInfo): Uint8Array {
  return encodeValue((writer) => writeInfo(writer, info));
}

function writeInfo(writer: BerWriter, info: SyncInfo): void {
  switch (info.kind) {
    case 'newCookie':
      writer.octets(info.cookie, NEW_COOKIE);
      return;
    case 'idSet': {
      for (let i = info.uuids.length - 1; i >= 0; i--) writer.octets(info.uuids[i] as Uint8Array);
      writer.wrap(TAG.set, 0);
      if (info.refreshDeletes) writer.boolean(true);
      if (info.cookie !== undefined) writer.octets(info.cookie);
      writer.wrap(ID_SET, 0);
      return;
    }
    default:
      if (!info.refreshDone) writer.boolean(false);
      if (info.cookie !== undefined) writer.octets(info.cookie);
      writer.wrap(info.kind === 'refreshDelete' ? REFRESH_DELETE : REFRESH_PRESENT, 0);
  }
}

/** Throws LdapError protocolError. */
export function decodeSyncInfo(value: Uint8Array | undefined): SyncInfo {
  return decodeValue('sync info message', value, (reader) => {
    const tag = reader.peekTag();
    if (tag === NEW_COOKIE) return { kind: 'newCookie', cookie: reader.octets(NEW_COOKIE) };
    const outer = reader.enter(tag);
    const cookie = readCookie(reader);
    if (tag === ID_SET) {
      const refreshDeletes = reader.peekTag() === TAG.boolean ? reader.boolean() : false;
      const set = reader.enter(TAG.set);
      const uuids: Uint8Array[] = [];
      while (!reader.atEnd) uuids.push(reader.octets());
      reader.leave(set);
      reader.leaveExtensible(outer);
      return { kind: 'idSet', cookie, refreshDeletes, uuids };
    }
    if (tag !== REFRESH_DELETE && tag !== REFRESH_PRESENT)
      throw new LdapError('protocolError', 'there is no such sync info');
    const refreshDone = reader.peekTag() === TAG.boolean ? reader.boolean() : true;
    reader.leaveExtensible(outer);
    return { kind: tag === REFRESH_DELETE ? 'refreshDelete' : 'refreshPresent', cookie, refreshDone };
  });
}

function readCookie(reader: BerReader): Uint8Array | undefined {
  if (reader.atEnd || reader.peekTag() !== TAG.octetString) return undefined;
  const cookie = reader.octets();
  if (cookie.length > LIMITS.syncCookieBytes)
    throw new LdapError(
      'protocolError',
      `a cookie may have ${LIMITS.syncCookieBytes} octets (syncCookieBytes)`,
    );
  return new Uint8Array(cookie);
}
