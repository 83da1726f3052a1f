/**
 * One link's part in telling what is known of the domain's servers, in both directions, and the peer's word to an administrator.
 *
 * These frames are extensions of the protocol, outside of the sessions' state machines: they come at any time after the hellos and ask for no answer. Rows go in one
 * frame as they stand at that moment, so that nobody hears of a report without the rows that were there before it.
 */
import type { Frame } from '../sync/frames.js';
import type { BrokerMembers } from './broker-seams.js';
import type { FrameLink } from './frame-link.js';

export class MemberTalk {
  readonly #link: FrameLink;
  readonly #members: BrokerMembers | undefined;
  readonly #notice: (sentence: string) => void;
  #told = 0;

  constructor(
    link: FrameLink,
    members: BrokerMembers | undefined,
    notice: (sentence: string) => void = () => {},
  ) {
    this.#link = link;
    this.#members = members;
    this.#notice = notice;
  }

  /** Sends what is new since the last time. */
  tell(): void {
    const members = this.#members;
    if (members === undefined || members.version === this.#told) return;
    const { version } = members;
    const news = members.since(this.#told);
    if (news === undefined) return;
    this.#told = version;
    this.#link.send({ kind: 'members', ...news });
  }

  notify(sentence: string): void {
    this.#link.send({ kind: 'notice', sentence });
  }

  /** Takes a frame of this kind; false for any other. */
  take(frame: Frame): boolean {
    if (frame.kind === 'notice') this.#notice(frame.sentence);
    else if (frame.kind === 'members') this.#members?.take(frame.generation, frame.rows);
    else return false;
    return true;
  }
}
