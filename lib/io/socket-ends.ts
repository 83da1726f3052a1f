/**
 * Ends sockets, so many a turn of the event loop: each end is a system call and a callback in the same round, and thousands of clients may leave at once.
 *
 * Owns the order of those that wait alone. Whoever gives a socket is done with it.
 */

/** A system call and a callback take some 10 us, so a turn of them some 1 ms. */
export const ENDS_A_TURN = 64;

export class SocketEnds {
  #waiting: { destroy(): void }[] = [];
  /** Ended since the last turn began. */
  #ended = 0;

  /** Destroys the socket now, or behind those that wait. */
  destroy(socket: { destroy(): void }): void {
    if (this.#ended === ENDS_A_TURN) {
      this.#waiting.push(socket);
      return;
    }
    if (this.#ended === 0) setImmediate(() => this.#turn());
    this.#ended += 1;
    socket.destroy();
  }

  /** No turn leaves some waiting while it could end more, so who comes next finds its place behind them. */
  #turn(): void {
    this.#ended = 0;
    for (const socket of this.#waiting.splice(0, ENDS_A_TURN)) this.destroy(socket);
  }
}
