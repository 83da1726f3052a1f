/**
 * Our own place among the domain's servers: what others have told us of it, and whether we may say anything of ourselves.
 *
 * A part of membership.ts, which takes what comes. Owns no row and no disk.
 */
import type { MemberRow } from '../sync/member-row.js';

export class OwnPlace {
  readonly #server: string;
  readonly #own: () => MemberRow | undefined;
  #told = true;
  #acknowledged = false;
  /** Changes of our own may still come back: they are older than a report says of later ones, so none is made. */
  owing = (): boolean => false;

  /** `own`: our row as it is now. */
  constructor(server: string, own: () => MemberRow | undefined) {
    this.#server = server;
    this.#own = own;
  }

  /** A member has told us its table. */
  get told(): boolean {
    return this.#told;
  }

  /** One of them knew a report of ours, in this run of the server: we belonged then, and what we make since is no second history made in ignorance. */
  get acknowledged(): boolean {
    return this.#acknowledged;
  }

  /** When it was last decided that we belong, ms since the epoch, as far as we know; undefined: we do not. */
  get standingAtMs(): number | undefined {
    const own = this.#own();
    return own?.standing === 'member' ? own.standingAtMs : undefined;
  }

  /** These rows came from another server. */
  hear(rows: readonly MemberRow[]): void {
    this.#told = true;
    this.#acknowledged ||= rows.some(({ name, report }) => name === this.#server && report !== undefined);
  }

  /** Our data are replaced: somebody may know more of us than we do. `alone`: nobody is followed who would tell. */
  replaced(alone: boolean): void {
    this.#told = alone;
  }

  /** The data set is another one: what was said of us was said of the one before. */
  begin(): void {
    this.#acknowledged = false;
  }
}
