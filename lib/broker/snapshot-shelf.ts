/**
 * Snapshots that a total update was cut from, kept for a while so that the target goes on where it was instead of beginning again.
 *
 * A reader of a snapshot remembers what it gave and what is not yet known to be stored at the other end: a bounded number of octets, since no more may be on the way. Owns
 * these readers while no session has them; each is closed in the end.
 */
import { assert } from '../base/assert.js';
import { LIMITS } from '../base/limits.js';
import { asError } from '../base/thrown.js';
import type { Clock } from '../port/clock.js';
import type { SnapshotPlace } from '../sync/snapshot-summary.js';
import type { SnapshotReader } from './broker-seams.js';

/** How long a snapshot waits for its target, ms: the store keeps every row of it meanwhile. */
const KEPT_MS = 120_000;
/** Snapshots that wait at once, for all targets of a domain. */
const KEPT_SNAPSHOTS = 4;

/** Reads a snapshot in portions of about so many octets. */
export class ImageReader {
  /** Names the snapshot. */
  readonly id: string;
  readonly summary: SnapshotReader;
  readonly #slices: AsyncIterator<readonly Uint8Array[]>;
  #rest: readonly Uint8Array[] = [];
  #at = 0;
  #ended = false;
  /** Why it cannot be read any more: asked again, the source would only say that there is nothing left, and the copy would look whole. */
  #failure: Error | undefined;
  /** Images that were given, of which those before `#open` are known to be stored; and how many went before the first of them. */
  #given: Uint8Array[] = [];
  #open = 0;
  #settled = 0;
  /** Octets that the target has credited back for images, and not counted off yet. */
  #credited = 0;

  constructor(id: string, snapshot: SnapshotReader) {
    this.id = id;
    this.summary = snapshot;
    this.#slices = snapshot.images()[Symbol.asyncIterator]();
  }

  /** At least one image, or undefined at the end. Rejects when the source does, and always after that. */
  async next(maxBytes: number): Promise<readonly Uint8Array[] | undefined> {
    const images: Uint8Array[] = [];
    let bytes = 0;
    for (;;) {
      while (this.#at >= this.#rest.length) {
        const slice = images.length > 0 ? undefined : await this.#slice();
        if (slice === undefined) return this.#give(images);
        if (slice.done === true) {
          this.#ended = true;
          return undefined;
        }
        this.#rest = slice.value;
        this.#at = 0;
      }
      const image = this.#rest[this.#at] as Uint8Array;
      if (images.length > 0 && (bytes + image.length > maxBytes || images.length >= LIMITS.frameChanges))
        return this.#give(images);
      images.push(image);
      bytes += image.length;
      this.#at += 1;
    }
  }

  async #slice(): Promise<IteratorResult<readonly Uint8Array[], unknown>> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return await this.#slices.next();
    } catch (error) {
      this.#failure = asError(error);
      throw error;
    }
  }

  #give(images: readonly Uint8Array[]): readonly Uint8Array[] {
    for (const image of images) this.#given.push(image);
    return images;
  }

  /** Whether nobody is to come back for it: all was given and stored, or it gives nothing more. */
  get done(): boolean {
    return this.#failure !== undefined || (this.#ended && this.#open === this.#given.length);
  }

  /** The target has stored images of so many octets, in order. */
  stored(bytes: number): void {
    this.#credited += bytes;
    for (; this.#open < this.#given.length; this.#open++) {
      const { length } = this.#given[this.#open] as Uint8Array;
      if (length > this.#credited) break;
      this.#credited -= length;
    }
    // Taken away half of the list at a time: what is stored is told in many small pieces.
    if (this.#open * 2 < this.#given.length) return;
    this.#given.splice(0, this.#open);
    this.#settled += this.#open;
    this.#open = 0;
  }

  /** Goes on after so many images. False when they are not among those that may be the last ones stored. */
  goOnAfter(images: number): boolean {
    const kept = images - this.#settled;
    if (kept < this.#open || kept > this.#given.length) return false;
    this.#rest = [...this.#given.slice(kept), ...this.#rest.slice(this.#at)];
    this.#at = 0;
    this.#given = [];
    this.#open = 0;
    this.#settled = images;
    this.#credited = 0;
    return true;
  }

  async close(): Promise<void> {
    await this.#slices.return?.();
    await this.summary.close();
  }
}

interface Kept {
  readonly reader: ImageReader;
  readonly cancel: () => void;
}

export class SnapshotShelf {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #name: string;
  readonly #kept = new Map<string, Kept>();
  #made = 0;
  #closed = false;

  /** `name`: another one at every start of the process, for the names of snapshots. */
  constructor(clock: Pick<Clock, 'after'>, name: string) {
    this.#clock = clock;
    this.#name = name;
  }

  /** A reader of a snapshot that was just taken. */
  reader(snapshot: SnapshotReader): ImageReader {
    this.#made += 1;
    return new ImageReader(`${this.#name}:${this.#made}`, snapshot);
  }

  /** Keeps what a session to this server was cut from. */
  keep(server: string, reader: ImageReader): void {
    this.#drop(server);
    const oldest = this.#kept.keys().next();
    if (this.#kept.size >= KEPT_SNAPSHOTS && oldest.done !== true) this.#drop(oldest.value);
    if (this.#closed || reader.done) {
      void reader.close().catch(() => {});
      return;
    }
    const cancel = this.#clock.after(KEPT_MS, () => this.#drop(server));
    this.#kept.set(server, { reader, cancel });
  }

  /** The reader that this server was cut from, standing where it wants to go on; undefined when it is not kept. */
  take(server: string, place: SnapshotPlace | undefined): ImageReader | undefined {
    const kept = this.#kept.get(server);
    if (kept === undefined) return undefined;
    if (place === undefined || kept.reader.id !== place.snapshot || !kept.reader.goOnAfter(place.images)) {
      this.#drop(server);
      return undefined;
    }
    kept.cancel();
    assert(this.#kept.delete(server), 'it was kept');
    return kept.reader;
  }

  /** Closes all; what comes later is closed at once. */
  close(): void {
    this.#closed = true;
    for (const server of [...this.#kept.keys()]) this.#drop(server);
  }

  #drop(server: string): void {
    const kept = this.#kept.get(server);
    if (kept === undefined) return;
    this.#kept.delete(server);
    kept.cancel();
    void kept.reader.close().catch(() => {});
  }
}
