/**
 * Which process uses which replica id, as this server's live sessions show it: so that two never use one.
 *
 * A restarted process (same incarnation, new boot name) takes over from its former self, whose half-dead sessions are ended; a boot name that was taken over
 * from and comes back is a clone. Another incarnation beside a live one is refused outright (reliability.md F32, F33).
 */
import type { ReplicaId } from '../csn/csn.js';
import type { Hello } from '../sync/frames.js';

/** Former boot names remembered per replica. */
const FORMER_BOOTS = 16;

interface Holder {
  server: string;
  address: string;
  incarnation: string;
  boot: string;
  /** Ends each live session of the holder. */
  readonly sessions: Map<object, (reason: string) => void>;
  readonly former: string[];
}

export class LiveReplicas {
  readonly #holders = new Map<ReplicaId, Holder>();

  /** Another live process with the replica id of `hello`, if it may not take over. */
  rival(hello: Hello): { readonly server: string; readonly address: string } | undefined {
    const holder = hello.replica === undefined ? undefined : this.#holders.get(hello.replica);
    if (holder === undefined || holder.sessions.size === 0 || holder.boot === hello.boot) return undefined;
    const takesOver = holder.incarnation === hello.incarnation && !holder.former.includes(hello.boot);
    return takesOver ? undefined : { server: holder.server, address: holder.address };
  }

  /** A session with an accepted peer began. `end` ends it. The returned function says that it is over. */
  enter(hello: Hello, address: string, end: (reason: string) => void): () => void {
    const replica = hello.replica;
    if (replica === undefined) return () => {};
    let holder = this.#holders.get(replica);
    if (holder === undefined) {
      holder = { ...hello, address, sessions: new Map(), former: [] };
      this.#holders.set(replica, holder);
    }
    if (holder.boot !== hello.boot) {
      const ended = [...holder.sessions.values()];
      holder.sessions.clear();
      holder.former.push(holder.boot);
      if (holder.former.length > FORMER_BOOTS) holder.former.shift();
      Object.assign(holder, {
        server: hello.server,
        address,
        incarnation: hello.incarnation,
        boot: hello.boot,
      });
      for (const endSession of ended) endSession(`${hello.server} was started again`);
    }
    const key = {};
    const { sessions } = holder;
    sessions.set(key, end);
    return () => sessions.delete(key);
  }
}
