/**
 * Questions and answers on one link, beside its session: the asking end waits for each answer with a deadline, the answering end takes few at a time.
 *
 * Like membership (member-talk.ts) an extension of the protocol: a peer that does not know these frames skips them, and whoever asked hears nothing in time.
 * Knows nothing of what is asked.
 */
import type { Clock } from '../port/clock.js';
import type { Frame } from '../sync/frames.js';
import type { FrameLink } from './frame-link.js';

/** How long an answer may take. */
const ANSWER_MS = 30_000;
/** Questions of one link that wait for their answers. */
const MAX_OPEN = 16;
/** Questions of one peer that are answered at once; more are answered with nothing. */
const MAX_ANSWERING = 4;

const NOTHING = new Uint8Array(0);

/** Answers a question; an empty answer says no. */
export type Answerer = (question: Uint8Array) => Promise<Uint8Array>;

export class QuestionTalk {
  readonly #link: FrameLink;
  readonly #clock: Clock;
  readonly #answerer: Answerer | undefined;
  readonly #open = new Map<number, (answer: Uint8Array | undefined) => void>();
  #next = 1;
  #answering = 0;
  #over = false;

  constructor(link: FrameLink, clock: Clock, answerer: Answerer | undefined) {
    this.#link = link;
    this.#clock = clock;
    this.#answerer = answerer;
  }

  /** undefined: no answer in time, or the link is gone. */
  ask(question: Uint8Array): Promise<Uint8Array | undefined> {
    if (this.#over || this.#open.size >= MAX_OPEN) return Promise.resolve(undefined);
    const number = this.#next++;
    return new Promise((resolve) => {
      const cancel = this.#clock.after(ANSWER_MS, () => this.#open.get(number)?.(undefined));
      this.#open.set(number, (answer) => {
        this.#open.delete(number);
        cancel();
        resolve(answer);
      });
      this.#link.send({ kind: 'talk', number, isAnswer: false, bytes: question });
    });
  }

  /** Takes a frame of this kind; false for any other. */
  take(frame: Frame): boolean {
    if (frame.kind !== 'talk') return false;
    if (frame.isAnswer) this.#open.get(frame.number)?.(frame.bytes);
    else void this.#answer(frame.number, frame.bytes);
    return true;
  }

  /** The link is gone. */
  end(): void {
    this.#over = true;
    for (const resolve of [...this.#open.values()]) resolve(undefined);
  }

  async #answer(number: number, question: Uint8Array): Promise<void> {
    let bytes: Uint8Array = NOTHING;
    if (this.#answerer !== undefined && this.#answering < MAX_ANSWERING) {
      this.#answering += 1;
      try {
        bytes = await this.#answerer(question);
      } catch {
        // Malformed, or our own store fails and says so elsewhere.
        bytes = NOTHING;
      } finally {
        this.#answering -= 1;
      }
    }
    if (!this.#over) this.#link.send({ kind: 'talk', number, isAnswer: true, bytes });
  }
}
