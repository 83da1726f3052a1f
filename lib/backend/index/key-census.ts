/**
 * KeyCensus: which keys of one substring index are common (filter/keys-without-rows.ts), found while its rows are written.
 *
 * Owns the counts. Where all postings gather in one round, the length of each list is known before its rows are made. Where rows are written in several rounds, those of
 * keys that were common in the first one are counted and remembered until the end, and go then if they are common in all. A key that comes up later keeps its rows.
 */
import { equalBytes } from '../../base/bytes.js';
import { areCommon, MOST_COMMON, mayBeCommon } from '../../filter/keys-without-rows.js';
import type { EntryId } from '../backend.js';
import { BLOCK_IDS } from './posting-rows.js';

/** A key whose rows were put and may have to go. */
export interface PutKey {
  readonly key: Uint8Array;
  /** First ids of its blocks. */
  readonly blocks: readonly EntryId[];
}

interface Candidate extends PutKey {
  readonly blocks: EntryId[];
  holders: number;
  common: boolean;
}

/** See the file header. Keys come with their hashes, which tell nearly all of them apart. */
export class KeyCensus {
  readonly #candidates = new Map<number, Candidate>();
  #isFirst = true;
  readonly #least: number | undefined;
  /** The common keys, after finish(). */
  readonly found: Uint8Array[] = [];

  /** `least`: holders that a common key has. Default COMMON_HOLDERS. */
  constructor(least?: number) {
    this.#least = least;
  }

  /** A round that is not the last: whether the rows of these ids must be blocks, which can go later. `entries`: that have come so far. */
  put(hash: number, key: Uint8Array, ids: readonly EntryId[], entries: number): boolean {
    const candidate = this.#candidate(hash, key) ?? this.#begun(hash, key, ids.length, entries);
    if (candidate === undefined) return false;
    candidate.holders += ids.length;
    for (let at = 0; at < ids.length; at += BLOCK_IDS) candidate.blocks.push(ids[at] as EntryId);
    return true;
  }

  /** All that put() was told is a round. */
  roundEnds(): void {
    this.#isFirst = false;
  }

  /** The last round: whether the key is common, so that no more rows of it are put. `entries`: all. */
  isCommon(hash: number, key: Uint8Array, holders: number, entries: number): boolean {
    const candidate = this.#candidate(hash, key);
    if (candidate === undefined) {
      if (!this.#isFirst || !areCommon(holders, entries, this.#least) || !mayBeCommon(key)) return false;
      return this.#find(key);
    }
    candidate.holders += holders;
    candidate.common = areCommon(candidate.holders, entries, this.#least) && this.#find(candidate.key);
    if (!candidate.common) this.#candidates.delete(hash);
    return candidate.common;
  }

  /** The end: keys with rows of earlier rounds that must go. */
  finish(entries: number): readonly PutKey[] {
    for (const candidate of this.#candidates.values())
      candidate.common ||= areCommon(candidate.holders, entries, this.#least) && this.#find(candidate.key);
    return [...this.#candidates.values()].filter(({ common }) => common);
  }

  #candidate(hash: number, key: Uint8Array): Candidate | undefined {
    if (this.#candidates.size === 0) return undefined;
    const candidate = this.#candidates.get(hash);
    return candidate !== undefined && equalBytes(candidate.key, key) ? candidate : undefined;
  }

  #begun(hash: number, key: Uint8Array, holders: number, entries: number): Candidate | undefined {
    if (!this.#isFirst || !areCommon(holders, entries, this.#least) || !mayBeCommon(key)) return undefined;
    if (this.#candidates.has(hash) || this.#candidates.size >= MOST_COMMON) return undefined;
    const candidate: Candidate = { key: key.slice(), blocks: [], holders: 0, common: false };
    this.#candidates.set(hash, candidate);
    return candidate;
  }

  #find(key: Uint8Array): boolean {
    if (this.found.length >= MOST_COMMON) return false;
    this.found.push(key.slice());
    return true;
  }
}
