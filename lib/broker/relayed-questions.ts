/**
 * Questions about entries to a server that is followed through brokers alone: each passes them on towards the server that shall answer, and its answer back.
 *
 * The way is that of the server's own changes, where there are any; else each broker that is followed is tried, few of them. A question never comes through one server twice
 * and through no more than MAX_PATH. How many one link may have open is the bound of question-talk.ts. Nothing is understood of what is asked.
 */
import type { ReplicaId } from '../csn/csn.js';
import { decodeRelayed, encodeRelayed, MAX_PATH, type RelayedQuestion } from '../sync/relayed-question.js';
import type { Answerer } from './question-talk.js';

/** Other brokers that one server tries. */
const MAX_TRIED = 3;
const NOTHING = new Uint8Array(0);

/** Whom a server can ask. */
export interface Askable {
  /** Names of the peers that are followed. */
  following(): readonly string[];
  /** Asks a peer that is followed, or the one that a replica's changes come from; undefined or empty: no answer. */
  ask(peer: string | ReplicaId, question: Uint8Array): Promise<Uint8Array | undefined>;
}

/** Sends a question on its way; undefined: no answer. `own`: the name of this server; `isBroker`: whether a server is known to have no entries. */
export async function askThrough(
  own: string,
  askable: Askable,
  isBroker: (name: string) => boolean,
  asked: RelayedQuestion,
): Promise<Uint8Array | undefined> {
  const { server, replica, question } = asked;
  const followed = askable.following();
  if (followed.includes(server)) return await askable.ask(server, question);
  const path = [...asked.path, own];
  if (path.length > MAX_PATH) return undefined;
  const onward = encodeRelayed({ server, replica, path, question });
  const others = followed.filter((name) => isBroker(name) && !path.includes(name)).slice(0, MAX_TRIED);
  for (const next of [replica, ...others]) {
    const answer = await askable.ask(next, onward);
    if (answer !== undefined && answer.length > 0) return answer;
  }
  return undefined;
}

/** What a broker without entries answers: what the server answers that the question is for. */
export function relayingAnswerer(
  own: string,
  askable: Askable,
  isBroker: (name: string) => boolean,
): Answerer {
  return async (bytes) => {
    const asked = decodeRelayed(bytes);
    if (asked === undefined || asked.path.includes(own)) return NOTHING;
    return (await askThrough(own, askable, isBroker, asked)) ?? NOTHING;
  };
}
