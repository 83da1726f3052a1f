/**
 * All that passes on a session's link beside the session, the same at both of its ends: what is known of members, questions, lanes, and acknowledgements of assured writes.
 *
 * Owns these four for one link, from the peer's hello to the end of the link; what each says is its own file. None of it touches the session's state.
 */
import type { Clock } from '../port/clock.js';
import type { Link } from '../port/link.js';
import type { Frame, Hello, ServerStates } from '../sync/frames.js';
import type { Assurance, AssuranceLink } from './assurance.js';
import type { BrokerMembers } from './broker-seams.js';
import type { FrameLink } from './frame-link.js';
import { Lanes } from './lanes.js';
import { MemberTalk } from './member-talk.js';
import { type Answerer, QuestionTalk } from './question-talk.js';

export interface SideTalkParts {
  readonly members: BrokerMembers | undefined;
  readonly assurance?: Assurance | undefined;
  /** Answers the peer's questions; undefined: nobody does. */
  readonly answer?: Answerer | undefined;
  /** The peer's word to our administrator. */
  notice?(sentence: string): void;
}

export class SideTalk {
  readonly #link: FrameLink;
  readonly #assurance: Assurance | undefined;
  readonly #members: MemberTalk;
  readonly #questions: QuestionTalk;
  #assured: AssuranceLink | undefined;
  #lanes: Lanes | undefined;

  constructor(link: FrameLink, clock: Clock, { members, assurance, answer, notice }: SideTalkParts) {
    this.#link = link;
    this.#assurance = assurance;
    this.#members = new MemberTalk(link, members, notice);
    this.#questions = new QuestionTalk(link, clock, answer);
  }

  /** The session follows, or is followed: assured writes may wait for the peer. */
  assure(peer: Hello): void {
    this.#assured = this.#assurance?.enter(peer, (frame) => this.#link.send(frame));
  }

  /** What the peer holds, as its session said. */
  states(states: ServerStates): void {
    this.#assured?.states(states);
  }

  /** Lanes within the link from now on. `accept`: takes those that the other end opens; undefined: this end opens them. */
  carryLanes(accept: ((link: Link) => void) | undefined): Lanes {
    this.#lanes = new Lanes(this.#link, accept);
    return this.#lanes;
  }

  /** Tells the peer what is new of the domain's servers. */
  tellMembers(): void {
    this.#members.tell();
  }

  /** Tells the peer something that its administrator should know. */
  notify(sentence: string): void {
    this.#members.notify(sentence);
  }

  /** Asks the peer; undefined when it does not answer. */
  ask(question: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#questions.ask(question);
  }

  /** Takes what has nothing to do with the session; false for a frame of the session's. */
  take(frame: Frame): boolean {
    if (frame.kind === 'lane' && this.#lanes !== undefined) {
      this.#lanes.take(frame);
      return true;
    }
    if (this.#members.take(frame) || this.#questions.take(frame)) return true;
    if (frame.kind !== 'assurance') return false;
    this.#assured?.take(frame);
    return true;
  }

  /** The link takes more. */
  drained(): void {
    this.#lanes?.drained();
  }

  /** The link is gone. */
  end(): void {
    this.#questions.end();
    this.#assured?.leave();
    this.#lanes?.end('the link that carried it ended');
  }
}
